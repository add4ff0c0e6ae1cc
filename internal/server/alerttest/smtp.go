// Package alerttest has stand-ins for what alerts are sent to: a mail server and
// an ntfy server, which check all that is said to them.
package alerttest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/mail"
	"net/netip"
	"net/textproto"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// MailServer takes mail as RFC 5321 says, and fails the test at whatever it does
// not allow. It listens on 127.0.0.1.
type MailServer struct {
	Roots *x509.CertPool // with which its certificate is believed

	t        testing.TB
	options  MailOptions
	listener net.Listener
	port     int
	tls      *tls.Config
	serving  sync.WaitGroup
	taken    chan Mail

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// MailOptions say how it is.
type MailOptions struct {
	Implicit bool   // TLS from the beginning
	NoTLS    bool   // it offers no STARTTLS
	User     string // who must show a password; empty: there is no AUTH
	Password string
	Silent   bool              // it says nothing at all
	Answers  map[string]string // instead of its own: by the command, such as "RCPT TO:<ops@example.net>", or its first word
}

// Mail is what it has taken.
type Mail struct {
	From, To string // of the envelope
	Header   mail.Header
	Body     string
	Secure   bool // over TLS
	Auth     bool // somebody has shown the password
}

// NewMailServer starts one. It stops with the test.
func NewMailServer(t testing.TB, options MailOptions) *MailServer {
	t.Helper()
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := &MailServer{t: t, options: options, listener: listener, port: int(address.Port()), taken: make(chan Mail, 100), conns: map[net.Conn]bool{}}
	s.tls, s.Roots = certificate(t)
	s.serving.Go(s.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		s.mu.Lock()
		for conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
		s.serving.Wait()
	})
	return s
}

// Port is where it listens.
func (s *MailServer) Port() int { return s.port }

// Taken returns the next mail that it takes.
func (s *MailServer) Taken() Mail {
	s.t.Helper()
	select {
	case m := <-s.taken:
		return m
	case <-s.t.Context().Done():
		s.t.Fatal("no mail has come")
		return Mail{}
	}
}

func (s *MailServer) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = true
		s.mu.Unlock()
		s.serving.Go(func() {
			defer func() { _ = conn.Close() }()
			if s.options.Silent {
				_, _ = io.Copy(io.Discard, conn)
				return
			}
			(&session{MailServer: s}).converse(conn)
		})
	}
}

// session is one conversation.
type session struct {
	*MailServer

	in     *bufio.Reader
	out    io.Writer
	secure bool
	auth   bool
	denied bool // the last password was wrong
	helo   bool
	from   string
	to     []string
}

var (
	mailFrom = regexp.MustCompile(`^MAIL FROM:<([^<>\s]+@[^<>\s]+)>(?: BODY=8BITMIME)?$`)
	rcptTo   = regexp.MustCompile(`^RCPT TO:<([^<>\s]+@[^<>\s]+)>$`)
	hello    = regexp.MustCompile(`^EHLO [a-z0-9.-]+$`)
)

func (c *session) converse(conn net.Conn) {
	if c.options.Implicit {
		conn = c.handshake(conn)
		if conn == nil {
			return
		}
	}
	c.in, c.out = bufio.NewReader(conn), conn
	c.say("220 mail.example.net ESMTP")
	for {
		line, err := c.line()
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(line, " ")
		if answer, ok := c.options.Answers[line]; ok {
			c.say(answer)
			continue
		}
		if answer, ok := c.options.Answers[verb]; ok {
			c.say(answer)
			continue
		}
		switch {
		case hello.MatchString(line):
			c.helo = true
			c.say(c.extensions()...)
		case line == "STARTTLS" && c.helo && !c.secure && !c.options.NoTLS:
			c.say("220 go ahead")
			if conn = c.handshake(conn); conn == nil {
				return
			}
			c.in, c.out, c.helo = bufio.NewReader(conn), conn, false
		case strings.HasPrefix(line, "AUTH ") && c.helo && c.options.User != "":
			c.authenticate(line)
		case strings.HasPrefix(line, "MAIL ") && c.helo && c.from == "" && (c.options.User == "" || c.auth):
			c.envelope(mailFrom.FindStringSubmatch(line), func(from string) { c.from = from })
		case strings.HasPrefix(line, "RCPT ") && c.from != "":
			c.envelope(rcptTo.FindStringSubmatch(line), func(to string) { c.to = append(c.to, to) })
		case line == "DATA" && len(c.to) > 0:
			c.data()
		case line == "*" && c.denied: // RFC 4954, section 4: the client cancels
			c.denied = false
			c.say("501 cancelled")
		case line == "RSET":
			c.from, c.to = "", nil
			c.say("250 reset")
		case line == "NOOP":
			c.say("250 well")
		case line == "QUIT":
			c.say("221 bye")
			return
		default:
			c.t.Errorf("the mail server does not allow %q here", line)
			c.say("503 not here")
		}
	}
}

