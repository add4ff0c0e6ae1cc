package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/config"
)

// TestSectionsAreSwitchedOn gives one thing, with nothing else, and checks what
// is missing then: what the section that is on requires.
func TestSectionsAreSwitchedOn(t *testing.T) {
	phoneSystem := []string{"public_url", "netsapiens.url", "netsapiens.token", "forms.secret"}
	for _, c := range []struct {
		name string
		from config.Sources
		want []string
	}{
		{"a section by its head", fromFile(t, "[netsapiens]\n", nil), phoneSystem},
		{"a section in braces", fromFile(t, "netsapiens = {}\n", nil), phoneSystem},
		{"one key, with dots", fromFile(t, "netsapiens.operations_email = 'operations@example.net'\n", nil), phoneSystem},
		{"the forms", fromFile(t, "[forms]\n", nil), phoneSystem},
		{"text-back", fromFile(t, "[textback]\n", nil), phoneSystem},
		{"entries", fromFile(t, "domains_file = 'domains.json'\n", nil), phoneSystem},
		{"the environment", config.Sources{Environ: []string{"SWITCHHOOK_TEXTBACK_PATIENCE=4s"}}, phoneSystem},
		{"an old name", config.Sources{Environ: []string{"NS_TOKEN=x"}}, []string{"public_url", "netsapiens.url", "forms.secret"}},
		{"the other old name", config.Sources{Environ: []string{"UPDATE_SECRET=x"}}, []string{"public_url", "netsapiens.url", "netsapiens.token"}},
		{"the command line", config.Sources{Flags: map[string]string{"netsapiens.url": "https://a"}}, []string{"public_url", "netsapiens.token", "forms.secret"}},
		{"a value that is wrong", config.Sources{Flags: map[string]string{"netsapiens.url": "a"}}, []string{"public_url", "netsapiens.url is \"a\"", "netsapiens.token", "forms.secret"}},
		{"the Core", fromFile(t, "[core]\n", nil), []string{"core.domain"}},
		{"nothing", fromFile(t, "listen = ':1'\npublic_url = 'http://a'\ndata = 'x'\n", nil), []string{"nothing is switched on"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.from.Dir == "" {
				c.from.Dir = t.TempDir()
			}
			text := "\n" + join(refusal(t, c.from))
			if got := strings.Count(text, "\n"); got != len(c.want) {
				t.Errorf("%d problems, want %d:%s", got, len(c.want), text)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("nothing of %s in:%s", want, text)
				}
			}
		})
	}
}

func TestOnlyWhatIsOnIsThere(t *testing.T) {
	s := load(t, fromFile(t, "[core]\ndomain = 'example.net'\n", nil))
	if s.NetSapiens != nil || s.Core == nil || s.PublicURL != nil {
		t.Errorf("with a Core alone: %+v", s.Describe())
	}
	if s.Listen != "127.0.0.1:5100" || s.TextBack.Patience == 0 || len(s.TrustedProxies) != 2 {
		t.Errorf("with a Core alone the defaults are: %+v", s.Describe())
	}
	s = load(t, fromFile(t, complete, nil))
	if s.NetSapiens == nil || s.Core != nil {
		t.Errorf("with a phone system alone: %+v", s.Describe())
	}
}

// contract is the agreed table of settings. What is not in this version is
// refused with a sentence; nothing in it is unknown.
const contract = `listen = "127.0.0.1:5100"
trusted_proxies = ["127.0.0.0/8", "::1/128"]
public_url = "https://hooks.example.net"
data = "/var/lib/switchhook"
database = ""
domains_file = ""
allow_private_responders = false

[netsapiens]
url = "https://ucportal.example.net"
token = ""
operations_email = "operations@example.net"

[forms]
secret = ""

[textback]
patience = "4s"
queue_on_failure = false
retention = "90d"

[clicktocall]
accept_bare = false

[speech]
engine = "espeak-ng"
recogniser = "deepgram"
url = ""
api_key = ""
[speech.domain."example.net"]
engine = "flite"

[alerts]
webhook = ""

[oncall]
allow_from = []
listen = ""
secret = ""
fallback = ""
[[oncall.source]]
kind = "pagerduty"
url = "https://api.pagerduty.com"
api_key = ""
escalation_policy = ""

[[oncall.route]]
name = "support"

[core]
sip = ["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"]
media_ports = "20000-29999"
domain = "example.net"
`

func TestWhatThisVersionLacksIsRefusedWithAReason(t *testing.T) {
	from := fromFile(t, contract, map[string]string{".env": "NS_TOKEN=x\nUPDATE_SECRET=y\n"})
	from.Environ = []string{"SWITCHHOOK_CLICKTOCALL_ACCEPT_BARE=true", "SWITCHHOOK_SPEECH_ENGINE=", "SECRET_KEY=hunter2", "API_KEY=hunter2", "ESCALATION_POLICY_ID=PT54U20"}
	want := []string{
		"switchhook.toml:27: speech.recogniser is of no use yet, leave it out: this version has no service that speaks, or that understands what callers say",
	}
	if diff := cmp.Diff(want, refusal(t, from)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
