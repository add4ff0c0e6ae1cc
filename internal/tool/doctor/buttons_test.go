package doctor_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestDoctorLooksAtButtons(t *testing.T) {
	system := nstest.Start(t, nstest.Quirks{})
	system.AddDomain("a.example")
	folder := t.TempDir()
	settings := phoneSettings(t, folder, system.URL, "public_url = \"http://127.0.0.1:1\"\nlisten = \"127.0.0.1:0\"\ndomains_file = \"domains.json\"")
	for _, c := range []struct {
		name, entries string
		says          []string // none: no finding about buttons
	}{
		{"in order", `{"a": {"api_domain": "a.example", "queue": "9002@a.example", "origins": ["https://a.example"], "branding": {"button_color": "#1a73e8"}}}`, nil},
		{"no button", `{"a": {"api_domain": "a.example"}}`, nil},
		{"looks", `{"a": {"queue": "9002@a.example", "origins": ["https://a.example"],
			"branding": {"button_color": "nearly blue", "logo_url": "http://a.example/logo.png"}}}`,
			[]string{`warn  buttons      a: button_color "nearly blue" is not a colour`, "warn  buttons      a: logo_url "}},
		{"origins", `{"a": {"queue": "9@a"}, "b": {"queue": "9@b"}, "c": {"queue": "9@c"}, "d": {"queue": "9@d"}, "e": {"queue": "9@e"}, "f": {"queue": "9@f"}}`,
			[]string{"warn  buttons      any page may show the button of a, b, c, d, e and 1 more", "name the pages that may: origins"}},
		{"queues", `{"a": {"api_domain": "a.example", "queue": "9002", "origins": ["https://a.example"]}, "b": {"queue": "9003", "origins": ["https://b.example"]}}`,
			[]string{
				"warn  buttons      a queue names no domain: 9002 of a, taken to be of a.example, 9003 of b, which has no api_domain either and calls nobody",
				"write it as 9002@example.net",
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, filepath.Join(folder, "domains.json"), c.entries)
			found := examine(t, settings)
			found.wants(t, false, c.says...)
			if n := strings.Count(found.out, "buttons "); (n > 0) != (c.says != nil) {
				t.Errorf("it has %d findings:\n%s", n, found.out)
			}
		})
	}
}
