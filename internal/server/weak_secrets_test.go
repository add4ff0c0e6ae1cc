package server_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// weakSettings are settings of a server with the forms' secret on line 8 and an
// on-call secret on line 10.
func weakSettings(forms, onCall string) string {
	return fmt.Sprintf(`listen = "127.0.0.1:0"
public_url = "https://hooks.example.net"
data = "data"
[netsapiens]
url = "https://phones.example.net"
token = "x"
[forms]
secret = %q
[oncall]
secret = %q
previous_secret = "old"
[[oncall.source]]
kind = "file"
path = "rota.toml"
`, forms, onCall)
}

// folderOf returns a folder with some files, in their subfolders.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// started is open; the server is closed at the end of the test.
func started(t *testing.T, from config.Sources) (a *server.Server, log *bytes.Buffer, err error) {
	t.Helper()
	a, log, err = open(t, from)
	if err == nil {
		t.Cleanup(func() {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return a, log, err
}

// open wires a server with a folder's settings, and returns its log.
func open(t *testing.T, from config.Sources) (a *server.Server, log *bytes.Buffer, err error) {
	t.Helper()
	settings, err := config.Load(from)
	if err != nil {
		t.Fatal(err)
	}
	log = &bytes.Buffer{}
	a, err = server.New(t.Context(), settings, server.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	return a, log, err
}

const longSecret = "a-secret-of-16-c"

func TestANewFolderTakesNoShortSecrets(t *testing.T) {
	const (
		forms  = "switchhook.toml:8: forms.secret has 10 characters; a new secret has at least 16, and openssl rand -hex 32 makes one"
		onCall = "switchhook.toml:10: oncall.secret has 15 characters; a new secret has at least 16, and openssl rand -hex 32 makes one"
	)
	for _, c := range []struct {
		name, forms, onCall string
		want                []string
	}{
		{"long ones", longSecret, longSecret, nil},
		{"of the forms", "formsecret", longSecret, []string{forms}},
		{"both", "formsecret", "of-15-character", []string{forms, onCall}},
		{"letters of two bytes", strings.Repeat("é", 16), longSecret, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := folderOf(t, map[string]string{"switchhook.toml": weakSettings(c.forms, c.onCall)})
			for range 2 { // the refusal leaves nothing that would make the folder look used
				_, log, err := started(t, config.Sources{Path: "switchhook.toml", Dir: folder})
				want := ""
				if c.want != nil {
					want = "the settings cannot be used:\n  " + strings.Join(c.want, "\n  ")
				}
				if got := fmt.Sprint(err); c.want != nil && got != want || c.want == nil && err != nil {
					t.Fatalf("the start comes to\n%s\nwant\n%s", got, want)
				}
				if err == nil {
					if !strings.Contains(log.String(), "switchhook.toml:11: oncall.previous_secret has 3 characters") {
						t.Errorf("the log does not tell of the secret that another replaces:\n%s", log)
					}
					return
				}
			}
		})
	}
}

func TestAnOldFolderIsWarnedOfShortSecrets(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a token":                      {"data/operator.token": "nss_a-token-that-was-made-once\n"},
		"entries of the first version": {"data/domains.json": "{}"},
		"what cannot be looked into":   {"data": "no folder"},
	} {
		t.Run(name, func(t *testing.T) {
			files["switchhook.toml"] = weakSettings("formsecret", longSecret)
			_, log, err := started(t, config.Sources{Path: "switchhook.toml", Dir: folderOf(t, files)})
			if err != nil && strings.Contains(err.Error(), "settings") {
				t.Fatal(err) // other failures are expected where data is not a folder
			}
			if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "switchhook.toml:8: forms.secret has 10 characters") {
				t.Errorf("the log tells nothing of it:\n%s", log)
			}
			if strings.Contains(log.String(), "formsecret") {
				t.Errorf("the log shows the secret:\n%s", log)
			}
		})
	}
}

func TestAnOldDatabaseMakesAFolderOld(t *testing.T) {
	for name, database := range map[string]string{"in the folder": "", "elsewhere": fmt.Sprintf("database = %q\n", storetest.EmptyPostgres(t).URL)} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			start := func(forms string) error {
				if err := os.WriteFile(filepath.Join(folder, "switchhook.toml"), []byte(database+weakSettings(forms, longSecret)), 0o600); err != nil {
					t.Fatal(err)
				}
				a, _, err := open(t, config.Sources{Path: "switchhook.toml", Dir: folder})
				if err == nil {
					err = a.Close()
				}
				_ = os.Remove(filepath.Join(folder, "data", server.TokenFile)) // it may not be there
				return err
			}
			if start("formsecret") == nil {
				t.Error("there is no database yet, and the short secret is taken")
			}
			if err := start(longSecret); err != nil {
				t.Fatal(err)
			}
			if err := start("formsecret"); err != nil {
				t.Errorf("with a database that was used before: %v", err)
			}
		})
	}
}

