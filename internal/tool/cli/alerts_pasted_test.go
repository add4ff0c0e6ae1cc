//go:build unix

package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// listedAlert is an alert as alert list --json shows it.
type listedAlert struct{ Kind, About, State, Text, Do string }

// alerts returns those that are listed, by kind.
func alerts(t *testing.T, settings string) map[string]listedAlert {
	t.Helper()
	all := map[string]listedAlert{}
	for line := range strings.Lines(run(t, "", nil, "alert", "list", "--json", "-c", settings).out) {
		var a listedAlert
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		all[a.Kind] = a
	}
	return all
}

// pasted finds the commands in what an alert says.
var pasted = regexp.MustCompile(`switchhook ((?:[a-z]+)(?: [a-zA-Z0-9./%_-]+)*)`)

// nameOf returns the name of the command that is run by arguments.
func nameOf(args []string) string {
	if args[0] == "doctor" || args[0] == "provision" {
		return args[0]
	}
	return strings.Join(args[:min(2, len(args))], " ")
}

// TestCommandsOfAlertsRunWhenPasted makes a server alert to what goes wrong, and runs
// every command that the alerts print.
func TestCommandsOfAlertsRunWhenPasted(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without servers of their own")
	}
	system := phoneSystem(t)
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	t.Cleanup(chat.Close)
	with := "listen = \"127.0.0.1:0\"\n" + textBackSettings(system, "[alerts]\nwebhook = \""+chat.URL+"\"\n")
	path := folder(t, map[string]string{"switchhook.toml": with, "domains.json": oldDomains})
	settings := filepath.Join(path, "switchhook.toml")
	p := serve(t, path, "-c", "switchhook.toml")

	system.Break(nstest.SendMessage, 1, nstest.Refuses(403, "Forbidden"))
	p.hears("example.net-sms", "+19175550123", "call-1", apology)
	system.Break(nstest.CreateUser, nstest.Always, nstest.Refuses(403, "Forbidden"))
	p.do("POST", "/update-sms", "id=example.net-sms&secret=correct+horse+battery")
	put(t, settings, strings.Replace(with, "public_url", "public_ur", 1))
	p.hangUp()
	p.await("reload failed")
	p.await("kind=settings_unreadable")
	p.await("kind=alert_undelivered")

	ran := map[string]bool{"texts resend": true} // of many: below
	put(t, settings, with)
	for _, kind := range []string{"text_dead", "provision_failed", "settings_unreadable", "alert_undelivered"} {
		var a listedAlert
		for began := time.Now(); a.Kind == "" && time.Since(began) < await.Limit; {
			a = alerts(t, settings)[kind]
		}
		commands := pasted.FindAllStringSubmatch(a.Do, -1)
		if len(commands) == 0 {
			t.Errorf("%s says of no command what to do: %+v", kind, a)
		}
		for _, command := range commands {
			args := strings.Fields(command[1])
			ran[nameOf(args)] = true
			want := 0
			if strings.HasPrefix(command[1], "alert test") || args[0] == "provision" {
				want = 1 // the chat still refuses, and the plan is to do something
			}
			if r := run(t, "", nil, args...); r.code > want {
				t.Errorf("%s: switchhook %s ends with %d:\n%s%s", kind, command[1], r.code, r.out, r.err)
			}
		}
	}
	run(t, "", nil, "texts", "resend", "--dead", "--why", "failed", "--since", "12h", "-c", settings).wants(t, 0, "nothing to send")

	// No alert prints a command that was not run here.
	for _, files := range []string{"../../server/*.go", "../../server/alert/*.go"} {
		names, err := filepath.Glob(files)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				code, _, _ := strings.Cut(line, "//")
				for _, found := range pasted.FindAllStringSubmatch(code, -1) {
					args := strings.Fields(found[1])
					if strings.Contains(code, "github.com/") || slices.Contains([]string{"at"}, args[0]) {
						continue
					}
					if command := nameOf(args); !ran[command] {
						t.Errorf("%s prints switchhook %s, which was not run", name, command)
					}
				}
			}
		}
	}
}
