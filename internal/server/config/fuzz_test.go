package config_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// marker is a secret that no message may show.
const marker = "xyzzy-plugh-plover"

// FuzzLoad loads any settings file, .env and environment: what loads can be
// written and loaded again, and what does not says why.
func FuzzLoad(f *testing.F) {
	f.Add(complete, "NS_TOKEN=x", "SWITCHHOOK_LISTEN=:80")
	f.Add(config.Example(), "UPDATE_SECRET='y'\nNS_TOKEN=x", "SWITCHHOOK_TRUSTED_PROXIES_0=::1\nSWITCHHOOK_TRUSTED_PROXIES_1=::2")
	f.Add(contract, "", "SWITCHHOOK_ONCALL_SOURCE_0_API_KEY=x")
	for _, name := range []string{settingsFile, ".env"} {
		content, err := os.ReadFile(filepath.Join("testdata", "everything_wrong", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content), string(content), string(content))
	}
	f.Add(whole(), "NS_TOKEN=x\nUPDATE_SECRET=y", "SWITCHHOOK_TEXTBACK_LANDLINES_0=+1 (646) 555")
	f.Add("a = [\n\n[core]\ndomain = 'x'\n[[a]]\n\"\"\"", "", "")
	f.Add("netsapiens={url='http://a/%zz',token='\\'}\nnetsapiens.url=1\n[netsapiens]", "A='", "SWITCHHOOK_TEXTBACK_PATIENCE=0d1.5s")
	f.Add(onCall+"[oncall.numbers]\nalice = ['+31611111111', \"201\"]\n\"a=b\" = []\n[[oncall.source]]\nkind = 'ical'\nurl = 'webcal://a/b'\ncategories.a = 1\n", "API_KEY=x", "SWITCHHOOK_ONCALL_ROUTE_0_HOURS_0=mon = 09:00-12:00, 13:00-17:00\nSWITCHHOOK_ONCALL_ROUTE_1_NAME=b")
	f.Add("oncall.source = [{ kind = 'file', path = 'a' }]\noncall.route = [{ name = 'a', holidays = [2026-12-25] }]\n[oncall]\nsecret = 'x'", "SECRET_KEY=x", "SWITCHHOOK_ONCALL_NUMBERS_0=a = b = 201\nSWITCHHOOK_ONCALL_SOURCE_0_TIME_ZONE=UTC")
	f.Add("[[oncall.source]]\n[[oncall.route]]\n[oncall.route.texts]\nnobody = 'x'\n[oncall.route.hours.mon]\n[oncall.source]", "ESCALATION_POLICY_ID=x", "SWITCHHOOK_ONCALL_SOURCE_7_API_KEY=x")
	dir := f.TempDir() // one process runs one input at a time
	f.Fuzz(func(t *testing.T, file, dotenv, environ string) {
		for name, content := range map[string]string{settingsFile: file, ".env": dotenv} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		from := config.Sources{Path: settingsFile, Dir: dir, Environ: append(strings.Split(environ, "\n"), "NS_TOKEN="+marker, "SWITCHHOOK_FORMS_SECRET="+marker, "SECRET_KEY="+marker)}
		s, err := config.Load(from)
		if err != nil {
			checkProblems(t, err)
			return
		}
		checkRoundTrip(t, dir, s)
	})
}

// checkProblems checks an error of Load.
func checkProblems(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*config.Error](err)
	if !ok || len(e.Problems) == 0 || fault.CodeOf(err) != fault.Invalid {
		t.Fatalf("the error is %#v", err)
	}
	if got := strings.Count(err.Error(), "\n"); got != len(e.Problems) {
		t.Errorf("%d problems are told on %d lines", len(e.Problems), got)
	}
	line := 0
	for _, p := range e.Problems {
		text := p.String()
		if p.Message == "" || strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, marker) {
			t.Errorf("a problem is told as %q", text)
		}
		if p.Origin.Kind == config.File {
			if p.Origin.Line < line {
				t.Errorf("line %d is told after line %d", p.Origin.Line, line)
			}
			line = p.Origin.Line
		}
	}
}

// several are the paths of settings with several values, with the separator
// that Describe uses.
var several = map[string]string{
	"calendars": ", ", "schedules": ", ", "sources": ", ", "did": ", ", "code": ", ", "block": ", ", "allow": ", ", "allow_from": ", ", "holidays": ", ",
	"trusted_proxies": ", ", "landlines": ", ", "numbers": "; ", "hours": "; ", "categories": "; ",
}

