package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/setting"
)

func TestTablesArriveFromEveryNotation(t *testing.T) {
	want := map[string][]setting.Number{
		"alice@example.net": {"+31611111111", "201"}, "Bob": {"0622222222"}, "PABC123": {}, "d. o'dell": {"+1 (212) 555-0100"},
	}
	for name, from := range map[string]config.Sources{
		"a section": fromFile(t, onCall+`[oncall.numbers]
"alice@example.net" = ["+31611111111", "201"]
Bob = "0622222222"
PABC123 = []
"d. o'dell" = "+1 (212) 555-0100"
`, nil),
		"a table": fromFile(t, strings.Replace(onCall, "[oncall]", `[oncall]
numbers = { "alice@example.net" = ["+31611111111", "201"], Bob = "0622222222", PABC123 = [], "d. o'dell" = "+1 (212) 555-0100" }`, 1), nil),
		"keys with dots": fromFile(t, strings.Replace(onCall, "[oncall]", `[oncall]
numbers."alice@example.net" = ["+31611111111", "201"]
numbers.Bob = "0622222222"
numbers.PABC123 = []
numbers."d. o'dell" = "+1 (212) 555-0100"`, 1), nil),
		"the environment": {Dir: t.TempDir(), Environ: []string{
			"SECRET_KEY=x", "API_KEY=x", "ESCALATION_POLICY_ID=x",
			"SWITCHHOOK_ONCALL_NUMBERS_0=alice@example.net = +31611111111, 201", "SWITCHHOOK_ONCALL_NUMBERS_1=Bob=0622222222",
			"SWITCHHOOK_ONCALL_NUMBERS_2=PABC123 =", "SWITCHHOOK_ONCALL_NUMBERS_3=d. o'dell = +1 (212) 555-0100",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, from)
			if diff := cmp.Diff(want, s.OnCall.Numbers); diff != "" {
				t.Errorf("numbers (-want +got):\n%s", diff)
			}
			const shown = "Bob = 0622222222; PABC123 = ; alice@example.net = +31611111111, 201; d. o'dell = +1 (212) 555-0100"
			if got := described(t, s, "oncall.numbers").Value; got != shown {
				t.Errorf("it is described as %q, want %q", got, shown)
			}
		})
	}
}

func TestVariablesReplaceTheWholeTable(t *testing.T) {
	from := fromFile(t, onCall+"[oncall.numbers]\nalice = '+31611111111'\n", nil)
	if got := described(t, load(t, from), "oncall.numbers"); got.Value != "alice = +31611111111" || got.Origin.String() != "switchhook.toml:11" {
		t.Errorf("the file's table is %s, from %s", got.Value, got.Origin)
	}
	from.Environ = []string{"SWITCHHOOK_ONCALL_NUMBERS_0=bob = 201"}
	if got := described(t, load(t, from), "oncall.numbers"); got.Value != "bob = 201" || got.Origin.String() != "environment SWITCHHOOK_ONCALL_NUMBERS_0" {
		t.Errorf("the environment's table is %s, from %s", got.Value, got.Origin)
	}
}

