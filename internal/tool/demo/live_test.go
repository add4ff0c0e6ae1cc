package demo_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/tool/demo"
)

// TestPersonCallsOverTheDemosOwnCore lets a person call the Core and an
// example: another Core may run on the machine, so the call names the demo's.
func TestPersonCallsOverTheDemosOwnCore(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without other languages")
	}
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	var shown bytes.Buffer
	var commands [][]string
	err := demo.Run(t.Context(), demo.Config{
		In: strings.NewReader("99\n0\n\nq\n"), Out: &shown, Live: true, Program: "switchhook",
		Command: func(_ context.Context, token string, args ...string) {
			if token == "" {
				t.Error("a command has no token")
			}
			commands = append(commands, args)
		},
	})
	core := regexp.MustCompile(`\(a Core\) runs at (\S+),`).FindStringSubmatch(shown.String())
	example := regexp.MustCompile(`\n  1  appointments \(Go\) +(\S+)\n`).FindStringSubmatch(shown.String())
	if err != nil || core == nil || example == nil {
		t.Fatalf("the demo ended with %v:\n%s", err, shown.String())
	}
	if n := strings.Count(shown.String(), "There is no such number"); n != 1 {
		t.Errorf("%d choices are not in the list, want 1", n)
	}
	want := [][]string{{"call", "2125551212", "--core", core[1]}, {"call", example[1]}}
	if !slices.EqualFunc(commands, want, slices.Equal[[]string]) {
		t.Errorf("the person's calls are %q, want %q", commands, want)
	}
	leftAtOnce(t)
}

// leftAtOnce checks that the demo waited for no call of a telephone when it was left.
func leftAtOnce(t *testing.T) {
	t.Helper()
	folders, err := server.DemoFolders()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(folders[0], "log"))
	if want := "msg=stopping calls=0 drain=0s"; err != nil || !strings.Contains(string(log), want) {
		t.Errorf("the log lacks %s (%v):\n%s", want, err, log)
	}
}
