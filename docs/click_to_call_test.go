package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/server/config"
)

const clickToCallPage = "click-to-call.md"

func TestSettingsOfClickToCallCanBeLoaded(t *testing.T) {
	for _, s := range ofPage(t, clickToCallPage, "toml") {
		folder := t.TempDir()
		write(t, folder, "token", "nsd_x\n")
		write(t, folder, "form-secret", "your-form-secret\n")
		write(t, folder, "switchhook.toml", strings.ReplaceAll(s.text, "/etc/switchhook/", ""))
		if _, err := config.Load(config.Sources{Path: "switchhook.toml", Dir: folder, Environ: secretsIn(s)}); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestTheEntriesOfThePageHaveButtons(t *testing.T) {
	for _, s := range ofPage(t, clickToCallPage, "jsonc") {
		folder := t.TempDir()
		write(t, folder, "domains.json", s.text)
		file, err := entry.Open(filepath.Join(folder, "domains.json"), nil)
		if err != nil {
			t.Fatalf("%v: %v", s, err)
		}
		if odd := file.Oddities(); odd != nil {
			t.Errorf("%v: %v", s, odd)
		}
		for _, e := range file.All() {
			if e.Queue == "" || len(e.Origins) == 0 || len(e.Regions) == 0 {
				t.Errorf("%v: %s is not read as it stands there: %+v", s, e.ID, e)
			}
			if _, err := clicktocall.DefaultLimits().With(e.Limits); err != nil {
				t.Errorf("%v: %v", s, err)
			}
		}
	}
}

func TestThePageHasEveryCode(t *testing.T) {
	text, err := os.ReadFile(clickToCallPage)
	if err != nil {
		t.Fatal(err)
	}
	var told []clicktocall.Code
	for _, found := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| \\d{3} \\|").FindAllStringSubmatch(string(text), -1) {
		told = append(told, clicktocall.Code(found[1]))
	}
	all := clicktocall.Codes()
	slices.Sort(all)
	slices.Sort(told)
	if diff := cmp.Diff(all, told); diff != "" {
		t.Errorf("the table is not what is answered (- server, + page):\n%s", diff)
	}
}

// TestClickToCallAnswersAsThePageShows runs a server, and the page's commands
// against it one after the other.
func TestClickToCallAnswersAsThePageShows(t *testing.T) {
	o := newOperating(t)
	o.path = path(t)
	o.system.AddQueue("example.net", "9002")
	o.serve()
	replace := strings.NewReplacer("127.0.0.1:5100", o.server.Address())
	for _, s := range ofPage(t, clickToCallPage, "shell") {
		for _, step := range steps(s.text) {
			printed := o.run(replace.Replace(step.command))
			if diff := cmp.Diff(strings.TrimSpace(step.output), strings.TrimSpace(printed)); diff != "" {
				t.Errorf("%v: %s prints something else (- page, + now):\n%s", s, step.command, diff)
			}
		}
	}
	if calls := o.system.QueuedCalls(); len(calls) != 0 {
		t.Errorf("the page's commands have people called: %+v", calls)
	}
}
