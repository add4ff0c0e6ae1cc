package alert_test

import (
	"context"
	"fmt"
	"log/slog"
	"mime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/alerttest"
	"github.com/switchhook/switchhook/internal/setting"
)

// hostile is an alert with a stranger's words in it.
var hostile = alert.Message{
	Kind: alert.SourceDown, Title: "An on-call source is down: düty\r\nBcc: all@example.net", Text: "one line",
	What: ".The source düty does not answer.\n.\nMAIL FROM:<x@example.net>", Do: "See it with: switchhook oncall who",
	ID: "source_down-1", Count: 1,
}

// ways returns the ways of settings.
func ways(t *testing.T, c alert.Config) map[string]alert.Way {
	t.Helper()
	s, err := alert.New(c)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]alert.Way{}
	for _, way := range s.Ways() {
		all[way.Name()] = way
	}
	return all
}

func byMail(t *testing.T, c alert.Config, server string, to ...setting.Email) alert.Way {
	t.Helper()
	c.Settings.EmailTo, c.Settings.EmailFrom = to, "switchhook@example.net"
	if err := c.Settings.SMTP.UnmarshalText([]byte(server)); err != nil {
		t.Fatal(err)
	}
	return ways(t, c)["email"]
}

func TestAlertsAreMailed(t *testing.T) {
	for name, c := range map[string]struct {
		server  alerttest.MailOptions
		address string // with the port in place of %d
	}{
		"by STARTTLS":                         {alerttest.MailOptions{User: "hook@example.net", Password: "pa:ss/wort"}, "smtp://hook%%40example.net:pa%%3Ass%%2Fwort@localhost:%d?tls=on"},
		"by TLS from the beginning":           {alerttest.MailOptions{Implicit: true, User: "hook", Password: "secret"}, "smtps://hook:secret@localhost:%d"},
		"to a relay on this machine":          {alerttest.MailOptions{NoTLS: true}, "smtp://127.0.0.1:%d"},
		"to a relay that asks for no secrets": {alerttest.MailOptions{Implicit: true}, "smtps://127.0.0.1:%d"},
	} {
		t.Run(name, func(t *testing.T) {
			server := alerttest.NewMailServer(t, c.server)
			way := byMail(t, alert.Config{Here: "https://hooks.example.net", Roots: server.Roots}, fmt.Sprintf(c.address, server.Port()), "ops@example.net", "boss@example.net")
			if p := way.Send(t.Context(), hostile); p != nil {
				t.Fatalf("it has not arrived: %+v", p)
			}
			first, second := server.Taken(), server.Taken()
			if first.From != "switchhook@example.net" || first.To != "ops@example.net" || second.To != "boss@example.net" {
				t.Errorf("from %s to %s and %s", first.From, first.To, second.To)
			}
			if first.Secure == c.server.NoTLS || first.Auth != (c.server.User != "") {
				t.Errorf("over TLS: %v, with a password: %v", first.Secure, first.Auth)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(first.Header.Get("Subject"))
			if err != nil || strings.ContainsAny(first.Header.Get("Subject"), "\r\n") || !strings.HasPrefix(subject, "An on-call source is down: düty") || first.Header.Get("Bcc") != "" {
				t.Errorf("the subject is %q (%v), the header %v", subject, err, first.Header)
			}
			if first.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasPrefix(first.Header.Get("Content-Type"), "text/plain; charset=UTF-8") {
				t.Errorf("the header is %v", first.Header)
			}
			if first.Header.Get("Message-Id") == second.Header.Get("Message-Id") {
				t.Error("two messages have one id")
			}
			if !strings.Contains(first.Body, "What to do: See it with: switchhook oncall who") || !strings.Contains(first.Body, "Switchhook at https://hooks.example.net") {
				t.Errorf("it says:\n%s", first.Body)
			}
		})
	}
}

func TestAMailboxThatIsRefusedKeepsTheOthersFromNothing(t *testing.T) {
	server := alerttest.NewMailServer(t, alerttest.MailOptions{Answers: map[string]string{"RCPT TO:<gone@example.net>": "550 5.1.1 no such mailbox"}, NoTLS: true})
	way := byMail(t, alert.Config{}, fmt.Sprintf("smtp://localhost:%d", server.Port()), "gone@example.net", "ops@example.net")
	if p := way.Send(t.Context(), hostile); p != nil {
		t.Fatalf("it has not arrived: %+v", p)
	}
	if got := server.Taken(); got.To != "ops@example.net" {
		t.Errorf("it went to %s", got.To)
	}
}

func TestWhyAMailDoesNotArrive(t *testing.T) {
	for name, c := range map[string]struct {
		server   alerttest.MailOptions
		address  string
		roots    bool
		reason   string
		hopeless bool
	}{
		"a wrong password":          {alerttest.MailOptions{Implicit: true, User: "hook", Password: "secret"}, "smtps://hook:" + secret + "@localhost:%d", true, "the mail server says 535 5.7.8 wrong user name or password", true},
		"nobody's certificate":      {alerttest.MailOptions{Implicit: true}, "smtps://localhost:%d", false, "certificate is not trusted", false},
		"no password that is known": {alerttest.MailOptions{Implicit: true}, "smtps://hook:" + secret + "@localhost:%d", true, "takes no password in a way that we know", true},
		"full for now":              {alerttest.MailOptions{NoTLS: true, Answers: map[string]string{".": "452 4.2.2 full for now"}}, "smtp://localhost:%d", true, "the mail server says 452 4.2.2 full for now", false},
		"a sender that may not":     {alerttest.MailOptions{NoTLS: true, Answers: map[string]string{"MAIL": "550 5.7.1 not from there"}}, "smtp://localhost:%d", true, "the mail server says 550 5.7.1 not from there", true},
		"not in time":               {alerttest.MailOptions{Silent: true}, "smtp://localhost:%d", true, "did not answer in time", false},
	} {
		t.Run(name, func(t *testing.T) {
			server := alerttest.NewMailServer(t, c.server)
			config := alert.Config{}
			if c.roots {
				config.Roots = server.Roots
			}
			way := byMail(t, config, fmt.Sprintf(c.address, server.Port()), "ops@example.net")
			ctx := t.Context()
			if c.server.Silent {
				ended, cancel := context.WithTimeout(ctx, 200*time.Millisecond) // it is never answered
				defer cancel()
				ctx = ended
			}
			p := way.Send(ctx, hostile)
			if p == nil || p.Hopeless != c.hopeless || !strings.Contains(p.Reason, c.reason) || p.Hint == "" || strings.Contains(p.Reason+p.Hint, secret) {
				t.Errorf("it says %+v, want %q", p, c.reason)
			}
		})
	}
}

func TestAMailServerThatIsNot(t *testing.T) {
	way := byMail(t, alert.Config{}, "smtp://localhost:1", "ops@example.net")
	if p := way.Send(t.Context(), hostile); p == nil || p.Reason != "the host takes no connections" || p.Hopeless {
		t.Errorf("it says %+v", p)
	}
}

func TestAddressesOfMailServers(t *testing.T) {
	for text, want := range map[string]string{
		"smtps://user:pass@mail.example.net":    "mail.example.net:465",
		"smtp://user:pass@mail.example.net":     "mail.example.net:587",
		"smtp://localhost":                      "localhost:25",
		"smtp://user:pass@127.0.0.1:2525":       "127.0.0.1:2525",
		"smtp://10.0.0.1:25?tls=off":            "10.0.0.1:25",
		"smtp://user:pass@10.0.0.1:25?tls=off":  "",
		"smtp://user@mail.example.net":          "",
		"smtps://mail.example.net?tls=off":      "",
		"smtp://mail.example.net?x=1":           "",
		"https://mail.example.net":              "",
		"smtp://":                               "",
		"smtp://mail.example.net/inbox":         "",
		"smtp://mail.example.net:99999":         "",
		"smtp://us er:" + secret + "@host:25":   "",
		"smtp://user:" + secret + "/x@host:465": "",
	} {
		var m alert.MailServer
		err := m.UnmarshalText([]byte(text))
		if (err == nil) != (want != "") || err == nil && m.Host() != want || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s is %q: %v, want %q", text, m.Host(), err, want)
		}
	}
}

