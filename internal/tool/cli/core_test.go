package cli_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/tool/cli"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// ran is the result of a command.
type ran struct {
	code     int
	out, err string
}

// run runs a command without a terminal, in an environment of its own.
func run(t *testing.T, in string, env map[string]string, args ...string) ran {
	t.Helper()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	var out, errs bytes.Buffer
	main := cli.Main{In: strings.NewReader(in), Out: &out, Err: &errs, Getenv: func(name string) string { return env[name] }}
	code := main.Run(t.Context(), args)
	return ran{code, out.String(), errs.String()}
}

// wants fails unless a command ended with a code and printed all parts.
func (r ran) wants(t *testing.T, code int, parts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("it ended with %d", r.code)
	}
	for _, part := range parts {
		if !strings.Contains(r.out+r.err, part) {
			t.Errorf("it does not say %q", part)
		}
	}
	if t.Failed() {
		t.Logf("output:\n%s\nerrors:\n%s", r.out, r.err)
	}
}

// startCore starts a server with a Core and without any number.
func startCore(t *testing.T) (url, data string) {
	t.Helper()
	data = t.TempDir()
	settings, err := config.Load(config.Sources{Dir: data, Flags: map[string]string{"listen": "127.0.0.1:0", "data": data, "core.domain": "example.net"}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := server.New(t.Context(), settings, server.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }() // ends with stop, which the cleanup waits for
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	url = "http://" + a.Address()
	if response, err := http.Get(url + "/healthz"); err != nil {
		t.Fatal(err)
	} else {
		_ = response.Body.Close()
	}
	return url, data
}

func TestCallsToANumberAreRunByTheCore(t *testing.T) {
	url, data := startCore(t)
	here := map[string]string{"SWITCHHOOK_DATA": data}
	run(t, "", here, "call", "2125559999").wants(t, 1, "no number", "The number you have called cannot be reached.", "not reachable")
	run(t, "", here, "call", "2125559999", "--core", strings.Replace(url, "127.0.0.1", "localhost", 1)+"/").wants(t, 1, "cannot be reached")
	run(t, "", nil, "call", "2125559999", "--core", url).wants(t, 2, "does not know this token", "SWITCHHOOK_TOKEN")
	run(t, "", map[string]string{"SWITCHHOOK_DATA": data, "SWITCHHOOK_TOKEN": "wrong"}, "call", "2125559999").wants(t, 2, "does not know this token")
}

func TestRoutesOfNumbers(t *testing.T) {
	_, data := startCore(t)
	here := map[string]string{"SWITCHHOOK_DATA": data}
	run(t, "", here, "route", "2125559999").wants(t, 1, "  1. ", "no number")
	run(t, "", here, "route", "2125559999", "--json").wants(t, 1, `{"steps":["`, `"end":"not_found","reached":false}`)
	run(t, "", here, "route", "webresponder@here").wants(t, 1, "  1. ")
	run(t, "", here, "route", "+12125559999", "--from", "2000@example.net", "--at", "2026-01-31 12:00").wants(t, 1, "  1. ")
	run(t, "", here, "route", "2125559999", "--at", "noon").wants(t, 2, `"noon" is not a time`, "2026-01-31T12:00:00Z")
	run(t, "", here, "route", "").wants(t, 2, "to is missing")
}

func TestTheCoreOfTheSettingsInThisFolderIsFound(t *testing.T) {
	_, data := startCore(t)
	folder := t.TempDir()
	settings := "data = \"" + filepath.ToSlash(data) + "\"\n[core]\ndomain = \"example.net\"\n"
	if err := os.WriteFile(filepath.Join(folder, "switchhook.toml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	for _, command := range []string{"call", "route"} {
		run(t, "", nil, command, "2125559999").wants(t, 1, "no number")
	}
}

func TestACoreThatWasKilledIsStillAnnounced(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	data := t.TempDir()
	for name, text := range map[string]string{"address": server.URL, "operator.token": "nss_x"} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"call", "route"} {
		run(t, "", map[string]string{"SWITCHHOOK_DATA": data}, command, "2125551212").wants(t, 2, "no Core answers at "+server.URL, "switchhook demo starts one")
	}
}

// phoneSettings writes the settings of a server that uses a phone system, and
// more lines.
func phoneSettings(t *testing.T, folder, url, more string) string {
	t.Helper()
	path := filepath.Join(folder, "switchhook.toml")
	text := more + "\ndata = \"" + filepath.ToSlash(folder) + "\"\n[netsapiens]\nurl = \"" + url + "\"\ntoken = \"" + nstest.Token + "\"\n[forms]\nsecret = \"a-secret-of-forms\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEntriesComeInAndGoOut(t *testing.T) {
	folder := t.TempDir()
	settings := phoneSettings(t, folder, "https://phones.example.net", "public_url = \"https://hooks.example.net\"")
	const first = `{"a.example": {"api_domain": "a.example", "user": "2000", "from_number": "12125551212", "message": "Hello", "ours": {"x": [1, 2.50]}}}`
	run(t, first, nil, "import", "-c", settings, "-").wants(t, 0, "1 added, 0 replaced")
	exported := run(t, "", nil, "export", "-c", settings)
	exported.wants(t, 0, `"ours"`, "2.50")
	copied := filepath.Join(folder, "copy.json")
	if err := os.WriteFile(copied, []byte(exported.out), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "", nil, "import", "-c", settings, copied).wants(t, 0, "0 added, 1 replaced")
	if diff := cmp.Diff(exported.out, run(t, "", nil, "export", "-c", settings).out); diff != "" {
		t.Errorf("a round changes the entries:\n%s", diff)
	}
	run(t, "not JSON", nil, "import", "-c", settings, "-").wants(t, 2, "what is to be imported cannot be read")
	run(t, "", nil, "import", "-c", settings, filepath.Join(folder, "none.json")).wants(t, 2, "the entries cannot be read")
	if diff := cmp.Diff(exported.out, run(t, "", nil, "export", "-c", settings).out); diff != "" {
		t.Errorf("an import that failed changes the entries:\n%s", diff)
	}
}

func TestDoctorOfSettingsThatCannotBeUsed(t *testing.T) {
	folder := t.TempDir()
	settings := phoneSettings(t, folder, "https://phones.example.net", "listn = 1\npublic_url = \"no\"")
	run(t, "", nil, "doctor", "-c", settings).wants(t, 2, "switchhook.toml", "listn", "public_url")
}
