package setting

import (
	"errors"
	"net/url"
	"strings"
)

// Database is the URL of a PostgreSQL database, as pgx and libpq read it. It
// usually holds a password, so it is a Secret. The zero Database is not set.
type Database struct{ Secret }

// Place returns what can be shown of the URL: its hosts and the name of the
// database. It is "" if the Database is not set.
func (d Database) Place() string {
	hosts, name, err := readDatabase(d.Reveal())
	if err != nil {
		return ""
	}
	return hosts + "/" + name
}

// Webhook is a web address to post to. Anyone who knows it can post there, so
// it is a Secret. The zero Webhook is not set.
type Webhook struct{ Secret }

// Host returns what can be shown of the address: its host, and the port if it
// has one. It is "" if the Webhook is not set.
func (w Webhook) Host() string {
	u, err := url.Parse(w.Reveal())
	if err != nil {
		return ""
	}
	return u.Host
}

// UnmarshalText reads the URL of a database.
func (d *Database) UnmarshalText(text []byte) error {
	_, _, err := readDatabase(string(text))
	d.Secret = NewSecret(string(text))
	return err
}

// Takes says what the address of a database is.
func (d Database) Takes() string {
	return `the address of a PostgreSQL database, such as "postgres://user:password@db.example.net/switchhook"`
}

var errUnreadable = errors.New("cannot be read; in a password / is written %2F, @ %40, : %3A, # %23 and % %25")

// readDatabase parses the URL of a database. Unlike others it may name several
// hosts, of which the first that answers is used, or none if the parameter host
// names a socket's folder.
func readDatabase(text string) (hosts, name string, err error) {
	if err := checkSecret(text); err != nil {
		return "", "", err
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found || scheme != "postgres" && scheme != "postgresql" {
		return "", "", ErrForm
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	user, behind := "", rest[end:]
	hosts = rest[:end]
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		user, hosts = hosts[:at+1], hosts[at+1:]
	}
	var u *url.URL
	for host := range strings.SplitSeq(hosts, ",") {
		u, err = url.Parse(scheme + "://" + user + host + behind)
		if err != nil || u.Port() != "" && !isPort(u.Port()) {
			return "", "", errUnreadable
		}
		if u.Hostname() == "" && hosts != "" {
			return "", "", errors.New("names no host beside a comma, port or @")
		}
	}
	parameters := u.Query()
	if hosts == "" {
		hosts = parameters.Get("host")
	}
	if name = strings.TrimPrefix(u.Path, "/"); name == "" {
		name = parameters.Get("dbname")
	}
	switch {
	case strings.Contains(hosts+name, "@"): // the text before it may be part of the password
		return "", "", errUnreadable
	case strings.ContainsAny(hosts+name, "=&"): // the text after it may be the password
		return "", "", errors.New("has = or & where a host or the database is named; parameters begin with a question mark")
	case hosts == "":
		return "", "", errors.New("names no host")
	case name == "":
		return "", "", errors.New("names no database; write its name behind the host and a slash")
	case strings.Contains(name, "/") || strings.Contains(text, "#"):
		return "", "", errors.New("goes on behind the name of the database")
	}
	return hosts, name, nil
}

// UnmarshalText reads a web address.
func (w *Webhook) UnmarshalText(text []byte) error {
	w.Secret = NewSecret(string(text))
	if err := checkSecret(string(text)); err != nil {
		return err
	}
	_, err := webAddress(string(text))
	return err
}

// Takes says what the address of a webhook is.
func (w Webhook) Takes() string {
	return `a web address, such as "https://chat.example.net/hooks/switchhook"`
}
