package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/tool/doctor"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// examined is what the doctor found.
type examined struct {
	out    string // one or two lines a finding
	failed bool
}

// examine has the doctor examine what a settings file needs.
func examine(t *testing.T, path string) (e examined) {
	t.Helper()
	settings, err := config.Load(config.Sources{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	doctor.Examine(t.Context(), settings, func(f doctor.Finding) {
		e.out += f.String() + "\n"
		e.failed = e.failed || f.Verdict == doctor.Fail
	})
	return e
}

// wants fails unless something or nothing failed, and all parts were found.
func (e examined) wants(t *testing.T, failed bool, parts ...string) {
	t.Helper()
	if e.failed != failed {
		t.Errorf("something failed: %t", e.failed)
	}
	for _, part := range parts {
		if !strings.Contains(e.out, part) {
			t.Errorf("it does not say %q", part)
		}
	}
	if t.Failed() {
		t.Logf("findings:\n%s", e.out)
	}
}

// phoneSettings writes the settings of a server that uses a phone system, and
// more lines.
func phoneSettings(t *testing.T, folder, url, more string) string {
	t.Helper()
	path := filepath.Join(folder, "switchhook.toml")
	write(t, path, more+"\ndata = \""+filepath.ToSlash(folder)+"\"\n[netsapiens]\nurl = \""+url+"\"\ntoken = \""+nstest.Token+"\"\n[forms]\nsecret = \"a-secret-of-forms\"\n")
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDoctor has each verdict.
func TestDoctor(t *testing.T) {
	const good = `{"a.example": {"api_domain": "a.example", "user": "2000", "from_number": "12125551212", "message": "Hello"}}`
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/webresponder":
			_, _ = w.Write([]byte("<Response></Response>"))
		case "/healthz":
			_, _ = w.Write([]byte("ok\n"))
		}
	}))
	t.Cleanup(hook.Close)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	listening := func(s *httptest.Server) string { return `listen = "` + strings.TrimPrefix(s.URL, "http://") + `"` }
	for _, c := range []struct {
		name     string
		settings string // of public_url and listen
		entries  string
		prepare  func(*nstest.System)
		fails    bool
		says     []string
	}{
		{"all is well", "", good, nil, false, []string{"ok    settings", "ok    data", "is free", "domains.json: 1", "the token is good", "answers, but is not encrypted"}},
		{"no entries yet", "", "", nil, false, []string{"warn  entries", "is not there yet"}},
		{"our server answers", listening(hook), good, nil, false, []string{"a server of ours answers"}},
		{"another program listens", listening(other), good, nil, true, []string{"fail  listen", "end what listens there"}},
		{"the public URL is another's", `public_url = "` + other.URL + `"`, good, nil, false, []string{"warn  public_url", "is not this server (status 404)"}},
		{"nobody answers at the public URL", `public_url = "http://127.0.0.1:1"`, good, nil, false, []string{"warn  public_url", "does not answer from here"}},
		{"entries that are none", "", `{"a.example": `, nil, true, []string{"fail  entries"}},
		{"an entry that cannot be used", "", `{"a.example": 7}`, nil, false, []string{"warn  entries", "a.example"}},
		{"an entry that lacks something", "", `{"a.example": {"api_domain": "a.example", "message": "Hello"}}`, nil, false,
			[]string{"warn  entries", "a.example cannot send texts: it lacks "}},
		{"a token that is not known", "", good, func(s *nstest.System) {
			s.Break(nstest.ReadVersion, nstest.Always, nstest.Refuses(http.StatusUnauthorized, "Unauthorized"))
			s.Break(nstest.ReadAPIKey, nstest.Always, nstest.Refuses(http.StatusUnauthorized, "Unauthorized"))
		}, true, []string{"fail  phone system", "make a new API key"}},
		{"a token that may only read", "", good, func(s *nstest.System) {
			s.Break(nstest.ReadAPIKey, nstest.Always, nstest.Says(http.StatusOK, `{"key-id":"nsd_x","user-scope":"Office Manager","domain":"a.example","readonly":"yes"}`))
		}, true, []string{"fail  phone system", "may only read"}},
		{"a token that is not described", "", good, func(s *nstest.System) {
			s.Break(nstest.ReadAPIKey, nstest.Always, nstest.NoRoute())
		}, false, []string{"warn  phone system", "it does not describe the token"}},
		{"a phone system that is down", "", good, func(s *nstest.System) {
			s.Break(nstest.ReadVersion, nstest.Always, nstest.HangsUp())
		}, true, []string{"fail  phone system"}},
		{"the number of another", "", strings.Replace(good, "2000", "2001", 1), nil, false, []string{"warn  entries", "belongs to user 2000, not to 2001", "1212•••1212"}},
		{"a number that is not there", "", strings.Replace(good, "1212\"", "1213\"", 1), nil, false, []string{"warn  entries", "has no number 1212•••1213"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			system := nstest.Start(t, nstest.Quirks{})
			system.AddDomain("a.example")
			system.AddUser("a.example", "2000")
			system.AddUser("a.example", "2001")
			system.AddSMSNumber("a.example", "12125551212", "2000")
			if c.prepare != nil {
				c.prepare(system)
			}
			folder := t.TempDir()
			if c.entries != "" {
				write(t, filepath.Join(folder, "domains.json"), c.entries)
			}
			more := c.settings
			if !strings.Contains(more, "public_url") {
				more += "\npublic_url = \"" + hook.URL + "\""
			}
			if !strings.Contains(more, "listen") {
				more += "\nlisten = \"127.0.0.1:0\""
			}
			more += "\ndomains_file = \"domains.json\""
			examine(t, phoneSettings(t, folder, system.URL, more)).wants(t, c.fails, c.says...)
			if calls := system.Messages(); len(calls) > 0 {
				t.Errorf("it sent %v", calls)
			}
		})
	}
}

func TestDoctorLeavesNoTrace(t *testing.T) {
	folder := t.TempDir()
	data := filepath.Join(folder, "not", "yet")
	settings := filepath.Join(folder, "switchhook.toml")
	write(t, settings, "listen = \"127.0.0.1:0\"\ndata = \""+filepath.ToSlash(data)+"\"\n[core]\ndomain = \"example.net\"\n")
	examine(t, settings).wants(t, false, "is not there yet and can be made")
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("it left %v, %v", left, err)
	}
	write(t, filepath.Join(folder, "not"), "")
	examine(t, settings).wants(t, true, "fail  data", "give the folder to the user that serves")
}
