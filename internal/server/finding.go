package server

import "net/url"

// defaultCore is where we expect a Core if none was announced.
const defaultCore = "http://127.0.0.1:5100"

// packagedData is the data folder of the Debian package.
const packagedData = "/var/lib/switchhook"

// FindCore completes what is known of a Core to call: without a URL it is the
// first that is announced on this machine, and without a token that of an
// announced one at the same URL. Cores are announced in a data folder (empty:
// none is known), by demos, and by the Debian package's service.
func FindCore(known Running, data string) Running {
	var folders []string
	if data != "" {
		folders = append(folders, data)
	}
	if demos, err := DemoFolders(); err == nil {
		folders = append(folders, demos...)
	}
	announced := Announced(append(folders, packagedData)...)
	if known.URL == "" {
		known.URL = defaultCore
		if len(announced) > 0 {
			known.URL = announced[0].URL
		}
	}
	for _, running := range announced {
		if known.Token == "" && sameServer(known.URL, running.URL) {
			known.Token = running.Token
		}
	}
	return known
}

// sameServer reports whether two URLs lead to one server of this machine.
func sameServer(a, b string) bool {
	one, err := url.Parse(a)
	other, err2 := url.Parse(b)
	if err != nil || err2 != nil || one.Scheme != other.Scheme || one.Port() != other.Port() {
		return false
	}
	return one.Hostname() == other.Hostname() || one.Hostname() == "localhost" && other.Hostname() == "127.0.0.1"
}
