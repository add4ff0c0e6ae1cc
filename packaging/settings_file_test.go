package packaging_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/config"
)

// settingsFile returns the path of the package's settings file.
func settingsFile(t *testing.T) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), "switchhook.toml"), output(t, "./settings.sh"))
}

func TestSettingsFileIsTheProgramsExample(t *testing.T) {
	var want strings.Builder // the example, with all of it left out
	for line := range strings.Lines(config.Example()) {
		if line != "\n" && !strings.HasPrefix(line, "#") {
			want.WriteByte('#')
		}
		want.WriteString(line)
	}
	head, got, found := strings.Cut(read(t, settingsFile(t)), "\n\n")
	if !found || strings.HasPrefix(head, "#\n") {
		t.Fatalf("the file begins with %q", head)
	}
	if diff := cmp.Diff(want.String(), got); diff != "" {
		t.Errorf("packaging/settings.sh prints something else than the program's example (-want +got):\n%s", diff)
	}
}

func TestSettingsFileAsItComesSwitchesNothingOn(t *testing.T) {
	_, err := config.Load(config.Sources{Path: settingsFile(t)})
	if err == nil || !strings.Contains(err.Error(), "nothing is switched on") {
		t.Errorf("the file as it comes is loaded with %v", err)
	}
}