// The predecessors had secrets of any length, which customers' forms and dial
// plans hold.
func TestSecretsOfTheServicesBeforeAreTakenOver(t *testing.T) {
	const server = "SWITCHHOOK_NETSAPIENS_URL=https://phones.example.net\nSWITCHHOOK_PUBLIC_URL=https://hooks.example.net\n"
	for _, c := range []struct {
		name, settings string
		files          map[string]string
		want           []string
	}{
		{
			name: "in their folders",
			files: map[string]string{
				"domains.json": "{}", ".env": "NS_TOKEN=x\nUPDATE_SECRET=open\n" + server,
				"before/secret_key": "short", "before/api_key": "x", "before/escalation_policy_id": "x",
			},
			want: []string{".env:2: forms.secret has 4 characters"},
		},
		{
			name: "of on-call, in its folder",
			files: map[string]string{
				"before/secret_key": "short", "before/api_key": "x", "before/escalation_policy_id": "x",
			},
			want: []string{"secret_key: oncall.secret has 5 characters"},
		},
		{
			name: "as the package takes them over", settings: "switchhook.toml",
			files: map[string]string{
				"switchhook.toml": "data = \"data\"\n",
				".env": "NS_TOKEN=x\nUPDATE_SECRET=open\n" + server +
					"SECRET_KEY=\"short\"\nSWITCHHOOK_ONCALL_SOURCE_0_API_KEY=x\nSWITCHHOOK_ONCALL_SOURCE_0_ESCALATION_POLICY=x\n",
			},
			want: []string{".env:2: forms.secret has 4 characters", ".env:5: oncall.secret has 5 characters"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := folderOf(t, c.files)
			_, log, err := started(t, config.Sources{
				Path: c.settings, Dir: folder, LegacyDir: filepath.Join(folder, "before"), Flags: map[string]string{"data": "data"},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log lacks %s:\n%s", want, log)
				}
			}
		})
	}
}

func TestAReloadTakesNoNewShortSecret(t *testing.T) {
	folder := folderOf(t, map[string]string{"switchhook.toml": weakSettings("formsecret", longSecret), "data/operator.token": "nss_a-token-that-was-made-once\n"})
	from := config.Sources{Path: "switchhook.toml", Dir: folder}
	a, _, err := started(t, from)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, forms, onCall string
		refused             bool
	}{
		{"nothing new", "formsecret", longSecret, false},
		{"another short one", "formsecret2", longSecret, true},
		{"a short one elsewhere", "formsecret", "short", true},
		{"one that is known elsewhere", "formsecret", "formsecret", false},
		{"long ones", longSecret, longSecret, false},
		{"back to the short one", "formsecret", longSecret, true},
	} {
		if err := os.WriteFile(filepath.Join(folder, "switchhook.toml"), []byte(weakSettings(c.forms, c.onCall)), 0o600); err != nil {
			t.Fatal(err)
		}
		settings, err := config.Load(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Reload(t.Context(), settings); (err != nil) != c.refused {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAShortTokenOfTheOperatorIsWarnedOf(t *testing.T) {
	folder := folderOf(t, map[string]string{"switchhook.toml": weakSettings(longSecret, longSecret), "data/operator.token": "secret\n"})
	_, log, err := started(t, config.Sources{Path: "switchhook.toml", Dir: folder})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "operator.token: the operator's token has 6 characters") || strings.Contains(log.String(), "=secret") {
		t.Errorf("the log:\n%s", log)
	}
}