// checkRoundTrip gives the output of Describe on the command line, and expects
// the same settings.
func checkRoundTrip(t *testing.T, dir string, s *config.Settings) {
	t.Helper()
	flags := make(map[string]string)
	var want []string
	for _, one := range s.Describe() {
		if strings.Contains(fmt.Sprintf("%+v", one), marker) {
			t.Errorf("a secret shows in %+v", one)
		}
		between, isSeveral := several[one.Path[strings.LastIndexByte(one.Path, '.')+1:]]
		switch {
		case one.Value == "<secret>":
			flags[one.Path] = secretFor(one.Path)
		case !isSeveral:
			flags[one.Path] = one.Value
		case one.Value == "" && one.Path == "trusted_proxies":
			continue // the command line cannot express an empty list
		case strings.Count(one.Value, ", ")+strings.Count(one.Value, "; ") > 0 && hasOddNames(s):
			return // a name contains a separator
		case one.Value != "":
			for i, item := range strings.Split(one.Value, between) {
				flags[fmt.Sprintf("%s.%d", one.Path, i)] = item
			}
		}
		want = append(want, one.Path+" = "+one.Value)
	}
	again, err := config.Load(config.Sources{Dir: filepath.Join(dir, "nothing"), LegacyDir: filepath.Join(dir, "nothing"), Flags: flags})
	if err != nil {
		t.Fatalf("what Describe says does not load: %v", err)
	}
	var got []string
	for _, one := range again.Describe() {
		if one.Origin.Kind != config.Default || one.Path != "trusted_proxies" {
			got = append(got, one.Path+" = "+one.Value)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what Describe says, loaded again (-want +got):\n%s", diff)
	}
}

// secretFor returns a valid secret for a setting.
func secretFor(path string) string {
	switch {
	case path == "database":
		return "postgres://a/b"
	case path == "alerts.webhook", strings.HasSuffix(path, ".url"):
		return "http://a"
	}
	return "x"
}

// hasOddNames says whether one of the operator's names contains a separator.
func hasOddNames(s *config.Settings) bool {
	if s.OnCall == nil {
		return false
	}
	var texts []string
	for name := range s.OnCall.Numbers {
		texts = append(texts, name)
	}
	for _, source := range s.OnCall.Sources {
		texts = slices.Concat(texts, source.Calendars, source.Schedules, slices.Collect(maps.Keys(source.Categories)))
	}
	return slices.ContainsFunc(texts, func(text string) bool { return strings.ContainsAny(text, ",;") || strings.TrimSpace(text) != text })
}

// FuzzSettingsFile reads any text as TOML: it is valid if the TOML library says
// so, and every value is on one of its lines.
func FuzzSettingsFile(f *testing.F) {
	f.Add(complete)
	f.Add(contract)
	f.Add("a = [\n 'x'\n 'y']\n[b\nc = d\n\"e f\" = '''\n\ng=1\n[h]\n[h]\nh.i=1\nh.i.j=2\n\xff")
	f.Fuzz(func(t *testing.T, content string) {
		values, wrong := config.ReadDocument(content)
		var unused map[string]any
		if err := toml.Unmarshal(plaintext.Decode([]byte(content)), &unused); (err == nil) != (wrong == 0) {
			t.Errorf("the library says %v, line %d is told", err, wrong)
		}
		lines := strings.Count(string(plaintext.Decode([]byte(content))), "\n") + 1
		for _, line := range append(values, max(wrong, 1)) {
			if line < 1 || line > lines {
				t.Fatalf("values in the lines %v, and a problem in the line %d, of %d", values, wrong, lines)
			}
		}
	})
}

// FuzzDatabase reads any address of a database: what is shown of it never
// contains the password.
func FuzzDatabase(f *testing.F) {
	f.Add("postgres://a:%s@b:5432,c/d?sslmode=require")
	f.Add("postgresql:///d?host=/run/postgresql&password=%s")
	f.Add("postgres://a:1/%s@b/c")
	f.Add("postgres://a@b/c?user=x#%s")
	f.Add("postgres://b/c?dbname=d@%s")
	f.Add("http://%s")
	f.Fuzz(func(t *testing.T, address string) {
		// A password stands between a colon and the @ before the hosts, or is
		// the parameter of that name.
		if strings.Count(address, "%s") != 1 || !strings.Contains(address, ":%s@") && !strings.Contains(address, "/%s@") && !strings.Contains(address, "password=%s") {
			return
		}
		address = strings.Replace(address, "%s", marker, 1)
		s, err := config.Load(config.Sources{Dir: t.TempDir(), Flags: map[string]string{"core.domain": "a", "database": address}})
		if err != nil {
			checkProblems(t, err)
			return
		}
		if got := s.Database.Place(); strings.Contains(got, marker) || s.Database.IsSet() && got == "" {
			t.Errorf("it shows %q of %q", got, address)
		}
	})
}
