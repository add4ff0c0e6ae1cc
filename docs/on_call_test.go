package docs_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/test/await"
)

const onCallPage = "on-call.md"

// onCallFolder is the folder of the page's operator: the first settings of the
// page, those with lines, what they name, and the files of
// pagerduty-voys-webhook. Its PagerDuty is the one at an address.
func onCallFolder(t *testing.T, pagerDuty string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"oncall-secret": "your-oncall-secret\n", "partner-secret": "your-partners-secret\n", "pagerduty-key": sourcetest.PagerDutyKey, "goalert-key": "x", "grafana-key": "x",
		"betterstack-key": "x", "ilert-key": "x", "calendar-address": "https://calendar.example.net/rota.ics\n",
		"api_key": sourcetest.PagerDutyKey, "secret_key": "your-oncall-secret", "escalation_policy_id": "PT54U20",
	} {
		write(t, folder, name, text)
	}
	standIn := strings.NewReplacer("/etc/switchhook/", "", `kind = "pagerduty"`, "kind = \"pagerduty\"\nurl = \""+pagerDuty+"\"\nallow_private = true")
	for i, s := range ofPage(t, onCallPage, "toml") {
		switch {
		case i == 0:
			write(t, folder, "switchhook.toml", standIn.Replace(s.text))
		case strings.Contains(s.text, "support-dutch"):
			write(t, folder, "lines.toml", standIn.Replace(s.text))
		case strings.HasPrefix(s.text, "zone"):
			for _, name := range []string{"rota.toml", "english.toml", "dutch.toml"} {
				write(t, folder, name, s.text)
			}
		}
	}
	return folder
}

func TestSettingsOfOnCallCanBeUsed(t *testing.T) {
	folder := onCallFolder(t, "https://api.pagerduty.com")
	for _, s := range ofPage(t, onCallPage, "toml") {
		if strings.HasPrefix(s.text, "zone") {
			continue // a rota
		}
		write(t, folder, "one.toml", strings.ReplaceAll(s.text, "/etc/switchhook/", ""))
		settings, err := config.Load(config.Sources{Path: "one.toml", Dir: folder})
		if err != nil {
			t.Errorf("%v: %v", s, err)
			continue
		}
		keeper, err := server.NewKeeper(settings, nil, oncall.KeeperConfig{}, false)
		if err != nil {
			t.Errorf("%v: %v", s, err)
			continue
		}
		if _, err := server.NewDispatcher(settings, keeper, nil); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestRotasOfThePageAreRead(t *testing.T) {
	folder := onCallFolder(t, "https://api.pagerduty.com")
	file, err := source.NewFile(source.FileConfig{Path: filepath.Join(folder, "rota.toml")})
	if err != nil {
		t.Fatal(err)
	}
	wantOnCall(t, file, "2026-03-10T12:00:00Z", "ben 1, Ann Example 2, ben 2")
	wantOnCall(t, file, "2026-03-17T12:00:00Z", "Ann Example 1, Ann Example 2, ben 2")
	write(t, folder, "rota.ics", ofPage(t, onCallPage, "ics")[0].text)
	calendar, err := source.NewICal(source.ICalConfig{Path: filepath.Join(folder, "rota.ics"), Categories: map[string]int{"backup": 2}})
	if err != nil {
		t.Fatal(err)
	}
	wantOnCall(t, calendar, "2026-03-07T12:00:00Z", "Ann Example 1, Weekend team 2")
	wantOnCall(t, calendar, "2026-04-14T12:00:00Z", "")
	wantOnCall(t, calendar, "2026-04-28T12:00:00Z", "Ann Example 1")
}

func wantOnCall(t *testing.T, rota source.Rota, at, want string) {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := rota.FetchAt(t.Context(), moment)
	if err != nil || len(snapshot.Oddities) > 0 {
		t.Fatal(err, snapshot.Oddities)
	}
	var names []string
	for _, p := range snapshot.People {
		names = append(names, p.Name+" "+string(rune('0'+p.Level)))
	}
	if got := strings.Join(names, ", "); !sameNames(got, want) {
		t.Errorf("at %s %q are on call, want %q", at, got, want)
	}
}

// sameNames compares lists, whose order within a level is the source's own.
func sameNames(a, b string) bool {
	count := func(list string) map[string]int {
		of := map[string]int{}
		for name := range strings.SplitSeq(list, ", ") {
			of[name]++
		}
		return of
	}
	return cmp.Equal(count(a), count(b))
}

func TestTheQueryOfGoAlertIsThatWhichIsAsked(t *testing.T) {
	if diff := cmp.Diff(source.GoAlertQuery, strings.TrimSpace(ofPage(t, onCallPage, "graphql")[0].text)); diff != "" {
		t.Errorf("a key that is made with the page's text does not fit (- asked, + page):\n%s", diff)
	}
}

// TestOnCallAnswersAsThePageShows runs a server with the page's first settings,
// and the page's commands one after the other.
func TestOnCallAnswersAsThePageShows(t *testing.T) {
	vendor := sourcetest.NewPagerDuty("PT54U20")
	vendor.OnCall(sourcetest.Person{ID: "PANN", Name: "Ann Example", Level: 1, Phones: []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1}}})
	standIn := httptest.NewServer(vendor)
	t.Cleanup(standIn.Close)
	folder := onCallFolder(t, standIn.URL)
	programs := path(t)
	address := serveOnCall(t, folder)
	ages := regexp.MustCompile(`(heard|made) \d+s ago|"age_seconds":[0-9.e-]+`)
	times := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? [A-Z]{3,5}`)
	normal := func(text string) string {
		return strings.TrimRight(times.ReplaceAllString(ages.ReplaceAllString(text, "AGE"), "TIME"), "\n")
	}
	following := false
	for _, s := range ofPage(t, onCallPage, "shell") {
		for _, step := range steps(s.text) {
			if following {
				await.That(t, "a server that has no override", func() bool { return !overrides(t, address) })
			}
			following = strings.Contains(step.command, " --end ")
			command := exec.Command("sh", "-c", strings.ReplaceAll(step.command, "127.0.0.1:5100", address))
			command.Dir = folder
			command.Env = append(os.Environ(), programs, "SWITCHHOOK_DATA=data")
			if !strings.Contains(step.command, " -c ") { // with the settings of pagerduty-voys-webhook
				command.Env = append(command.Env, "SWITCHHOOK_ONCALL_LEGACY_FOLDER="+folder, "SWITCHHOOK_ONCALL_SOURCE_0_URL="+standIn.URL, "SWITCHHOOK_ONCALL_SOURCE_0_ALLOW_PRIVATE=true")
			}
			out, err := command.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s: %v", s, step.command, err)
			}
			if diff := cmp.Diff(normal(step.output), normal(string(out))); diff != "" {
				t.Errorf("%v: %s prints something else (- page, + now):\n%s", s, step.command, diff)
			}
		}
	}
}

// overrides reports whether a server still rings somebody in the place of who is on call.
func overrides(t *testing.T, address string) bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/oncall?secret_key=your-oncall-secret", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(body), `"source":"override"`)
}

// serveOnCall runs a server in a folder until the test ends, and returns where
// it listens.
func serveOnCall(t *testing.T, folder string) (address string) {
	t.Helper()
	settings, err := config.Load(config.Sources{Path: "switchhook.toml", Dir: folder, Flags: map[string]string{"listen": "127.0.0.1:0", "data": "data"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	server, err := server.New(ctx, settings, server.Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = server.Listen(ctx)
	}
	if err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return server.Address()
}
