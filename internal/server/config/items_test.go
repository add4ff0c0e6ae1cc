package config_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/setting"
)

// TestItemsInEveryNotation writes the same two sources and two routes in each
// notation of TOML.
func TestItemsInEveryNotation(t *testing.T) {
	want := []string{"support: [first]", "sales: []"}
	for name, content := range map[string]string{
		"sections": `[oncall]
secret = "x"
[[oncall.source]]
kind = "pagerduty"
name = "first"
api_key = "one"
escalation_policy = "P1"
[[oncall.source]]
kind = "ical"
path = "rota.ics"
[oncall.source.categories]
primary = 1
"second line" = 2
[[oncall.route]]
name = "support"
sources = ["first"]
[oncall.route.hours]
mon = "09:00-17:00"
[oncall.route.texts]
nobody = "Nobody."
[[oncall.route]]
name = "sales"
texts.nobody = "None."
`,
		"tables in brackets": `[oncall]
secret = "x"
source = [
  { kind = "pagerduty", name = "first", api_key = "one", escalation_policy = "P1" },
  { kind = "ical", path = "rota.ics", categories = { primary = 1, "second line" = 2 } },
]
route = [
  { name = "support", sources = "first", hours.mon = ["09:00-17:00"], texts = { nobody = "Nobody." } },
  { name = "sales", texts.nobody = "None." },
]
`,
		"one line for all": `oncall = { secret = "x", source = [{ kind = "pagerduty", name = "first", api_key = "one", escalation_policy = "P1" }, ` +
			`{ kind = "ical", path = "rota.ics", categories.primary = 1, categories."second line" = 2 }], route = [{ name = "support", sources = ["first"], ` +
			`hours = { mon = "09:00-17:00" }, texts.nobody = "Nobody." }, { name = "sales", texts.nobody = "None." }] }`,
	} {
		t.Run(name, func(t *testing.T) {
			from := fromFile(t, content, nil)
			s := load(t, from).OnCall
			if len(s.Sources) != 2 || len(s.Routes) != 2 {
				t.Fatalf("%d sources and %d routes", len(s.Sources), len(s.Routes))
			}
			one, two := s.Sources[0], s.Sources[1]
			if one.Kind != source.KindPagerDuty || one.Name != "first" || one.APIKey.Reveal() != "one" || one.EscalationPolicy != "P1" {
				t.Errorf("the first source is %+v", one)
			}
			if two.Kind != source.KindICal || two.Name != "ical" || two.Path != setting.Path(filepath.Join(from.Dir, "rota.ics")) {
				t.Errorf("the second source is %+v", two)
			}
			if diff := cmp.Diff(map[string]int{"primary": 1, "second line": 2}, two.Categories); diff != "" {
				t.Errorf("categories (-want +got):\n%s", diff)
			}
			var got []string
			for _, r := range s.Routes {
				names := make([]string, len(r.Sources))
				for i, name := range r.Sources {
					names[i] = string(name)
				}
				got = append(got, string(r.Name)+": ["+strings.Join(names, " ")+"]")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("routes (-want +got):\n%s", diff)
			}
			if s.Routes[0].Texts.Nobody != "Nobody." || s.Routes[1].Texts.Nobody != "None." || len(s.Routes[0].Hours["mon"]) != 1 || len(s.Routes[1].Hours) != 0 {
				t.Errorf("the routes are %+v", s.Routes)
			}
		})
	}
}

func TestPlacesAreMergedItemByItem(t *testing.T) {
	from := fromFile(t, onCall+"[[oncall.source]]\nkind = 'ilert'\napi_key_file = 'ilert'\nescalation_policy = '7'\n", map[string]string{
		"ilert":                                 "key-of-a-file\n",
		".env":                                  "SWITCHHOOK_ONCALL_ROUTE_1_NAME=sales\n",
		"credentials/oncall.source.2.api_key":   "key-of-systemd\n",
		"credentials/oncall.source.0.api_key":   "key-of-systemd\n",
		"credentials/oncall.source.x.api_key":   "of somebody else",
		"credentials/somebody.elses":            "of somebody else",
		"credentials/oncall.source.0.api_key.x": "of somebody else",
	})
	from.CredentialsDir = "credentials"
	from.Environ = []string{
		"SWITCHHOOK_ONCALL_SOURCE_2_KIND=betterstack", "SWITCHHOOK_ONCALL_SOURCE_2_CALENDARS_0=primary",
		"SWITCHHOOK_ONCALL_SOURCE_0_ESCALATION_POLICY=PXXXXXX", "SWITCHHOOK_ONCALL_ROUTE_1_DID=+31201234567",
	}
	from.Flags = map[string]string{"oncall.route.0.policy": "ordered"}
	want := []string{
		"oncall.secret = <secret> | switchhook.toml:2",
		"oncall.source.0.kind = pagerduty | switchhook.toml:5",
		"oncall.source.0.api_key = <secret> | credential oncall.source.0.api_key",
		"oncall.source.0.escalation_policy = PXXXXXX | environment SWITCHHOOK_ONCALL_SOURCE_0_ESCALATION_POLICY",
		"oncall.source.1.kind = ilert | switchhook.toml:12",
		"oncall.source.1.api_key = <secret> | file ilert",
		"oncall.source.1.escalation_policy = 7 | switchhook.toml:14",
		"oncall.source.2.kind = betterstack | environment SWITCHHOOK_ONCALL_SOURCE_2_KIND",
		"oncall.source.2.api_key = <secret> | credential oncall.source.2.api_key",
		"oncall.source.2.calendars = primary | environment SWITCHHOOK_ONCALL_SOURCE_2_CALENDARS_0",
		"oncall.route.0.name = support | switchhook.toml:10",
		"oncall.route.0.policy = ordered | command line oncall.route.0.policy",
		"oncall.route.1.name = sales | .env:1",
		"oncall.route.1.did = +31201234567 | environment SWITCHHOOK_ONCALL_ROUTE_1_DID",
	}
	s := load(t, from)
	if diff := cmp.Diff(want, inOnCall(s)); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	got := s.OnCall.Sources[1].APIKey.Reveal() + ", " + s.OnCall.Sources[2].APIKey.Reveal()
	if got != "key-of-a-file, key-of-systemd" {
		t.Errorf("the keys are %s", got)
	}
}