func TestAlertsArePublished(t *testing.T) {
	server := alerttest.NewNtfy(t, "a-name-that-nobody-guesses", "tk_"+secret)
	way := func(token string) alert.Way {
		return ways(t, alert.Config{Here: "https://hooks.example.net", Settings: alert.Settings{
			Ntfy: setting.Webhook{Secret: setting.NewSecret(server.URL)}, NtfyToken: setting.NewSecret(token),
		}})["ntfy"]
	}
	over := hostile
	over.Resolved = true
	for _, m := range []alert.Message{hostile, over} {
		if p := way("tk_"+secret).Send(t.Context(), m); p != nil {
			t.Fatalf("it has not arrived: %+v", p)
		}
	}
	want := alerttest.Published{
		Topic: "a-name-that-nobody-guesses", Title: hostile.Title, Message: hostile.What + "\n\n" + hostile.Do,
		Priority: 4, Tags: []string{"warning", "source_down"}, Click: "https://hooks.example.net",
	}
	if diff := cmp.Diff(want, server.Taken()); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	want.Priority, want.Tags = 3, []string{"white_check_mark", "source_down"}
	if diff := cmp.Diff(want, server.Taken()); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	long := hostile
	long.What = strings.Repeat("ä", 3000)
	if p := way("tk_"+secret).Send(t.Context(), long); p != nil {
		t.Errorf("a long one has not arrived: %+v", p)
	}
	if p := way("tk_wrong").Send(t.Context(), hostile); p == nil || !p.Hopeless || p.Reason != "it was refused with status 403" || p.Hint == "" {
		t.Errorf("with a wrong token: %+v", p)
	}
}

