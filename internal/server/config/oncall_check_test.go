package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/source"
)

func TestOnCallSettingsThatDoNotGoTogether(t *testing.T) {
	const second = "[[oncall.source]]\n"
	for _, c := range []struct {
		name, more string
		want       []string
	}{
		{"ilert without a key and a policy", second + "kind = 'ilert'\n", []string{
			`switchhook.toml:11: oncall.source.1.api_key is missing: write api_key = "…" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_API_KEY in the environment`,
			`switchhook.toml:11: oncall.source.1.escalation_policy is missing: write escalation_policy = "PT54U20" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_ESCALATION_POLICY in the environment`,
		}},
		{"Better Stack without a key", second + "kind = 'betterstack'\n", []string{
			`switchhook.toml:11: oncall.source.1.api_key is missing: write api_key = "…" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_API_KEY in the environment`,
		}},
		{"GoAlert without anything", second + "kind = 'goalert'\n", []string{
			`switchhook.toml:11: oncall.source.1.url is missing: write url = "https://oncall.example.net" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_URL in the environment`,
			`switchhook.toml:11: oncall.source.1.api_key is missing: write api_key = "…" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_API_KEY in the environment`,
			`switchhook.toml:11: oncall.source.1.service is missing: write service = "5a1e0b7c-0c1d-4f37-9b0c-6f9d2c1f4e55" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_SERVICE in the environment`,
		}},
		{"Grafana without schedules", second + "kind = 'grafana'\nurl = 'https://a'\napi_key = 'x'\n", []string{
			`switchhook.toml:11: oncall.source.1.schedules is missing: write schedules = ["SBM7DV7BKFUYU"] below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_SCHEDULES_0 in the environment`,
		}},
		{"Grafana with no schedule in the list", second + "kind = 'grafana'\nurl = 'https://a'\napi_key = 'x'\nschedules = []\n", []string{
			`switchhook.toml:15: oncall.source.1.schedules is an empty list; it takes at least one`,
		}},
		{"a calendar that is nowhere", second + "kind = 'ical'\n", []string{
			`switchhook.toml:11: oncall.source.1.url is missing, and so is path; a calendar has one of them: write url = "https://oncall.example.net" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_URL in the environment`,
		}},
		{"a calendar in two places", second + "kind = 'ical'\nurl = 'webcal://hunter2@a/?key=hunter2'\npath = 'rota.ics'\n", []string{
			`switchhook.toml:14: oncall.source.1.path is given, and so is url; a calendar has one of them`,
		}},
		{"a rota without a file", second + "kind = 'file'\n", []string{
			`switchhook.toml:11: oncall.source.1.path is missing: write path = "/etc/switchhook/rota.toml" below [[oncall.source]], or set SWITCHHOOK_ONCALL_SOURCE_1_PATH in the environment`,
		}},
		{"what a kind does not take", second + "kind = 'file'\npath = 'rota.toml'\napi_key = 'hunter2'\nschedules = ['a']\n", []string{
			`switchhook.toml:14: oncall.source.1.api_key is of no use to a source of the kind file, which takes path, time_zone`,
			`switchhook.toml:15: oncall.source.1.schedules is of no use to a source of the kind file, which takes path, time_zone`,
		}},
		{"an address that holds more than a vendor's does", second + "kind = 'betterstack'\napi_key = 'x'\nurl = 'https://a/?token=hunter2'\n" + second +
			"kind = 'grafana'\napi_key = 'x'\nurl = 'https://user:hunter2@a'\nschedules = ['a']\n", []string{
			`switchhook.toml:14: oncall.source.1.url goes on after the path; leave out what follows ? or #`,
			`switchhook.toml:18: oncall.source.2.url holds a user name or password; leave that out`,
		}},
		{"two sources of a kind", second + "kind = 'pagerduty'\napi_key = 'x'\nescalation_policy = 'x'\n" + second + "kind = 'betterstack'\nname = 'pagerduty'\napi_key = 'x'\n", []string{
			`switchhook.toml:11: oncall.source.1.name is pagerduty, like that of oncall.source.0; write another name = "…" below [[oncall.source]]`,
			`switchhook.toml:17: oncall.source.2.name is pagerduty, like that of oncall.source.0; write another name = "…" below [[oncall.source]]`,
		}},
		{"two routes of a name", "[[oncall.route]]\nname = 'support'\n", []string{
			`switchhook.toml:12: oncall.route.1.name is support, like that of oncall.route.0; write another name = "…" below [[oncall.route]]`,
		}},
		{"sources that are not there", "sources = ['pagerduty', 'PagerDuty', 'pagerduty']\n" + second + "kind = 'file'\nname = 'rota'\npath = 'x'\n", []string{
			`switchhook.toml:11: oncall.route.0.sources has "PagerDuty" as item 2, and no source is called that; there is pagerduty, rota`,
			`switchhook.toml:11: oncall.route.0.sources has "pagerduty" twice`,
		}},
		{"a source that is not known for what it is", "sources = ['x']\n" + second + "kind = 'x'\n", []string{
			`switchhook.toml:13: oncall.source.1.kind is "x"; it takes "pagerduty", "betterstack", "ilert", "goalert", "grafana", "ical" or "file"`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refusal(t, fromFile(t, onCall+c.more, nil))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if strings.Contains(join(got), "hunter2") {
				t.Error("a secret shows")
			}
		})
	}
}