func TestTablesThatCannotBeRead(t *testing.T) {
	const aNumber = `; it takes a telephone number, such as "+31611111111", or an extension`
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"numbers that are none", `alice = "+31 6 1111 1111 ext. 5"
bob = ["+31622222222", "bob@example.net"]
carol = 31633333333
dave = ["+31644444444", 5]
"eve" = ""
frank = { mobile = "+31655555555" }
`, []string{
			`switchhook.toml:12: oncall.numbers.alice is "+31 6 1•••111 ext. 5"` + aNumber,
			`switchhook.toml:13: item 2 of oncall.numbers.bob is "bob@example.net"` + aNumber,
			`switchhook.toml:14: oncall.numbers.carol is a number` + aNumber,
			`switchhook.toml:15: item 2 of oncall.numbers.dave is a number` + aNumber,
			`switchhook.toml:16: oncall.numbers.eve is ""` + aNumber,
			`switchhook.toml:17: oncall.numbers.frank is a table in braces; it takes a list in brackets`,
		}},
		{"names that are none", `j.doe = "+31611111111"
"" = "+31611111111"
" " = "+31611111111"
Ann = "+31611111111"
"ann " = "+31622222222"
`, []string{
			`switchhook.toml:12: oncall.numbers has a name with a dot; put quotes around it: "j.doe" = …`,
			`switchhook.toml:13: oncall.numbers has a line without a name`,
			`switchhook.toml:14: oncall.numbers has a line without a name`,
			`switchhook.toml:16: oncall.numbers has Ann and "ann ", which differ in nothing that counts`,
		}},
		{"sections", "[oncall.numbers.alice]\nmobile = '+31611111111'\n", []string{
			"switchhook.toml:12: oncall.numbers.alice is a section; it takes a list in brackets",
		}},
		{"hours that are none", `[[oncall.route]]
name = "sales"
hours = { monday = "09:00-17:00", tue = "9-5", wed = ["09:00-09:00"], thu = 9 }
holidays = [2026-12-25, "2027-02-29", "1 January"]
time_zone = "CEST"
`, []string{
			`switchhook.toml:14: oncall.route.1.hours has the name "monday"; a name is "mon", "tue", "wed", "thu", "fri", "sat" or "sun"`,
			`switchhook.toml:14: oncall.route.1.hours.tue is "9-5"; it takes a part of the day, such as "09:00-17:00"`,
			`switchhook.toml:14: item 1 of oncall.route.1.hours.wed is "09:00-09:00"; it takes a part of the day, such as "09:00-17:00"`,
			`switchhook.toml:14: oncall.route.1.hours.thu is a number; it takes a part of the day, such as "09:00-17:00"`,
			`switchhook.toml:15: item 2 of oncall.route.1.holidays is "2027-02-29"; it takes a date, such as "2026-12-25"`,
			`switchhook.toml:15: item 3 of oncall.route.1.holidays is "1 January"; it takes a date, such as "2026-12-25"`,
			`switchhook.toml:16: oncall.route.1.time_zone is "CEST"; it takes a time zone, such as "Europe/Amsterdam"`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, refusal(t, fromFile(t, onCall+"[oncall.numbers]\n"+c.content, nil))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	want := []string{`switchhook.toml:2: oncall.numbers is a list in brackets; it takes a table such as { "alice@example.net" = ["+31611111111", "201"], bob = "+31622222222" }`}
	if diff := cmp.Diff(want, refusal(t, fromFile(t, strings.Replace(onCall, "[oncall]", "[oncall]\nnumbers = ['+31611111111']", 1), nil))); diff != "" {
		t.Errorf("a list (-want +got):\n%s", diff)
	}
	from := fromFile(t, onCall, nil)
	from.Environ = []string{"SWITCHHOOK_ONCALL_NUMBERS_0=a = 201", "SWITCHHOOK_ONCALL_NUMBERS_1=a = 202"}
	want = []string{"environment SWITCHHOOK_ONCALL_NUMBERS_1: oncall.numbers has a twice"}
	if diff := cmp.Diff(want, refusal(t, from)); diff != "" {
		t.Errorf("a name in two variables (-want +got):\n%s", diff)
	}
	from.Environ = []string{"SWITCHHOOK_ONCALL_NUMBERS_0=+31611111111", "SWITCHHOOK_ONCALL_NUMBERS_1=a = 201, x"}
	want = []string{
		"environment SWITCHHOOK_ONCALL_NUMBERS_0: oncall.numbers takes NAME = VALUE, one a variable",
		`environment SWITCHHOOK_ONCALL_NUMBERS_1: item 2 of oncall.numbers.a is "x"` + aNumber,
	}
	if diff := cmp.Diff(want, refusal(t, from)); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}
