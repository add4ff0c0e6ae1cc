package config_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/config"
)

func TestOldFolderRunsAsItIs(t *testing.T) {
	dir := folder(t, map[string]string{
		"domains.json": "{}",
		"app.py":       "",
		".env": "# NetSapiens\nNS_TOKEN=nss_1a2b\nUPDATE_SECRET='open sesame'\nFLASK_ENV=production\n" +
			"SWITCHHOOK_NETSAPIENS_URL=https://ucportal.example.net\nSWITCHHOOK_PUBLIC_URL=https://hooks.example.net\n",
	})
	s := load(t, config.Sources{Dir: dir})
	usual := load(t, fromFile(t, complete, nil)) // for settings whose default is the same everywhere
	got := map[string]string{}
	for _, one := range s.Describe() {
		if one.Origin.Kind == config.NotSet || one.Origin.Kind == config.Default && one.Value == described(t, usual, one.Path).Value {
			continue
		}
		got[one.Path] = one.Value + " " + one.Origin.String()
	}
	want := map[string]string{
		"public_url":       "https://hooks.example.net .env:6",
		"data":             filepath.Join(dir, "switchhook-data") + " default",
		"domains_file":     filepath.Join(dir, "domains.json") + " default",
		"netsapiens.url":   "https://ucportal.example.net .env:5",
		"netsapiens.token": "<secret> .env:2",
		"forms.secret":     "<secret> .env:3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if s.NetSapiens.Token.Reveal() != "nss_1a2b" || !s.Forms.Secret.Matches("open sesame") {
		t.Error("the secrets are not those of .env")
	}
}

func TestOldFolderNamesWhatIsMissing(t *testing.T) {
	from := config.Sources{Dir: folder(t, map[string]string{"domains.json": "{}"})}
	want := []string{
		"public_url is missing: set SWITCHHOOK_PUBLIC_URL, in the environment or in .env",
		"netsapiens.url is missing: set SWITCHHOOK_NETSAPIENS_URL, in the environment or in .env",
		"netsapiens.token is missing: set NS_TOKEN, in the environment or in .env",
		"forms.secret is missing: set UPDATE_SECRET, in the environment or in .env",
	}
	if diff := cmp.Diff(want, refusal(t, from)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestFolderWithoutEntriesIsNoOldFolder(t *testing.T) {
	want := []string{
		"nothing is switched on: write a section [netsapiens], [oncall] or [core] into a settings file and name that file, or start in a folder with domains.json and .env",
	}
	if diff := cmp.Diff(want, refusal(t, config.Sources{Dir: t.TempDir()})); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestSettingsFileBesideEntriesSaysItself(t *testing.T) {
	s := load(t, fromFile(t, "[core]\ndomain = 'example.net'\n", map[string]string{"domains.json": "{}"}))
	if s.NetSapiens != nil || s.DomainsFile != "" || s.Data != "/var/lib/switchhook" {
		t.Errorf("a domains.json beside a settings file has set %+v", s.Describe())
	}
}
