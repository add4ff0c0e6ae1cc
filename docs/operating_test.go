package docs_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// operating is what a page's commands find: a phone system, and a server in a
// folder with the page's settings.
type operating struct {
	t      *testing.T
	system *nstest.System
	folder string
	path   string         // the PATH of its shell
	server *server.Server // nil: none runs
}

// operatorsPages are the pages about running a server, each with what has
// happened before its first command.
var operatorsPages = map[string]func(o *operating){
	"lawful-texts.md": func(o *operating) {
		o.entries("example.net-sms", "8001", "We’re open Monday to Friday, 9 to 5.")
	},
	"durable-texts.md": func(o *operating) {
		o.entries("example.net-sms", "8001", "We are open.")
		o.serve()
		o.system.Break(nstest.SendMessage, 1, nstest.Refuses(http.StatusServiceUnavailable, "Service Unavailable"))
		o.call("+19175550123")
		o.system.Break(nstest.SendMessage, 1, nstest.Refuses(http.StatusForbidden, "Forbidden"))
		o.call("+19175550124")
	},
	"daily-work.md": func(o *operating) {
		o.entries("example.net-sms", "8001", "We are open.")
		o.onCall()
		o.serve()
		o.call("+19175550123")
		o.system.Break(nstest.SendMessage, 1, nstest.Refuses(http.StatusForbidden, "Forbidden"))
		o.call("+19175550124")
		o.run("switchhook suppress add 9175550125 --channel text --tenant example.net")
		o.call("+19175550125")
		o.run("switchhook provision")
	},
	"activity.md": func(o *operating) {
		o.entries("example.net-sms", "8001", "We are open.")
		o.addSettings("[textback]\ncooldown = \"12h\"\ncooldown_texts = 1\n")
		o.serve()
		alerted := func(kind string) {
			await.That(o.t, "the alert "+kind, func() bool { return strings.Contains(o.run("switchhook activity list"), "("+kind+")") })
		}
		alerted("key_missing")
		called := func(caller, id string) {
			o.ask(http.MethodGet, "/webresponder?"+url.Values{"id": {"example.net-sms"}, "NmsAni": {caller}, "OrigCallID": {id}}.Encode(), nil)
		}
		called("+19175550123", "20261120093000-a1")
		called("+19175550123", "20261120093200-b2")
		o.system.Break(nstest.SendMessage, 1, nstest.Refuses(http.StatusForbidden, "Forbidden"))
		called("+19175550124", "20261120093300-c3")
		alerted("text_dead")
	},
	"database.md": func(o *operating) {
		o.entries("example.net-sms", "8001", "We are open.")
		o.serve()
		o.call("+19175550123")
	},
	"provisioning.md": func(o *operating) {
		o.entries("example.net-east", "8001", "We are open.")
		o.entries("example.net-west", "8002", "We are open.")
		o.run("switchhook provision -c switchhook.toml")
		o.entries("example.net-north", "8003", "We are open.")
		o.system.EditDialRule("example.net", "webresponder8001", nstest.Object{"dial-rule-parameter": "https://elsewhere.example.org/"})
		o.system.AddDialRule("example.net", nstest.Object{
			"dial-rule-matching-to-uri": "webresponder8003", "dial-rule-application": "To Web", "dial-rule-parameter": "https://theirs.example.org/",
		})
	},
	"alerts-and-metrics.md": func(o *operating) {
		o.entries("example.net-sms", "8001", "We are open.")
		o.onCall()
		o.carrier()
		o.serve()
		o.ask(http.MethodGet, "/voys-webhook?secret_key=your-oncall-secret", nil)
		o.call("+19175550123")
		o.ask(http.MethodPost, "/update-sms", url.Values{"id": {"example.net-sms"}, "secret": {"your-form-secret"}})
		o.send(http.MethodPost, "/click-to-call", url.Values{"id": {"example.net-sms"}})
	},
	"moving-from-flask.md": func(o *operating) {
		for _, s := range ofPage(o.t, "moving-from-flask.md", "sh")[:1] {
			write(o.t, o.folder, ".env", strings.NewReplacer("https://ucportal.example.net", o.system.URL, "nsd_your-api-key", nstest.Token).Replace(s.text))
		}
		if err := os.Remove(filepath.Join(o.folder, "switchhook.toml")); err != nil {
			o.t.Fatal(err)
		}
		write(o.t, o.folder, "domains.json", oneEntry("example.net-sms", "8001", "We are open Monday to Friday, 9 to 5."))
		o.system.AddUser("example.net", "8001")
		o.system.EditUser("example.net", "8001", nstest.Object{"service-code": "system-webresponder"})
		o.system.SetForward("example.net", "8001", "webresponder8001")
		o.system.AddDialRule("example.net", nstest.Object{
			"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-application": "To Web",
			"dial-rule-parameter": "https://hooks.example.net/webresponder?id=example.net-sms",
		})
	},
}