// TestFirstPlaceOfASecretOfAnItemWins gives a source's key in every place at
// once, and removes the places one by one from the top.
func TestFirstPlaceOfASecretOfAnItemWins(t *testing.T) {
	files := map[string]string{
		settingsFile:                          strings.Replace(onCall, "api_key =", "api_key_file = 'toml'\napi_key =", 1),
		".env":                                "SWITCHHOOK_ONCALL_SOURCE_0_API_KEY='of .env'\nAPI_KEY='of .env, old name'\nSWITCHHOOK_ONCALL_SOURCE_0_API_KEY_FILE=dotenv\n",
		"credentials/oncall.source.0.api_key": "of systemd",
		"environ":                             "of a file that the environment names",
		"dotenv":                              "of a file that .env names",
		"toml":                                "of a file that the settings file names",
		"before/api_key":                      "of the service before\n",
	}
	from := config.Sources{Path: settingsFile, Flags: map[string]string{"oncall.source.0.api_key": "of the command line"}}
	environ := []string{
		"SWITCHHOOK_ONCALL_SOURCE_0_API_KEY=of the environment", "API_KEY=of the environment, old name",
		"SWITCHHOOK_ONCALL_SOURCE_0_API_KEY_FILE=environ", "SWITCHHOOK_ONCALL_LEGACY_FOLDER=before",
	}
	without := func(name, line string) func() {
		return func() {
			kept := ""
			for l := range strings.Lines(files[name]) {
				if !strings.HasPrefix(l, line) {
					kept += l
				}
			}
			files[name] = kept
		}
	}
	for _, step := range []struct {
		want   string
		remove func()
	}{
		{"of the command line", func() { from.Flags = nil }},
		{"of the environment", func() { environ = environ[1:] }},
		{"of the environment, old name", func() { environ = environ[1:] }},
		{"of .env", without(".env", "SWITCHHOOK_ONCALL_SOURCE_0_API_KEY=")},
		{"of .env, old name", without(".env", "API_KEY")},
		{"of systemd", func() { delete(files, "credentials/oncall.source.0.api_key") }},
		{"of a file that the environment names", func() { environ = environ[1:] }},
		{"of a file that .env names", without(".env", "SWITCHHOOK")},
		{"of a file that the settings file names", without(settingsFile, "api_key_file")},
		{"key-of-the-file", without(settingsFile, "api_key =")},
		{"of the service before", func() {}},
	} {
		from.Dir = folder(t, files)
		from.CredentialsDir = "credentials"
		from.Environ = slices.Clone(environ)
		for i, pair := range from.Environ { // paths in the environment are relative to the working directory
			from.Environ[i] = strings.Replace(pair, "=environ", "="+filepath.Join(from.Dir, "environ"), 1)
		}
		if got := load(t, from).OnCall.Sources[0].APIKey.Reveal(); got != step.want {
			t.Errorf("the key is the one %s, want the one %s", got, step.want)
		}
		step.remove()
	}
}

