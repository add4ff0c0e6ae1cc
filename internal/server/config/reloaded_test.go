package config_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/server/config"
)

// TestAReloadNamesTheSettingsThatChanged changes one, a secret, a section that comes and
// one that goes; no value may show.
func TestAReloadNamesTheSettingsThatChanged(t *testing.T) {
	const needed = "public_url = 'https://hooks.example.net'\n[netsapiens]\nurl = 'https://ucportal.example.net'\ntoken = 'nsd_x'\n"
	before := load(t, fromFile(t, needed+"[forms]\nsecret = 'the-old-secret-of-the-forms'\n[textback]\ncooldown = '1h'\n[core]\ndomain = 'example.net'\n", nil))
	after := load(t, fromFile(t, needed+"[forms]\nsecret = 'the-new-secret-of-the-forms'\n[textback]\ncooldown = '2h'\n[alerts]\nwebhook = 'https://alerts.example.net/'\n", nil))
	told := config.ReloadedItem(after, before, nil)
	if told.Kind != activity.Reload || told.Outcome != "in_force" {
		t.Errorf("told is %+v", told)
	}
	names := told.Steps[0].Args["settings"]
	for _, want := range []string{"textback.cooldown", "forms.secret", "core.domain", "alerts.webhook"} {
		if !strings.Contains(names, want) {
			t.Errorf("%q lacks %s", names, want)
		}
	}
	for _, no := range []string{"netsapiens", "the-", "textback.cooldown_texts"} {
		if strings.Contains(names, no) {
			t.Errorf("%q has %s", names, no)
		}
	}
	if same := config.ReloadedItem(before, before, nil).Steps[0].Args["settings"]; same != "" {
		t.Errorf("nothing has changed, told is %q", same)
	}
}
