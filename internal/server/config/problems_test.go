package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server/config"
)

var update = flag.Bool("update", false, "write what the tests compare with anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestAllProblemsAreToldAtOnceInTheOrderOfTheFile(t *testing.T) {
	dir := filepath.Join("testdata", "everything_wrong")
	_, err := config.Load(config.Sources{
		Path:  settingsFile,
		Dir:   dir,
		Flags: map[string]string{"listen": "everywhere", "lissen": "x"},
		Environ: []string{
			"SWITCHHOOK_TRUSTED_PROXIES=10.0.0.0/8",
			"SWITCHHOOK_ONCALL_SOURCE_0_API_KEY=hunter2",
			"SWITCHHOOK_CORE_SIP_0=udp://0.0.0.0:5060",
			"SWITCHHOOK_TOKEN=hunter2",
			"SWITCHHOOK_ALLOW_PRIVATE_RESPONDERS=1",
			"SWITCHHOOK_COLOUR=blue",
			"HOME=/root", "=C:=C:\\", "garbage",
		},
		CredentialsDir: "nowhere",
	})
	if err == nil {
		t.Fatal("all of it loads")
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret shows")
	}
	if fault.CodeOf(err) != fault.Invalid || !strings.Contains(fault.HintOf(err), "docs/settings.md") {
		t.Errorf("code %q, hint %q", fault.CodeOf(err), fault.HintOf(err))
	}
	golden(t, filepath.Join(dir, "problems.golden"), err.Error()+"\n")
}

