package config_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/config"
)

// TestFirstPlaceWins gives a secret in every place at once, and removes the
// places one by one from the top.
func TestFirstPlaceWins(t *testing.T) {
	files := map[string]string{
		settingsFile: "public_url = \"https://hooks.example.net\"\n[netsapiens]\nurl = \"https://ucportal.example.net\"\n" +
			"token_file = \"secrets/toml\"\ntoken = \"of the settings file\"\n[forms]\nsecret = \"x\"\n",
		".env": "SWITCHHOOK_NETSAPIENS_TOKEN='of .env'\nNS_TOKEN='of .env, old name'\n" +
			"SWITCHHOOK_NETSAPIENS_TOKEN_FILE=secrets/dotenv\n",
		"credentials/netsapiens.token": "of systemd\n",
		"secrets/environ":              "of a file that the environment names\n",
		"secrets/dotenv":               "of a file that .env names\r\n",
		"secrets/toml":                 "of a file that the settings file names\n\n",
	}
	dir := folder(t, files)
	from := config.Sources{
		Path: settingsFile, Dir: dir, CredentialsDir: filepath.Join(dir, "credentials"),
		Flags: map[string]string{"netsapiens.token": "of the command line"},
		Environ: []string{
			"SWITCHHOOK_NETSAPIENS_TOKEN=of the environment",
			"NS_TOKEN=of the environment, old name",
			"SWITCHHOOK_NETSAPIENS_TOKEN_FILE=" + filepath.Join(dir, "secrets", "environ"),
		},
	}
	rewrite := func(name, remove string) {
		t.Helper()
		kept := ""
		for line := range strings.Lines(files[name]) {
			if !strings.HasPrefix(line, remove) {
				kept += line
			}
		}
		files[name] = kept
		from.Dir = folder(t, files)
		from.CredentialsDir = filepath.Join(from.Dir, "credentials")
	}
	unset := func(name string) {
		from.Environ = slices.DeleteFunc(from.Environ, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
	}
	for _, step := range []struct {
		want, origin string
		remove       func()
	}{
		{"of the command line", "command line netsapiens.token", func() { from.Flags = nil }},
		{"of the environment", "environment SWITCHHOOK_NETSAPIENS_TOKEN", func() { unset("SWITCHHOOK_NETSAPIENS_TOKEN") }},
		{"of the environment, old name", "environment NS_TOKEN", func() { unset("NS_TOKEN") }},
		{"of .env", ".env:1", func() { rewrite(".env", "SWITCHHOOK_NETSAPIENS_TOKEN=") }},
		{"of .env, old name", ".env:1", func() { rewrite(".env", "NS_TOKEN") }},
		{"of systemd", "credential netsapiens.token", func() {
			delete(files, "credentials/netsapiens.token")
			rewrite(".env", "nothing")
		}},
		{"of a file that the environment names", "file " + filepath.Join(dir, "secrets", "environ"), func() { unset("SWITCHHOOK_NETSAPIENS_TOKEN_FILE") }},
		{"of a file that .env names", "file secrets/dotenv", func() { rewrite(".env", "SWITCHHOOK") }},
		{"of a file that the settings file names", "file secrets/toml", func() { rewrite(settingsFile, "token_file") }},
		{"of the settings file", "switchhook.toml:4", func() {}},
	} {
		s := load(t, from)
		if got := s.NetSapiens.Token.Reveal(); got != step.want {
			t.Errorf("the token is the one %s, want the one %s", got, step.want)
		}
		if got := s.Origin("netsapiens.token").String(); got != step.origin {
			t.Errorf("the token %s is said to be from %s, want %s", step.want, got, step.origin)
		}
		step.remove()
	}
}

func TestEmptyTextIsNoValue(t *testing.T) {
	from := fromFile(t, "data = \"\"\ndatabase = \"\"\n"+complete, map[string]string{".env": "NS_TOKEN=\nSWITCHHOOK_LISTEN=''\n"})
	from.Environ = []string{"SWITCHHOOK_NETSAPIENS_TOKEN=", "SWITCHHOOK_TRUSTED_PROXIES_0=", "SWITCHHOOK_FORMS_SECRET_FILE=", "SWITCHHOOK_DATABASE="}
	from.Flags = map[string]string{"listen": ""}
	s := load(t, from)
	got := []string{s.Origin("netsapiens.token").String(), s.Origin("listen").String(), s.Origin("trusted_proxies").String(), s.Origin("data").String()}
	if diff := cmp.Diff([]string{"switchhook.toml:7", "default", "default", "default"}, got); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
}

func TestItemsOfTheEnvironmentReplaceTheWholeList(t *testing.T) {
	from := fromFile(t, "trusted_proxies = [\"192.0.2.0/24\", \"198.51.100.0/24\"]\n"+complete, nil)
	if got := described(t, load(t, from), "trusted_proxies").Value; got != "192.0.2.0/24, 198.51.100.0/24" {
		t.Errorf("the file's list is %s", got)
	}
	from.Environ = []string{"SWITCHHOOK_TRUSTED_PROXIES_1=2001:db8::/32", "SWITCHHOOK_TRUSTED_PROXIES_0=203.0.113.7"}
	got := described(t, load(t, from), "trusted_proxies")
	if got.Value != "203.0.113.7/32, 2001:db8::/32" || got.Origin.String() != "environment SWITCHHOOK_TRUSTED_PROXIES_0" {
		t.Errorf("the environment's list is %s, from %s", got.Value, got.Origin)
	}
	from.Environ = []string{"SWITCHHOOK_TRUSTED_PROXIES_0=203.0.113.7", "SWITCHHOOK_TRUSTED_PROXIES_2=203.0.113.8"}
	want := []string{"environment SWITCHHOOK_TRUSTED_PROXIES_2: item 2 of trusted_proxies is given, item 1 is not"}
	if diff := cmp.Diff(want, refusal(t, from)); diff != "" {
		t.Errorf("problems of a list with a gap (-want +got):\n%s", diff)
	}
}

func TestEmptyListIsAValue(t *testing.T) {
	s := load(t, fromFile(t, "trusted_proxies = []\n"+complete, nil))
	if len(s.TrustedProxies) != 0 || s.Origin("trusted_proxies").String() != "switchhook.toml:1" {
		t.Errorf("trusted_proxies is %v, from %s", s.TrustedProxies, s.Origin("trusted_proxies"))
	}
}

func TestDotenvBesideTheSettingsFileStandsBeforeTheOther(t *testing.T) {
	files := map[string]string{"etc/switchhook.toml": complete, ".env": "NS_TOKEN=here"}
	from := config.Sources{Path: "etc/switchhook.toml", Dir: folder(t, files)}
	if got := load(t, from).Origin("netsapiens.token").String(); got != ".env:1" {
		t.Errorf("without a .env beside the settings file the token is from %s", got)
	}
	files["etc/.env"] = "\nNS_TOKEN=beside"
	from.Dir = folder(t, files)
	if got := load(t, from).Origin("netsapiens.token").String(); got != "etc/.env:2" {
		t.Errorf("with a .env beside the settings file the token is from %s", got)
	}
	from.Path = filepath.Join(from.Dir, "etc", settingsFile)
	if got, want := load(t, from).Origin("netsapiens.token").String(), filepath.Join(from.Dir, "etc", ".env")+":2"; got != want {
		t.Errorf("with an absolute settings file the token is from %s, want %s", got, want)
	}
}

func TestFolderCalledDotenvIsNone(t *testing.T) {
	load(t, fromFile(t, complete, map[string]string{".env/bin/python3": ""}))
}

func TestLastOfARepeatedVariableCounts(t *testing.T) {
	from := fromFile(t, complete, map[string]string{".env": "NS_TOKEN=one\nNS_TOKEN=two\n"})
	if got := load(t, from).NetSapiens.Token.Reveal(); got != "two" {
		t.Errorf("the token is %s, want the last", got)
	}
	from = fromFile(t, onCall, nil)
	from.Environ = slices.Repeat([]string{"SWITCHHOOK_ONCALL_NUMBERS_0=bob = 201"}, 2)
	if got := described(t, load(t, from), "oncall.numbers").Value; got != "bob = 201" {
		t.Errorf("a line of a table that is given twice is %q", got)
	}
}

func TestRelativePathsBeginWhereTheyAreWritten(t *testing.T) {
	files := map[string]string{
		"etc/switchhook.toml": "data = \"kept\"\n" + complete,
		"etc/.env":            "SWITCHHOOK_DOMAINS_FILE=domains.json",
	}
	from := config.Sources{Path: "etc/switchhook.toml", Dir: folder(t, files)}
	s := load(t, from)
	want := []string{filepath.Join(from.Dir, "etc", "kept"), filepath.Join(from.Dir, "etc", "domains.json")}
	if diff := cmp.Diff(want, []string{string(s.Data), string(s.DomainsFile)}); diff != "" {
		t.Errorf("data of the settings file, domains_file of .env (-want +got):\n%s", diff)
	}
	from.Environ = []string{"SWITCHHOOK_DATA=kept"}
	from.Flags = map[string]string{"domains_file": filepath.Join(from.Dir, "elsewhere.json")}
	s = load(t, from)
	want = []string{filepath.Join(from.Dir, "kept"), filepath.Join(from.Dir, "elsewhere.json")}
	if diff := cmp.Diff(want, []string{string(s.Data), string(s.DomainsFile)}); diff != "" {
		t.Errorf("data of the environment, domains_file of the command line (-want +got):\n%s", diff)
	}
}

func TestFileOfASecretIsNotOpenedWhereABetterPlaceHasIt(t *testing.T) {
	from := fromFile(t, complete, nil)
	from.Environ = []string{"SWITCHHOOK_NETSAPIENS_TOKEN_FILE=/nowhere/token", "NS_TOKEN=x"}
	load(t, from)
	from.Environ = from.Environ[:1]
	want := []string{"environment SWITCHHOOK_NETSAPIENS_TOKEN_FILE: netsapiens.token is to be in the file /nowhere/token, which cannot be read: there is no such file"}
	if diff := cmp.Diff(want, refusal(t, from)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
