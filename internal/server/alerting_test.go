package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// textBackOf returns settings for a phone system, with the entries of a folder.
func textBackOf(t *testing.T, system *nstest.System, folder string) *config.Settings {
	t.Helper()
	path := filepath.Join(folder, "switchhook.toml")
	text := "listen = \"127.0.0.1:0\"\npublic_url = \"https://hooks.example.net\"\ndata = \"data\"\ndomains_file = \"domains.json\"\n[netsapiens]\nurl = \"" + system.URL +
		"\"\ntoken = \"" + nstest.Token + "\"\n[forms]\nsecret = \"a-secret-of-forms\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(config.Sources{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// alerting runs a server with a phone system.
func alerting(t *testing.T, settings *config.Settings) (s *phoneSystem, stands func(kind alert.Kind, about string) bool) {
	t.Helper()
	s = startCoreIn(t, settings, server.Options{Log: slog.New(slog.DiscardHandler)})
	return s, func(kind alert.Kind, about string) bool { return slices.Contains(s.Alerts().Standing(kind), about) }
}

func phones(t *testing.T) *nstest.System {
	t.Helper()
	system := nstest.Start(t, nstest.Quirks{})
	system.AddDomain("example.net")
	system.AddUser("example.net", "2000")
	system.AddSMSNumber("example.net", "19294873999", "2000")
	return system
}

// TestAPhoneSystemThatIsDownIsFoundWithoutCalls, and its end after a restart.
func TestAPhoneSystemThatIsDownIsFoundWithoutCalls(t *testing.T) {
	system, folder := phones(t), t.TempDir()
	host := strings.TrimPrefix(system.URL, "http://")
	s, stands := alerting(t, textBackOf(t, system, folder))
	probe := func() {
		t.Helper()
		if err := s.ProbePhoneSystem(t.Context(), host); err != nil {
			t.Fatal(err)
		}
	}
	probe()
	if stands(alert.PhoneSystemDown, host) {
		t.Error("it is down, although it answers")
	}
	system.Break(nstest.ReadVersion, 1, nstest.Refuses(403, "Forbidden"))
	probe()
	system.Break(nstest.ReadVersion, 1, nstest.Says(503, ""))
	probe()
	await.That(t, "an alert", func() bool { return stands(alert.PhoneSystemDown, host) })
	s.stop()
	if err := <-s.stopped; err != nil {
		t.Fatal(err)
	}
	s.stopped <- nil

	s, stands = alerting(t, textBackOf(t, system, folder))
	await.That(t, "an alert of before the restart", func() bool { return stands(alert.PhoneSystemDown, host) })
	probe()
	await.That(t, "an end", func() bool { return !stands(alert.PhoneSystemDown, host) })
}

// TestTheEndOfAnOutageSaysWhichTextsToSendAgain, also of those that failed before
// it was found.
func TestTheEndOfAnOutageSaysWhichTextsToSendAgain(t *testing.T) {
	system, folder := phones(t), t.TempDir()
	entries := `{"example.net-sms":{"api_domain":"example.net","user":"2000","ns_system_user":"8001","from_number":"19294873999","message":"Our hours are 9 to 5."}}`
	if err := os.WriteFile(filepath.Join(folder, "domains.json"), []byte(entries), 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(system.URL, "http://")
	s, stands := alerting(t, textBackOf(t, system, folder))
	system.Break(nstest.SendMessage, 1, nstest.Says(503, ""))
	r := httptest.NewRequest(http.MethodGet, "/webresponder?id=example.net-sms&NmsAni=19175550123&OrigCallID=call-1", http.NoBody)
	if s.Handler().ServeHTTP(httptest.NewRecorder(), r); stands(alert.PhoneSystemDown, host) {
		t.Error("a customer's call has found that the phone system is down")
	}
	system.Break(nstest.ReadVersion, 1, nstest.Says(503, ""))
	for range 2 {
		if err := s.ProbePhoneSystem(t.Context(), host); err != nil {
			t.Fatal(err)
		}
		await.That(t, "an outage, and its end", func() bool {
			b, err := s.Board(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			m := b.Matters[alert.Key{Kind: alert.PhoneSystemDown, About: host}]
			return m != nil && stands(alert.PhoneSystemDown, host) || m != nil && strings.Contains(m.Now, "Texts that failed and stay unsent: 1. Send them with: switchhook texts resend ")
		})
	}
}

func TestEntriesThatCannotBeReadAreFoundWithoutCalls(t *testing.T) {
	system, folder := phones(t), t.TempDir()
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, "domains.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(`{}`)
	s, stands := alerting(t, textBackOf(t, system, folder))
	for name, text := range map[string]string{"broken": "{", "of one entry": `{"example.net-sms": 5}`} {
		put(text)
		s.WatchEntries(t.Context())
		await.That(t, "an alert that it is "+name, func() bool { return stands(alert.EntriesUnreadable, "") })
		put(`{}`)
		s.WatchEntries(t.Context())
		await.That(t, "an end", func() bool { return !stands(alert.EntriesUnreadable, "") })
	}
}

// TestAFormsOwnProvisioningIsAlertedTo has a form fail, and meet somebody else's rule.
func TestAFormsOwnProvisioningIsAlertedTo(t *testing.T) {
	system, folder := phones(t), t.TempDir()
	s, stands := alerting(t, textBackOf(t, system, folder))
	post := func() {
		t.Helper()
		form := url.Values{
			"secret": {"a-secret-of-forms"}, "id": {"example.net-sms"}, "api_domain": {"example.net"}, "user": {"2000"}, "ns_system_user": {"8001"},
			"from_number": {"19294873999"}, "message": {"Our hours are 9 to 5."},
		}
		r := httptest.NewRequest(http.MethodPost, "/update-sms", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		if s.Handler().ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Fatalf("the form is answered %d %s", w.Code, w.Body)
		}
	}
	system.Break(nstest.CreateUser, nstest.Always, nstest.Refuses(403, "Forbidden"))
	post()
	await.That(t, "an alert that it failed", func() bool { return stands(alert.ProvisionFailed, "example.net-sms") })
	system.Break(nstest.CreateUser, 0, nstest.Refuses(403, "Forbidden"))
	system.AddUser("example.net", "8001")
	post()
	await.That(t, "an alert of a conflict", func() bool {
		return stands(alert.ProvisionConflict, "example.net-sms") && !stands(alert.ProvisionFailed, "example.net-sms")
	})
	system.RemoveUser("example.net", "8001")
	post()
	await.That(t, "an end", func() bool { return !stands(alert.ProvisionConflict, "example.net-sms") })
}
