package alert

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/switchhook/switchhook/internal/setting"
)

// MailServer is the address of a server that takes mail, which usually holds a
// password. The zero MailServer is not set.
type MailServer struct{ setting.Secret }

// UnmarshalText reads the address.
func (m *MailServer) UnmarshalText(text []byte) error {
	if err := m.Secret.UnmarshalText(text); err != nil {
		return err
	}
	_, err := readMailServer(string(text))
	return err
}

// Takes says what a mail server's address is.
func (MailServer) Takes() string {
	return `the address of a mail server, such as "smtps://user:password@mail.example.net:465"`
}

// Host returns what can be shown of the address: host and port.
func (m MailServer) Host() string {
	server, err := readMailServer(m.Reveal())
	if err != nil {
		return ""
	}
	return server.address()
}

// mailServer is where mail is handed over.
type mailServer struct {
	host           string
	port           int
	user, password string
	implicit       bool // TLS from the beginning, not by STARTTLS
	plain          bool // no TLS
}

func (s mailServer) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// The ports of mail: of a relay on this machine, of submission (RFC 6409), and of
// submission over TLS (RFC 8314).
const (
	relayPort      = 25
	submissionPort = 587
	tlsPort        = 465
)

var errMailServer = errors.New("cannot be read; in a user name or password / is written %2F, @ %40, : %3A, # %23, ? %3F and % %25")

// readMailServer parses the address of a mail server. On this machine there is no
// TLS: nobody is between.
func readMailServer(text string) (s mailServer, err error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return s, errMailServer
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return s, setting.ErrForm
	case u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "":
		return s, errMailServer
	}
	s.host, s.implicit = u.Hostname(), u.Scheme == "smtps"
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	local := s.host == "localhost"
	if addr, err := netip.ParseAddr(s.host); err == nil {
		local = addr.IsLoopback()
	}
	switch query := u.RawQuery; {
	case query == "":
		s.plain = local && !s.implicit
	case s.implicit || query != "tls=on" && query != "tls=off":
		return s, errors.New("has something after a ? that is not tls=on or tls=off of smtp://")
	default:
		s.plain = query == "tls=off"
	}
	switch {
	case s.user == "" && s.password != "" || s.user != "" && s.password == "":
		return s, errors.New("has a user name without a password, or the reverse")
	case s.plain && s.user != "" && !local:
		return s, errors.New("would show the password to everybody on the way: leave out ?tls=off, or the password")
	}
	switch {
	case u.Port() != "":
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return s, errMailServer
		}
	case s.implicit:
		s.port = tlsPort
	case local:
		s.port = relayPort
	default:
		s.port = submissionPort
	}
	return s, nil
}
