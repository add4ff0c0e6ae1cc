package docs_test

import (
	"context"
	"log/slog"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// ofTextBack returns the blocks of a language on the page about text-back.
func ofTextBack(t *testing.T, language string) []snippet {
	t.Helper()
	var found []snippet
	for _, s := range snippets(t, language) {
		if s.page == "text-back.md" {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		t.Fatalf("text-back.md has no block of %s", language)
	}
	return found
}

func TestSettingsOfTextBackCanBeLoaded(t *testing.T) {
	for _, s := range ofTextBack(t, "toml") {
		folder := t.TempDir()
		write(t, folder, "token", "nsd_x\n")
		write(t, folder, "form-secret", "your-form-secret\n")
		write(t, folder, "switchhook.toml", strings.ReplaceAll(s.text, "/etc/switchhook/", ""))
		if _, err := config.Load(config.Sources{Path: "switchhook.toml", Dir: folder, Environ: secretsIn(s)}); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
}

// secretsIn returns the secrets that a block leaves out.
func secretsIn(s snippet) []string {
	if strings.Contains(s.text, "token_file") {
		return nil
	}
	return []string{"NS_TOKEN=nsd_x", "UPDATE_SECRET=your-form-secret"}
}

func TestTheEntriesOfThePageCanSendTexts(t *testing.T) {
	for _, s := range ofTextBack(t, "jsonc") {
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
			if lacks := e.LacksForTexts(); lacks != nil {
				t.Errorf("%v: %s lacks %v", s, e.ID, lacks)
			}
		}
	}
}

// keyInRule returns the key that provisioning has made; empty: none as yet.
func keyInRule(system *nstest.System) string {
	for _, rule := range system.DialRules("example.net") {
		asks, _ := rule["dial-rule-parameter"].(string)
		if u, err := url.Parse(asks); err == nil && u.Query().Has("key") {
			return u.Query().Get("key")
		}
	}
	return ""
}

// TestTextBackAnswersAsThePageShows runs a server in the folder that the page
// describes, and the page's commands against it, one after the other.
func TestTextBackAnswersAsThePageShows(t *testing.T) {
	system := nstest.Start(t, nstest.Quirks{})
	system.AddDomain("example.net")
	system.AddUser("example.net", "2000")
	system.AddUser("example.net", "3000")
	system.AddSMSNumber("example.net", "12125550100", "2000")
	folder := t.TempDir()
	env := strings.NewReplacer("https://ucportal.example.net", system.URL, "nsd_your-api-key", nstest.Token).Replace(ofTextBack(t, "sh")[0].text)
	write(t, folder, ".env", env)
	write(t, folder, "domains.json", "{}")
	settings, err := config.Load(config.Sources{Dir: folder, Flags: map[string]string{"listen": "127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	server, err := server.New(ctx, settings, server.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- server.Run(ctx) }()
	for _, s := range ofTextBack(t, "shell") {
		for _, step := range steps(s.text) {
			as := strings.NewReplacer("127.0.0.1:5100", server.Address(), "2f6a0c8d9be14e70", keyInRule(system))
			out, err := exec.Command("sh", "-c", as.Replace(step.command)).CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s: %v\n%s", s, step.command, err, out)
			}
			if diff := cmp.Diff(strings.TrimSpace(step.output), strings.TrimSpace(string(out))); diff != "" {
				t.Errorf("%v: %s answers something else (- page, + now):\n%s", s, step.command, diff)
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