func TestATopicOfNtfyIsOne(t *testing.T) {
	for _, address := range []string{"https://ntfy.sh", "https://ntfy.sh/a/b", "ntfy.sh/" + secret} {
		_, err := alert.New(alert.Config{Settings: alert.Settings{Ntfy: setting.Webhook{Secret: setting.NewSecret(address)}}})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestAlertsArriveByTheOtherWays has the chat refuse everything.
func TestAlertsArriveByTheOtherWays(t *testing.T) {
	mail := alerttest.NewMailServer(t, alerttest.MailOptions{NoTLS: true})
	settings := settingsOf("http://127.0.0.1:1/"+secret, 0)
	settings.Webhook = setting.Webhook{Secret: setting.NewSecret(refusing(t))}
	settings.EmailTo, settings.EmailFrom = []setting.Email{"ops@example.net"}, "switchhook@example.net"
	if err := settings.SMTP.UnmarshalText(fmt.Appendf(nil, "smtp://localhost:%d", mail.Port())); err != nil {
		t.Fatal(err)
	}
	s, err := alert.New(alert.Config{Settings: settings, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	s.Raise(ctx, dead("dentist", "A text is dead."))
	subjects := []string{mail.Taken().Header.Get("Subject"), mail.Taken().Header.Get("Subject")}
	if diff := cmp.Diff([]string{"A text did not go out: dentist", "Alerts do not arrive: webhook"}, subjects); diff != "" {
		t.Errorf("mailed (-want +got):\n%s", diff)
	}
	if got := s.Standing(alert.Undelivered); len(got) != 1 || got[0] != "webhook" {
		t.Errorf("not arriving: %q", got)
	}
	cancel()
	running.Wait()
}
