package config

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
)

// Database is the URL of a PostgreSQL database, as pgx and libpq read it. It
// holds a password as a rule, and is a Secret therefore. The zero Database is
// not set.
type Database struct{ Secret }

// Place returns what of the URL can be shown: its hosts and the name of the
// database. It is "" where the Database is not set.
func (d Database) Place() string {
	hosts, name, err := readDatabase(d.Reveal())
	if err != nil {
		return ""
	}
	return hosts + "/" + name
}

// Webhook is a web address that something is posted to. Whoever knows it can
// post there, so it is a Secret. The zero Webhook is not set.
type Webhook struct{ Secret }

// Host returns what of the address can be shown: its host, with the port where
// it has one. It is "" where the Webhook is not set.
func (w Webhook) Host() string {
	u, err := url.Parse(w.Reveal())
	if err != nil {
		return ""
	}
	return u.Host
}

func parseSecret(text, _ string) (any, error) { return NewSecret(text), checkSecret(text) }

func checkSecret(text string) error {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("holds a line break or another control character")
	}
	return nil
}

func formatSecret(value any) string {
	if s, ok := value.(interface{ IsSet() bool }); ok && !s.IsSet() {
		return ""
	}
	return redacted
}

func parseDatabase(text, _ string) (any, error) {
	_, _, err := readDatabase(text)
	return Database{NewSecret(text)}, err
}

var errUnreadable = errors.New("cannot be read; in a password / is written %2F, @ %40, : %3A, # %23 and % %25")

// readDatabase reads the URL of a database. Unlike others it may name several
// hosts, of which the first that answers is used, or none where the parameter
// host names the folder of a socket.
func readDatabase(text string) (hosts, name string, err error) {
	if err := checkSecret(text); err != nil {
		return "", "", err
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found || scheme != "postgres" && scheme != "postgresql" {
		return "", "", errOther
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
	case strings.Contains(hosts+name, "@"): // what is before it may be a part of the password
		return "", "", errUnreadable
	case strings.ContainsAny(hosts+name, "=&"): // what is behind it may be the password
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

func parseWebhook(text, _ string) (any, error) {
	if err := checkSecret(text); err != nil {
		return nil, err
	}
	if _, err := webAddress(text); err != nil {
		return nil, err
	}
	return Webhook{NewSecret(text)}, nil
}
