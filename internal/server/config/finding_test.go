package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/switchhook/switchhook/internal/server/config"
)

func TestSettingsAreFoundHereThenInAnOldFolderThenInTheSystem(t *testing.T) {
	for _, c := range []struct {
		name   string
		here   []string
		system bool
		want   string
	}{
		{"nothing", nil, false, ""},
		{"the system's", nil, true, "system"},
		{"those here before the system's", []string{"switchhook.toml"}, true, "here"},
		{"those here before an old folder", []string{"switchhook.toml", ".env", "domains.json"}, false, "here"},
		{"an old folder before the system's", []string{".env"}, true, ""},
		{"an old folder of entries alone", []string{"domains.json"}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			here, etc := t.TempDir(), t.TempDir()
			system := filepath.Join(etc, "switchhook.toml")
			files := make([]string, 0, len(c.here)+1)
			for _, name := range c.here {
				files = append(files, filepath.Join(here, name))
			}
			if c.system {
				files = append(files, system)
			}
			for _, file := range files {
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want := map[string]string{"": "", "here": filepath.Join(here, "switchhook.toml"), "system": system}[c.want]
			if got := config.Find(here, system); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