func TestProblemsOfOneFile(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"a file of nothing", "", []string{
			"switchhook.toml:1: nothing is switched on: write a section [netsapiens], [oncall] or [core]",
		}},
		{"a section that lacks everything", "# none\n[netsapiens]\n", []string{
			`switchhook.toml:1: public_url is missing: write public_url = "https://hooks.example.net" at the top of the file, or set SWITCHHOOK_PUBLIC_URL in the environment`,
			`switchhook.toml:2: netsapiens.url is missing: write url = "https://ucportal.example.net" below [netsapiens], or set SWITCHHOOK_NETSAPIENS_URL in the environment`,
			`switchhook.toml:2: netsapiens.token is missing: write token = "…" below [netsapiens], or set NS_TOKEN in the environment`,
			`switchhook.toml:2: forms.secret is missing: write secret = "…" below [forms], or set UPDATE_SECRET in the environment`,
		}},
		{"values that are empty", "public_url = ''\n[forms]\nsecret = ''\n[netsapiens]\nurl = ''\ntoken = ''\n", []string{
			`switchhook.toml:1: public_url is missing: write public_url = "https://hooks.example.net" at the top of the file, or set SWITCHHOOK_PUBLIC_URL in the environment`,
			`switchhook.toml:2: forms.secret is missing: write secret = "…" below [forms], or set UPDATE_SECRET in the environment`,
			`switchhook.toml:4: netsapiens.url is missing: write url = "https://ucportal.example.net" below [netsapiens], or set SWITCHHOOK_NETSAPIENS_URL in the environment`,
			`switchhook.toml:4: netsapiens.token is missing: write token = "…" below [netsapiens], or set NS_TOKEN in the environment`,
		}},
		{"the Core without a domain", "[core]\n", []string{
			`switchhook.toml:1: core.domain is missing: write domain = "example.net" below [core], or set SWITCHHOOK_CORE_DOMAIN in the environment`,
		}},
		{"only what this version does not have", "[speech]\nrecogniser = 'x'\n", []string{
			"switchhook.toml:2: speech.recogniser is of no use yet, leave it out: this version has no service that speaks, or that understands what callers say",
		}},
		{"a mistyped section hides what it lacks", complete + "[cor]\n", []string{
			"switchhook.toml:9: cor is not a section; is core meant?",
		}},
		{"a mistyped key is not missing as well", strings.Replace(complete, "token =", "tokne =", 1), []string{
			"switchhook.toml:5: netsapiens.tokne is not a setting; is netsapiens.token meant?",
		}},
		{"a broken line is not missing as well", strings.Replace(complete, `"token-of-the-file"`, "nss_1a2b", 1), []string{
			`switchhook.toml:5: this is not TOML: the value of token needs quotes: token = "…"`,
		}},
		{"a key below the wrong section", complete + "token = 'x'\n", []string{
			"switchhook.toml:9: forms.token is not a setting; is netsapiens.token meant?",
		}},
		{"a list that does not end", "trusted_proxies = [\n  '::1',\n" + complete, []string{
			"switchhook.toml:3: this is not TOML: unexpected character U+0070 'p' at start of value",
		}},
		{"a text that does not end", strings.Replace(complete, `example.net"`, "example.net", 1), []string{
			"switchhook.toml:1: this is not TOML: basic strings cannot have new lines",
		}},
		{"a text of many lines that does not end", complete + "[core]\ndomain = '''\nexample.net\n", []string{
			"switchhook.toml:11: this is not TOML: multiline literal string not terminated by '''",
		}},
		{"lines of Windows, and its mark", "\ufeffpublic_url = 5\r\n" + strings.ReplaceAll(complete, "\n", "\r\n"), []string{
			"switchhook.toml:2: this is not TOML: key public_url is already defined",
		}},
		{"a key within a value", complete + "[netsapiens.url]\nhost = 'x'\n", []string{
			"switchhook.toml:9: this is not TOML: key url should be a table, not a value",
		}},
		{"numbers and times that are none", "data = 99999999999999999999\n" + complete + "[core]\ndomain = 25:00:00\n", []string{
			"switchhook.toml:1: this is not TOML: decimal number is too large to fit in a 64-bit signed integer",
		}},
		{"letters that are none", "# \xff\n" + complete + "[core]\ndomain = '\xff'\n", []string{
			"switchhook.toml:1: this is not TOML: invalid UTF-8 character in comment",
		}},
		{"a name over several lines", complete + "\"a\\nb\" = 1\n'' = 2\n", []string{
			`switchhook.toml:9: forms."a\nb" is not a setting`,
			`switchhook.toml:10: forms."" is not a setting`,
		}},
		{"one of two arrays of sections", complete + "[[core]]\ndomain = 'a'\n[[core]]\ndomain = 'b'\n", []string{
			"switchhook.toml:9: there is one section core: write [core] in place of [[core]]",
			"switchhook.toml:11: there is one section core: write [core] in place of [[core]]",
		}},
		{"another kind of file", "{\n  \"listen\": 5100\n}\n", []string{
			"switchhook.toml:1: this is not TOML: invalid character at start of key: U+007B '{'",
		}},
		{"the first of many lines", strings.Repeat("listen = here\n", 30), []string{
			`switchhook.toml:1: this is not TOML: the value of listen needs quotes: listen = "…"`,
		}},
		{"an address without quotes", "[core]\nlisten = 10.0.0.1:80 # of the machine\n", []string{
			`switchhook.toml:2: this is not TOML: the value of listen needs quotes: listen = "…"`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, refusal(t, fromFile(t, c.content, nil))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilesThatCannotBeReadAreTold(t *testing.T) {
	big := strings.Repeat("# big\n", 1<<18)
	dir := folder(t, map[string]string{"folder/x": "", "big": big, "empty": "\n", "two": "a\nb\n", settingsFile: complete})
	for _, c := range []struct {
		name string
		from config.Sources
		want []string
	}{
		{"no settings file", config.Sources{Path: "none.toml"}, []string{"none.toml: this file cannot be read: there is no such file"}},
		{"a folder", config.Sources{Path: "folder"}, []string{"folder: this file cannot be read: it is not a file"}},
		{"a file too big", config.Sources{Path: "big"}, []string{"big: this file cannot be read: it is larger than 256 KiB"}},
		{"no file of a secret, or an empty one", config.Sources{Path: settingsFile, Flags: map[string]string{"public_url": "x"}, Environ: []string{
			"SWITCHHOOK_NETSAPIENS_TOKEN_FILE=empty", "SWITCHHOOK_FORMS_SECRET_FILE=folder",
		}}, []string{
			"environment SWITCHHOOK_FORMS_SECRET_FILE: forms.secret is to be in the file folder, which cannot be read: it is not a file",
			"environment SWITCHHOOK_NETSAPIENS_TOKEN_FILE: netsapiens.token is to be in the file empty, which is empty",
			`command line public_url: public_url is "x", which does not begin with https:// or http://`,
		}},
		{"a secret of two lines", config.Sources{Path: settingsFile, Environ: []string{"SWITCHHOOK_FORMS_SECRET_FILE=two"}}, []string{
			"file two: forms.secret holds a line break or another control character",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.from.Dir = dir
			if diff := cmp.Diff(c.want, refusal(t, c.from)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCredentialsThatCannotBeReadAreTold(t *testing.T) {
	from := fromFile(t, complete, map[string]string{"credentials/netsapiens.token/x": ""})
	from.CredentialsDir = filepath.Join(from.Dir, "credentials")
	want := []string{"credential netsapiens.token: this credential cannot be read: it is not a file"}
	if diff := cmp.Diff(want, refusal(t, from)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