func TestAddressOfOnCallIsItsOwn(t *testing.T) {
	want := []string{"switchhook.toml:3: oncall.listen is :80, as listen is; leave it out, or give it a port of its own"}
	content := "listen = ':80'\n" + strings.Replace(onCall, "[oncall]", "[oncall]\nlisten = ':80'", 1)
	if diff := cmp.Diff(want, refusal(t, fromFile(t, content, nil))); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestEveryRouteHasASecret(t *testing.T) {
	const own = "[[oncall.route]]\nname = 'a'\nsecret = 'own'\nprevious_secret = 'own before'\n"
	const source = "[[oncall.source]]\nkind = 'file'\npath = 'x'\n"
	secrets := func(content string) (all []string) {
		o := load(t, fromFile(t, content, nil)).OnCall
		for _, r := range o.Routes {
			line := string(r.Name) + ":"
			for _, secret := range o.Secrets(&r) {
				line += " " + secret.Reveal() + ","
			}
			all = append(all, line)
		}
		return all
	}
	if diff := cmp.Diff([]string{"a: own, own before,"}, secrets(own+source)); diff != "" {
		t.Errorf("one of its own alone (-want +got):\n%s", diff)
	}
	both := "[oncall]\nsecret = 'all'\nprevious_secret = 'all before'\n" + own + "[[oncall.route]]\nname = 'b'\n[[oncall.route]]\nname = 'c'\nsecret = 'third'\n" + source
	if diff := cmp.Diff([]string{"a: own, own before,", "b: all, all before,", "c: third,"}, secrets(both)); diff != "" {
		t.Errorf("own ones and one for all (-want +got):\n%s", diff)
	}
	got := refusal(t, fromFile(t, "[[oncall.route]]\nname = 'a'\nsecret_file = 'none'\n"+source, nil))
	if len(got) != 1 || !strings.Contains(got[0], "oncall.route.0.secret is to be in the file none") {
		t.Errorf("with one that cannot be read: %s", join(got))
	}
	got = refusal(t, fromFile(t, own+"[[oncall.route]]\nname = 'b'\n"+source, nil))
	if len(got) != 1 || !strings.Contains(got[0], "oncall.secret is missing") {
		t.Errorf("with a route that has none: %s", join(got))
	}
}

func TestRoutesInherit(t *testing.T) {
	s := load(t, fromFile(t, strings.Replace(onCall, "[oncall]", "[oncall]\nfallback = '+31201234567'\ncalling_code = '+31'", 1)+
		"[[oncall.route]]\nname = 'flanders'\ncalling_code = '32'\nfallback = '200'\n", nil))
	var got []string
	for i, r := range s.OnCall.Routes {
		path := fmt.Sprintf("oncall.route.%d.fallback", i)
		got = append(got, fmt.Sprintf("%s %s %s | %s", r.Name, r.Fallback, r.CallingCode, s.Origin(path)))
	}
	want := []string{"support +31201234567 31 | switchhook.toml:2", "flanders 200 32 | switchhook.toml:16"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fallbacks and calling codes (-want +got):\n%s", diff)
	}
}

func TestHoursAndHolidaysMakeASchedule(t *testing.T) {
	s := load(t, fromFile(t, onCall+"time_zone = 'Europe/Amsterdam'\nholidays = ['2027-01-01', 2026-12-25, '2026-12-25']\n"+
		"[oncall.route.hours]\nmon = ['09:00-12:00', '13:00-17:00']\nfri = '22:00-02:00'\n[[oncall.route]]\nname = 'holidays'\nholidays = ['2026-12-25']\n[[oncall.route]]\nname = 'always'\n", nil))
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	open := func(route int, month time.Month, dayOf, hour int) string {
		t.Helper()
		schedule, err := s.OnCall.Routes[route].Schedule()
		if err != nil {
			t.Fatal(err)
		}
		return string(schedule.At(time.Date(2026, month, dayOf, hour, 30, 0, 0, zone)))
	}
	got := []string{
		open(0, 11, 23, 9), open(0, 11, 23, 12), open(0, 11, 24, 9), // Monday, Tuesday
		open(0, 11, 28, 1), open(0, 12, 25, 23), // the night after a Friday, a Friday that is Christmas
		open(1, 11, 22, 3), open(1, 12, 25, 9), open(2, 12, 25, 9),
	}
	if diff := cmp.Diff([]string{"open", "closed", "closed", "open", "holiday", "open", "holiday", "open"}, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("2026-12-25, 2027-01-01", described(t, load(t, fromFile(t, onCall+"holidays = [2026-12-25, '2027-01-01']\n", nil)), "oncall.route.0.holidays").Value); diff != "" {
		t.Errorf("holidays (-want +got):\n%s", diff)
	}
	want := []string{"switchhook.toml:11: oncall.route.0.hours cannot be used: mon: it has more than 24 spans"}
	many := strings.TrimSuffix(strings.Repeat("'09:00-10:00', ", 30), ", ")
	if got := refusal(t, fromFile(t, onCall+"hours = { mon = ["+many+"] }\n", nil)); !strings.HasPrefix(join(got), want[0][:60]) {
		t.Errorf("problems of too many spans: %s", join(got))
	}
}

// TestOnCallValues gives each kind of value of on-call routing.
func TestOnCallValues(t *testing.T) {
	const (
		aNumber  = `; it takes a telephone number, such as "+31611111111", or an extension`
		aCaller  = `; it takes a number, its first digits and an asterisk, such as "+31900*", or anonymous`
		aCode    = `; it takes the calling code of a country, such as "31" or "1"`
		someKeys = `; it takes keys that a caller presses, such as "1" or "12#"`
		aName    = `which holds other characters than letters, digits, dots, dashes and underscores`
	)
	for _, c := range []struct{ path, text, want, problem string }{
		{"oncall.fallback", "+31 (0)6-1111.1111", "+31 (0)6-1111.1111", ""},
		{"oncall.fallback", "0031611111111", "0031611111111", ""},
		{"oncall.fallback", "201", "201", ""},
		{"oncall.fallback", "1", "", `is "•••1", which has fewer than 2 digits`},
		{"oncall.fallback", "+31201", "", `is "•••01", which has fewer than 7 digits after the plus`},
		{"oncall.fallback", "+0611111111", "", `is "+0611•••1111"` + aNumber},
		{"oncall.fallback", "0000", "", `is "•••00"` + aNumber},
		{"oncall.fallback", "+1234567890123456", "", `is "+1234•••3456", which has more than 15 digits, as no number has`},
		{"oncall.fallback", "sip:a@b", "", `is "sip:a@b"` + aNumber},
		{"oncall.calling_code", "1", "1", ""},
		{"oncall.calling_code", "+31", "31", ""},
		{"oncall.calling_code", "031", "", `is "031"` + aCode},
		{"oncall.calling_code", "1646", "", `is "1646"` + aCode},
		{"oncall.route.0.name", "sales.nl-1_b", "sales.nl-1_b", ""},
		{"oncall.route.0.name", "sales desk", "", `is "sales desk", ` + aName},
		{"oncall.route.0.name", strings.Repeat("a", 65), "", `is "` + strings.Repeat("a", 60) + `…", which is longer than 64 characters`},
		{"oncall.route.0.code", "12#", "12#", ""},
		{"oncall.route.0.code", "one", "", `is "one"` + someKeys},
		{"oncall.route.0.did", "+31201234567", "+31201234567", ""},
		{"oncall.route.0.block", "Anonymous", "anonymous", ""},
		{"oncall.route.0.block.0", "+31900*", "+31900*", ""},
		{"oncall.route.0.block.0", "*", "", `is "*"` + aCaller},
		{"oncall.route.0.block.0", "+31*900", "", `is "•••00"` + aCaller},
		{"oncall.route.0.beyond", "wrap", "wrap", ""},
		{"oncall.route.0.beyond", "first", "", `is "first"; it takes "last", "wrap" or "stop"`},
		{"oncall.route.0.policy", "round-robin", "", `is "round-robin"; it takes "random", "round_robin", "ordered" or "longest_idle"`},
		{"oncall.route.0.repeat_within", "5m", "5m", ""},
		{"oncall.route.0.repeat_within", "0", "0s", ""},
		{"oncall.route.0.repeat_within", "1s", "", `is "1s", which is less than 10s, the least it may be but for 0, which is never`},
		{"oncall.route.0.caller_name", "On call\n", "", `is "On call\n", which holds a line break or another control character`},
		{"oncall.source.0.url", "https://api.eu.pagerduty.com/", "<secret>", ""},
		{"oncall.source.0.url", "api.eu.pagerduty.com", "", `does not begin with https://, http:// or webcal://`},
		{"oncall.source.0.url", "https://", "", `names no host`},
		{"oncall.source.0.max_age", "31d", "", `is "31d", which is more than 30d, the most it may be`},
	} {
		t.Run(c.path+"="+c.text, func(t *testing.T) {
			from := fromFile(t, onCall, nil)
			path := strings.TrimSuffix(c.path, ".block.0")
			name := c.path
			if path != c.path {
				path += ".block"
				name = "item 1 of " + path
			}
			if path == "oncall.route.0.block" && name == path {
				name, c.path = "item 1 of "+path, path+".0"
			}
			from.Flags = map[string]string{c.path: c.text}
			if c.problem == "" {
				if got := described(t, load(t, from), path).Value; got != c.want {
					t.Errorf("%s is %q, want %q", path, got, c.want)
				}
				return
			}
			if diff := cmp.Diff([]string{"command line " + c.path + ": " + name + " " + c.problem}, refusal(t, from)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSecretsOfOnCallAreNeverShown(t *testing.T) {
	s := load(t, fromFile(t, strings.NewReplacer("secret-of-the-file", marker, "key-of-the-file", marker).Replace(onCall)+
		"secret = '"+marker+"'\nprevious_secret = '"+marker+"'\n[[oncall.source]]\nkind = 'ical'\nurl = 'https://"+marker+":"+marker+"@calendar.example.net/"+marker+"?"+marker+"'\n", nil))
	if got := fmt.Sprintf("%+v %#v %v %+v", s.Describe(), *s.OnCall, s.OnCall.Routes, s.OnCall.Sources); strings.Contains(got, marker) {
		t.Errorf("a secret shows in %s", got)
	}
	if got := s.OnCall.Sources[1].URL.Host(); got != "calendar.example.net" {
		t.Errorf("of the calendar's address it shows %q", got)
	}
	var none source.URL
	if none.Host() != "" || none.IsSet() {
		t.Errorf("of no address it shows %q", none.Host())
	}
}