func TestItemsThatCannotBeRead(t *testing.T) {
	const source, route = "; write [[oncall.source]] on a line of its own, and its keys below", "; write [[oncall.route]] on a line of its own, and its keys below"
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"single brackets", "[oncall.source]\nkind = 'pagerduty'\n[oncall.route]\nname = 'x'\n", []string{
			"switchhook.toml:1: oncall.source is a section" + source,
			"switchhook.toml:3: oncall.route is a section" + route,
		}},
		{"keys with dots", "[oncall]\nsource.kind = 'pagerduty'\n", []string{"switchhook.toml:2: oncall.source is a table" + source}},
		{"a number of the operator's own", "[oncall.source.0]\nkind = 'pagerduty'\n", []string{"switchhook.toml:1: oncall.source is a table" + source}},
		{"no table", "[oncall]\nsource = 'pagerduty'\nroute = ['x', { name = 'y' }]\n", []string{
			"switchhook.toml:2: oncall.source is text in quotes" + source,
			"switchhook.toml:3: oncall.route.0 is text in quotes" + route,
		}},
		{"sections within", onCall + "[[oncall.route.texts]]\nnobody = 'x'\n", []string{
			"switchhook.toml:11: there is one section oncall.route.0.texts: write [oncall.route.texts] in place of [[oncall.route.texts]]",
		}},
		{"mistyped, in the item that it is in", onCall + "[[oncall.route]]\nnaem = 'x'\n[oncall.route.text]\nnobody = 'x'\n", []string{
			"switchhook.toml:12: oncall.route.1.naem is not a setting; is oncall.route.1.name meant?",
			"switchhook.toml:13: oncall.route.1.text is not a section; is oncall.route.1.texts meant?",
		}},
		{"mistyped array", onCall + "[[oncall.sorce]]\nkind = 'x'\n", []string{
			"switchhook.toml:11: oncall.sorce is not a section; is oncall.source meant?",
		}},
		{"without a name or a kind", "[oncall]\nsecret = 'x'\n[[oncall.source]]\napi_key = 'x'\n[[oncall.route]]\n", []string{
			`switchhook.toml:3: oncall.source.0.kind is missing: write kind = "pagerduty" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_0_KIND in the environment`,
			`switchhook.toml:5: oncall.route.0.name is missing: write name = "support" below [[oncall.route]], or set SWITCHHOOK_ONCALL_ROUTE_0_NAME in the environment`,
		}},
		{"a broken line is not missing as well", onCall + "[[oncall.source]]\nkind = 'ilert'\nname = 'b'\nescalation_policy = '7'\napi_key = x1\n", []string{
			`switchhook.toml:15: this is not TOML: the value of api_key needs quotes: api_key = "…"`,
		}},
		{"wrong values of the second", onCall + "[[oncall.source]]\nkind = 'opsgenie'\nrefresh = '1s'\nlevel = 0\n", []string{
			`switchhook.toml:12: oncall.source.1.kind is "opsgenie"; it takes "pagerduty", "betterstack", "ilert", "goalert", "grafana", "ical" or "file"`,
			`switchhook.toml:13: oncall.source.1.refresh is "1s", which is less than 10s, the least it may be`,
			`switchhook.toml:14: oncall.source.1.level is 0, which is less than 1, the least it may be`,
		}},
		{"more than anybody has", strings.Repeat("[[oncall.route]]\nname = 'x'\n", 102), []string{
			"switchhook.toml:201: there are more than 100 of [[oncall.route]]",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, refusal(t, fromFile(t, c.content, nil))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVariablesOfItemsThatCannotBeUsed(t *testing.T) {
	for _, c := range []struct{ name, variable, want string }{
		{"a gap", "SWITCHHOOK_ONCALL_ROUTE_2_NAME=x", "oncall.route.2 is given, oncall.route.1 is not"},
		{"a slip in the second item", "SWITCHHOOK_ONCALL_ROUTE_1_NAEM=x", "SWITCHHOOK_ONCALL_ROUTE_1_NAEM is not a setting; is SWITCHHOOK_ONCALL_ROUTE_1_NAME meant?"},
		{"no number", "SWITCHHOOK_ONCALL_ROUTE_NAME=x", "SWITCHHOOK_ONCALL_ROUTE_NAME is not a setting; is SWITCHHOOK_ONCALL_ROUTE_0_NAME meant?"},
		{"a number with a nought", "SWITCHHOOK_ONCALL_ROUTE_01_NAME=x", "SWITCHHOOK_ONCALL_ROUTE_01_NAME is not a setting; is SWITCHHOOK_ONCALL_ROUTE_0_NAME meant?"},
		{"a number beyond all", "SWITCHHOOK_ONCALL_ROUTE_100_NAME=x", "SWITCHHOOK_ONCALL_ROUTE_100_NAME is not a setting; is SWITCHHOOK_ONCALL_ROUTE_0_NAME meant?"},
		{"a list in one", "SWITCHHOOK_ONCALL_SOURCE_0_CALENDARS=x", "oncall.source.0.calendars takes a list, one item a variable: SWITCHHOOK_ONCALL_SOURCE_0_CALENDARS_0, SWITCHHOOK_ONCALL_SOURCE_0_CALENDARS_1 and so on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := fromFile(t, onCall, nil)
			from.Environ = []string{c.variable}
			name, _, _ := strings.Cut(c.variable, "=")
			if diff := cmp.Diff([]string{"environment " + name + ": " + c.want}, refusal(t, from)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
