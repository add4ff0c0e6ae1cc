package crash_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// secret is that of the forms.
const secret = "correct-horse-battery-staple"

// patiently is text-back's settings for callers who wait as long as they may:
// the machine is busy, not the phone system.
const patiently = "patience = \"14s\"\n"

// uncapped lets thousands call within the minute, from one address and without a
// key.
const uncapped = "new_numbers_per_hour = 100000\nsource_per_hour = 100000\nsource_per_day = 100000\n" +
	"entry_per_hour = 100000\nentry_per_day = 100000\ntenant_per_hour = 100000\ntenant_per_day = 100000\n"

// site is a folder with settings for servers that share one database.
type site struct {
	folder   string
	database store.Config // as a command opens it
}

// newSite writes the settings. An empty database is one in the folder.
func newSite(t *testing.T, system *nstest.System, database, publicURL, textBack string) site {
	t.Helper()
	s := site{folder: t.TempDir()}
	s.database = store.Config{URL: database, Folder: filepath.Join(s.folder, "data")}
	var b strings.Builder
	fmt.Fprintf(&b, "public_url = %q\ndata = \"data\"\ndomains_file = \"domains.json\"\n", publicURL)
	if database != "" {
		fmt.Fprintf(&b, "database = %q\n", database)
	}
	fmt.Fprintf(&b, "[netsapiens]\nurl = %q\ntoken = %q\n[forms]\nsecret = %q\n[textback]\n%s\n[textback.texts]\n", system.URL, nstest.Token, secret, uncapped+textBack)
	for _, reason := range []textback.Reason{textback.Sent, textback.Queued, textback.Suppressed, textback.Refused, textback.Failed, textback.Uncertain} {
		fmt.Fprintf(&b, "%s = %q\n", reason, reason)
	}
	// That of the cool-down stays as it is by default.
	for name, text := range map[string]string{settingsFile: b.String(), "domains.json": entries} {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