// line reads a line as RFC 5321 (4.5.3.1.4) allows it.
func (c *session) line() (string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	if !strings.HasSuffix(line, "\r\n") || len(line) > 512 || strings.ContainsFunc(strings.TrimSuffix(line, "\r\n"), func(r rune) bool { return r < ' ' || r > '~' }) {
		c.t.Errorf("%q is no line of SMTP", line)
	}
	return strings.TrimSuffix(line, "\r\n"), nil
}

func (c *session) say(lines ...string) {
	for _, line := range lines {
		_, _ = io.WriteString(c.out, line+"\r\n")
	}
}

func (c *session) handshake(conn net.Conn) net.Conn {
	secured := tls.Server(conn, c.tls)
	if err := secured.HandshakeContext(c.t.Context()); err != nil {
		return nil // the client does not believe it, and closes
	}
	c.secure = true
	return secured
}

func (c *session) extensions() []string {
	lines := []string{"250-mail.example.net", "250-8BITMIME"}
	if !c.secure && !c.options.NoTLS {
		lines = append(lines, "250-STARTTLS")
	}
	if c.options.User != "" {
		lines = append(lines, "250-AUTH PLAIN LOGIN")
	}
	return append(lines, "250 SIZE 100000")
}

// authenticate takes a password by PLAIN (RFC 4616), over TLS alone.
func (c *session) authenticate(line string) {
	want := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+c.options.User+"\x00"+c.options.Password))
	switch {
	case !c.secure:
		c.t.Error("the password is shown without TLS")
		c.say("538 encryption required")
	case line != want:
		c.denied = true
		c.say("535 5.7.8 wrong user name or password")
	default:
		c.auth = true
		c.say("235 welcome")
	}
}

func (c *session) envelope(found []string, keep func(string)) {
	if found == nil {
		c.t.Error("the mail server cannot read an address of the envelope")
		c.say("501 cannot be read")
		return
	}
	keep(found[1])
	c.say("250 ok")
}

// data reads a message: lines of at most 998 characters, a dot at the beginning
// doubled (RFC 5321, 4.5.2), to a line with a dot alone.
func (c *session) data() {
	c.say("354 go ahead")
	var text strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return
		}
		if !strings.HasSuffix(line, "\r\n") || len(line) > 1000 || strings.Contains(strings.TrimSuffix(line, "\r\n"), "\r") {
			c.t.Errorf("%q is no line of a message", line)
		}
		if line == ".\r\n" {
			break
		}
		if strings.HasPrefix(line, ".") && !strings.HasPrefix(line, "..") {
			c.t.Errorf("the dot of %q is not doubled", line)
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	if answer, ok := c.options.Answers["."]; ok {
		c.say(answer)
		return
	}
	message, err := mail.ReadMessage(strings.NewReader(text.String()))
	if err != nil {
		c.t.Errorf("no message: %v", err)
		c.say("554 no message")
		return
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		c.t.Error(err)
	}
	m := Mail{From: c.from, To: strings.Join(c.to, ","), Header: message.Header, Body: string(body), Secure: c.secure, Auth: c.auth}
	c.checkHeader(textproto.MIMEHeader(message.Header))
	c.from, c.to = "", nil
	c.say("250 taken")
	c.taken <- m
}

// checkHeader fails the test where a field is missing or there twice (RFC 5322,
// 3.6).
func (c *session) checkHeader(h textproto.MIMEHeader) {
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type"} {
		if len(h[name]) != 1 {
			c.t.Errorf("%s is there %d times", name, len(h[name]))
		}
	}
	if _, err := mail.ParseDate(h.Get("Date")); err != nil {
		c.t.Errorf("Date: %v", err)
	}
	if id := h.Get("Message-Id"); !regexp.MustCompile(`^<[^<>\s@]+@[^<>\s@]+>$`).MatchString(id) {
		c.t.Errorf("Message-Id is %q", id)
	}
}

// certificate makes one for 127.0.0.1 and localhost.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example.net"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(fmt.Errorf("make a certificate: %w", err))
	}
	root, err := x509.ParseCertificate(made)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{made}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, roots
}