// ofPage returns the blocks of a language on a page; it may have none.
func ofPage(t *testing.T, page, language string) []snippet {
	t.Helper()
	return slices.DeleteFunc(snippets(t, language), func(s snippet) bool { return s.page != page })
}

func TestOperatorsPagesShowWhatCommandsPrint(t *testing.T) {
	programs := path(t)
	for page, before := range operatorsPages {
		t.Run(page, func(t *testing.T) {
			o := newOperating(t)
			o.path = programs
			before(o)
			for _, s := range ofPage(t, page, "shell") {
				for _, step := range steps(s.text) {
					printed := o.run(step.command)
					if strings.Contains(step.command, " resend ") {
						await.That(t, "that the texts go out", func() bool { return strings.HasPrefix(o.run("switchhook texts list --state queued"), "no texts") })
					}
					if step.output == "" {
						continue
					}
					if diff := cmp.Diff(o.normal(step.output), o.normal(printed)); diff != "" {
						t.Errorf("%v: %s prints something else (- page, + now):\n%s", s, step.command, diff)
					}
				}
			}
		})
	}
}

func TestSettingsOfOperatorsPagesCanBeLoaded(t *testing.T) {
	for page := range operatorsPages {
		for _, s := range ofPage(t, page, "toml") {
			folder := t.TempDir()
			write(t, folder, "alerts-webhook", "https://chat.example.net/hooks/x\n")
			write(t, folder, "alerts-smtp", "smtps://user:password@mail.example.net\n")
			write(t, folder, "alerts-ntfy", "https://ntfy.sh/a-name-that-nobody-guesses\n")
			write(t, folder, "switchhook.toml", strings.ReplaceAll(s.text, "/etc/switchhook/", ""))
			if _, err := config.Load(config.Sources{Path: "switchhook.toml", Dir: folder, Environ: secretsIn(s)}); err != nil {
				t.Errorf("%v: %v", s, err)
			}
		}
	}
}

// TestThePageOfMetricsTellsOfAll compares its table with what a server shows
// that has done something of each kind.
func TestThePageOfMetricsTellsOfAll(t *testing.T) {
	const page = "alerts-and-metrics.md"
	o := newOperating(t)
	operatorsPages[page](o)
	var metrics string
	await.That(t, "a metric of the source, which is counted behind the caller's back", func() bool {
		metrics = o.ask(http.MethodGet, "/metrics", nil)
		return strings.Contains(metrics, "\nswitchhook_oncall_answer_age_seconds{")
	})
	names := func(pattern, text string) (all []string) {
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			all = append(all, found[1])
		}
		slices.Sort(all)
		return all
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names("(?m)^# TYPE (switchhook_\\w+)", metrics), names("(?m)^\\| `(switchhook_\\w+)` \\|", string(text))); diff != "" {
		t.Errorf("the table is not what /metrics shows (- server, + page):\n%s", diff)
	}
}

func newOperating(t *testing.T) *operating {
	t.Helper()
	o := &operating{t: t, system: nstest.Start(t, nstest.Quirks{}), folder: t.TempDir()}
	o.system.AddDomain("example.net")
	o.system.AddUser("example.net", "2000")
	o.system.AddSMSNumber("example.net", "12125550100", "2000")
	write(t, o.folder, "switchhook.toml", "listen = \"127.0.0.1:0\"\npublic_url = \"https://hooks.example.net\"\ndata = \"data\"\n"+
		"[netsapiens]\nurl = \""+o.system.URL+"\"\ntoken = \""+nstest.Token+"\"\n[forms]\nsecret = \"your-form-secret\"\n")
	return o
}

func oneEntry(id, systemUser, message string) string {
	return `{"` + id + `": {"api_domain": "example.net", "user": "2000", "ns_system_user": "` + systemUser +
		`", "from_number": "12125550100", "message": "` + message + `"}}`
}

