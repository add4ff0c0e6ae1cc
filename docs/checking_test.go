package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// check runs a program that checks a file, which it must find nothing in.
func check(t *testing.T, s snippet, name string, args ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without programs")
	}
	command := exec.Command(name, args...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", s, err, out)
	}
}

func TestCaddyUnderstandsThePages(t *testing.T) {
	for _, s := range snippets(t, "caddyfile") {
		folder := t.TempDir()
		write(t, folder, "Caddyfile", s.text)
		check(t, s, "caddy", "validate", "--adapter", "caddyfile", "--config", filepath.Join(folder, "Caddyfile"))
	}
}

// unknownThere are complaints about what only the systemd of a whole system has.
var unknownThere = regexp.MustCompile(`(?m)^.*(Failed to (open|load|create|add)|not found|Unit .* could not).*\n?`)

// TestSystemdUnderstandsThePages puts what the pages have people write below our unit.
func TestSystemdUnderstandsThePages(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without programs")
	}
	for _, s := range snippets(t, "ini") {
		root := t.TempDir()
		for path, from := range map[string]string{"usr/lib/systemd/system/switchhook.service": "../packaging/switchhook.service", "usr/bin/switchhook": "/bin/true", "bin/sh": "/bin/true"} {
			text, err := os.ReadFile(from)
			if err == nil {
				err = os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o750)
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(root, path), text, 0o600)
			}
			if err == nil && strings.Contains(path, "bin/") {
				err = os.Chmod(filepath.Join(root, path), 0o700)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		beside := root + "/etc/systemd/system/switchhook.service.d"
		if err := os.MkdirAll(beside, 0o750); err != nil {
			t.Fatal(err)
		}
		write(t, beside, "override.conf", s.text)
		out, err := exec.Command("systemd-analyze", "verify", "--root="+root, "--man=no", "--recursive-errors=no", "switchhook.service").CombinedOutput()
		if complaints := strings.TrimSpace(unknownThere.ReplaceAllString(string(out), "")); err != nil || complaints != "" {
			t.Errorf("%v: %v\n%s", s, err, complaints)
		}
	}
}

// TestShellsUnderstandThePages reads what shells are given, without running it: pages
// whose commands are run are those of the other tests.
func TestShellsUnderstandThePages(t *testing.T) {
	folder := t.TempDir()
	read := func(s snippet, script string) {
		write(t, folder, "script", script)
		check(t, s, "bash", "-n", filepath.Join(folder, "script"))
	}
	for _, s := range snippets(t, "sh") {
		read(s, s.text)
	}
	for _, language := range []string{"shell", "console"} {
		for _, s := range snippets(t, language) {
			for _, step := range steps(s.text) {
				read(s, step.command)
			}
		}
	}
	for _, s := range snippets(t, "text") {
		for line := range strings.Lines(s.text) {
			if command, ok := strings.CutPrefix(line, "# "); ok { // of root
				read(s, command)
			}
		}
	}
}

// inDisguise is what belongs in a block of its language, for that is checked.
var inDisguise = regexp.MustCompile(`(?m)^ *(switchhook (call|check|test|route|serve|doctor|provision|texts|oncall|suppress|number|import|export|backup|entry|activity|alert) |curl |sudo |systemctl |handle |reverse_proxy |frontend |backend |\[Service\])`)

func TestNoSnippetEscapesItsCheck(t *testing.T) {
	for _, s := range snippets(t, "text") {
		if found := inDisguise.FindString(s.text); found != "" {
			t.Errorf("%v is a block of text with %q: name its language, so that it is checked", s, found)
		}
	}
}

// TestTheProgramIsWhereThePagesGetItFrom asks Go about the paths that people install from.
func TestTheProgramIsWhereThePagesGetItFrom(t *testing.T) {
	ways := regexp.MustCompile("`go (install|get) ([^@`]+)(?:@latest)?`")
	found := map[string]bool{}
	for _, page := range []string{"install.md", "../README.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range ways.FindAllStringSubmatch(string(text), -1) {
			ask, want := []string{"list", "-f", "{{.Name}}", way[2]}, "main"
			if way[1] == "get" {
				ask, want = []string{"list", "-m"}, way[2]
			}
			found[page+way[1]] = true
			if out, err := exec.Command("go", ask...).Output(); err != nil || strings.TrimSpace(string(out)) != want {
				t.Errorf("%s: %s: %s, %v", page, way[0], out, err)
			}
		}
	}
	if len(found) != 4 {
		t.Errorf("the pages have %v", found)
	}
}
