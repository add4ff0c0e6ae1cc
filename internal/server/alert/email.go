package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/setting"
)

// email sends alerts to mailboxes, by a server that takes mail for anybody.
type email struct {
	server mailServer
	from   setting.Email
	to     []setting.Email
	here   string         // the address of this server; empty: unknown
	roots  *x509.CertPool // nil: those of the machine
}

func (*email) Name() string   { return "email" }
func (e *email) Host() string { return e.server.address() }

// auths are the ways of showing a password, the best first. The last two are used
// over TLS alone.
var auths = []mail.SMTPAuthType{mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin}

// Send sends a message to each mailbox by itself: one that is refused keeps the
// others from nothing. It has arrived if one of them has got it.
func (e *email) Send(ctx context.Context, m Message) *Problem {
	messages, err := e.messages(m)
	if err != nil {
		return &Problem{Reason: "it cannot be written as an e-mail: " + err.Error(), Hopeless: true}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	d := &mailDialer{server: e.server, tls: e.tls()}
	defer d.close()
	defer context.AfterFunc(ctx, d.close)()
	options := []mail.Option{
		mail.WithPort(e.server.port), mail.WithTimeout(sendTimeout), mail.WithHELO(e.helo()), mail.WithDialContextFunc(d.dial),
		mail.WithTLSConfig(d.tls), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithoutNoop(), mail.WithoutSMTPUTF8(),
	}
	switch {
	case e.server.implicit:
		options = append(options, mail.WithSSL())
	case e.server.plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if e.server.user != "" {
		options = append(options, mail.WithOpportunisticSMTPAuth(auths...), mail.WithUsername(e.server.user), mail.WithPassword(e.server.password))
	}
	client, err := mail.NewClient(e.server.host, options...)
	if err != nil {
		return &Problem{Reason: "the mail server's settings cannot be used", Hopeless: true}
	}
	err = client.DialAndSendWithContext(ctx, messages...)
	for _, sent := range messages {
		if sent.IsDelivered() {
			return nil
		}
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err() // the connection was ended for it
	}
	return mailProblem(err)
}

// helo is how we name ourselves to the mail server: by the domain of the sender.
func (e *email) helo() string {
	_, domain, _ := strings.Cut(string(e.from), "@")
	return domain
}

func (e *email) tls() *tls.Config {
	return &tls.Config{ServerName: e.server.host, RootCAs: e.roots, MinVersion: tls.VersionTLS12}
}

// messages writes a message to each mailbox. The headers are those that keep
// robots from answering (RFC 3834).
func (e *email) messages(m Message) ([]*mail.Msg, error) {
	var all []*mail.Msg
	for i, to := range e.to {
		message := mail.NewMsg(mail.WithNoDefaultUserAgent())
		if err := errors.Join(message.FromFormat("Switchhook", string(e.from)), message.To(string(to))); err != nil {
			return nil, err
		}
		message.Subject(m.Title)
		message.SetDateWithValue(time.Now())
		message.SetMessageIDWithValue(fmt.Sprintf("%s-%d@%s", m.ID, i, e.helo()))
		message.SetGenHeader("Auto-Submitted", "auto-generated")
		message.SetBodyString(mail.TypeTextPlain, e.text(m))
		all = append(all, message)
	}
	return all, nil
}

// text is what an e-mail says.
func (e *email) text(m Message) string {
	parts := []string{m.What}
	if m.Do != "" {
		parts = append(parts, "What to do: "+m.Do)
	}
	from := "the server"
	if e.here != "" {
		from = e.here
	}
	return strings.Join(append(parts, fmt.Sprintf("-- \nSwitchhook at %s: %s at %s. What stands: switchhook alert list", from, m.Kind, m.At.UTC().Format("2006-01-02 15:04 UTC"))), "\n\n") + "\n"
}

// mailDialer connects with the mail server, and ends the connection however the
// conversation goes.
type mailDialer struct {
	server mailServer
	tls    *tls.Config

	mu   sync.Mutex
	conn net.Conn // nil: not yet
}

// dial connects with an address that is allowed.
func (d *mailDialer) dial(ctx context.Context, _, address string) (net.Conn, error) {
	conn, err := guard.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.conn = conn
	d.mu.Unlock()
	if !d.server.implicit {
		return conn, nil
	}
	secured := tls.Client(conn, d.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secured, nil
}

func (d *mailDialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		_ = d.conn.Close()
	}
}

// mailProblem says why a message was not taken. What the server said is shown: it
// names the mailbox or the reason, and no password.
func mailProblem(err error) *Problem {
	if code, said := saidBy(err); code != 0 {
		p := &Problem{Reason: "the mail server says " + presentable(said, maxAbout), Hopeless: code >= 500, Hint: "ask those who run the mail server what it means"}
		switch code {
		case 530, 534, 535:
			p.Hint = "check the user name and password in alerts.smtp"
		case 550, 551, 553, 554:
			p.Hint = "check alerts.email_from and alerts.email_to: this server may not send from or to them"
		}
		return p
	}
	if _, ok := errors.AsType[*fetch.Error](err); ok {
		p := unanswered(err)
		p.Hint = "check host and port in alerts.smtp"
		return p
	}
	switch {
	case isCertificate(err):
		return &Problem{Reason: "the mail server's certificate is not trusted, or is of another name", Hint: "name the server in alerts.smtp as its certificate does"}
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return &Problem{Reason: "the mail server did not answer in time", Hint: "check host and port in alerts.smtp"}
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		return &Problem{Reason: "the mail server offers no TLS (STARTTLS)", Hopeless: true, Hint: "use smtps:// and its port, or add ?tls=off to alerts.smtp if the network is yours alone"}
	case strings.Contains(err.Error(), "SMTP AUTH"), strings.Contains(err.Error(), "SMTP auth"):
		return &Problem{Reason: "the mail server takes no password in a way that we know", Hopeless: true, Hint: "it may need TLS, or no user name and password in alerts.smtp"}
	}
	return &Problem{Reason: "the mail server does not answer as it should", Hint: "check that alerts.smtp names a mail server: smtps:// for port 465, smtp:// for 587"}
}

// saidBy returns the refusal of a mail server with its code; 0: it said nothing.
func saidBy(err error) (code int, said string) {
	if refused, ok := errors.AsType[*textproto.Error](err); ok {
		return refused.Code, fmt.Sprintf("%d %s", refused.Code, refused.Msg)
	}
	sending, ok := errors.AsType[*mail.SendError](err)
	if !ok || sending.ErrorCode() == 0 {
		return 0, ""
	}
	_, said, _ = strings.Cut(sending.Error(), fmt.Sprintf("%d ", sending.ErrorCode()))
	said, _, _ = strings.Cut(said, ", affected ") // which the library adds
	return sending.ErrorCode(), fmt.Sprintf("%d %s", sending.ErrorCode(), strings.Trim(said, `"`))
}

func isCertificate(err error) bool {
	_, verify := errors.AsType[*tls.CertificateVerificationError](err)
	return verify
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