// entries puts an entry into the database, which it makes.
func (o *operating) entries(id, systemUser, message string) {
	o.t.Helper()
	settings := o.settings()
	s, err := server.MakeStore(o.t.Context(), settings)
	if err != nil {
		o.t.Fatal(err)
	}
	defer s.Close()
	entries, err := server.OpenEntries(o.t.Context(), settings, s, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, _, err := entries.Import(o.t.Context(), []byte(oneEntry(id, systemUser, message))); err != nil {
		o.t.Fatal(err)
	}
}

// onCall adds on-call to the settings, with a rota of one person.
func (o *operating) onCall() {
	o.t.Helper()
	write(o.t, o.folder, "rota.toml", "[[person]]\nid = \"ann\"\nnumbers = [\"201\"]\n")
	o.addSettings("[oncall]\nsecret = \"your-oncall-secret\"\n[[oncall.source]]\nkind = \"file\"\npath = \"rota.toml\"\n")
}

// carrier adds a Core with a trunk to the settings, which asks nobody anything.
func (o *operating) carrier() {
	o.t.Helper()
	o.addSettings("[core]\ndomain = \"example.net\"\nsip = [\"udp://127.0.0.1:0\"]\n" +
		"[[core.trunk]]\nname = \"carrier\"\naddress = \"192.0.2.1\"\noptions_every = \"0\"\n")
}

// addSettings adds sections to the settings.
func (o *operating) addSettings(sections string) {
	o.t.Helper()
	before, err := os.ReadFile(filepath.Join(o.folder, "switchhook.toml"))
	if err != nil {
		o.t.Fatal(err)
	}
	write(o.t, o.folder, "switchhook.toml", string(before)+sections)
}

// rewrite replaces pairs of texts in the settings.
func (o *operating) rewrite(pairs ...string) {
	o.t.Helper()
	before, err := os.ReadFile(filepath.Join(o.folder, "switchhook.toml"))
	if err != nil {
		o.t.Fatal(err)
	}
	write(o.t, o.folder, "switchhook.toml", strings.NewReplacer(pairs...).Replace(string(before)))
}

func (o *operating) settings() *config.Settings {
	o.t.Helper()
	settings, err := config.Load(config.Sources{Path: "switchhook.toml", Dir: o.folder})
	if err != nil {
		o.t.Fatal(err)
	}
	return settings
}

// serve runs a server until the test ends.
func (o *operating) serve() {
	o.t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(o.t.Context()))
	server, err := server.New(ctx, o.settings(), server.Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = server.Listen(ctx)
	}
	if err != nil {
		stop()
		o.t.Fatal(err)
	}
	o.server = server
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	o.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			o.t.Error(err)
		}
	})
}

// call asks the webhook as the phone system does.
func (o *operating) call(caller string) {
	o.t.Helper()
	o.ask(http.MethodGet, "/webresponder?"+url.Values{"id": {"example.net-sms"}, "NmsAni": {caller}, "OrigCallID": {caller}}.Encode(), nil)
}

// ask sends a request and returns the answer, which must be a success.
func (o *operating) ask(method, path string, form url.Values) string {
	o.t.Helper()
	status, text := o.send(method, path, form)
	if status != http.StatusOK {
		o.t.Fatalf("%s is answered with %d %s", path, status, text)
	}
	return text
}

// send sends a request with the operator's token.
func (o *operating) send(method, path string, form url.Values) (status int, answer string) {
	o.t.Helper()
	token, err := server.OperatorToken(filepath.Join(o.folder, "data"))
	if err != nil {
		o.t.Fatal(err)
	}
	return o.sendAs(token, method, path, form)
}

func (o *operating) sendAs(token, method, path string, form url.Values) (status int, answer string) {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), method, "http://"+o.server.Address()+path, strings.NewReader(form.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		o.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// run runs a command as somebody in the folder would, and returns what they see.
// Its exit code is for the page to check.
func (o *operating) run(command string) string {
	o.t.Helper()
	if o.server != nil {
		command = strings.ReplaceAll(command, "127.0.0.1:5100", o.server.Address())
	}
	c := exec.Command("sh", "-c", command)
	c.Dir = o.folder
	c.Env = append(os.Environ(), o.path)
	out, _ := c.CombinedOutput()
	return string(out)
}

var (
	times = regexp.MustCompile(`20\d\d-\d\d-\d\d( \d\d:\d\d(:\d\d)?( [A-Z]{3,5}\b)?)?`)
	ids   = regexp.MustCompile(`\b([a-z2-7]{26}|[0-9a-v]{17})\b`)
)

// normal returns an output without what is different each time.
func (o *operating) normal(text string) string {
	text = strings.ReplaceAll(text, o.system.URL, "http://127.0.0.1:5100")
	return strings.TrimSpace(ids.ReplaceAllString(times.ReplaceAllString(text, "TIME"), "ID"))
}
