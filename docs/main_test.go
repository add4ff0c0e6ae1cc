package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the folder of the program, which is first in a command's PATH.
var built string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if built, err = os.MkdirTemp("", "switchhook-docs-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(built) }()
	return m.Run()
}

// build builds the program, once for all tests.
var build = sync.OnceValue(func() error {
	if out, err := exec.Command("go", "build", "-o", filepath.Join(built, "switchhook"), "../cmd/switchhook").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// path returns the PATH of a shell in which switchhook is the program.
func path(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without the program")
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return "PATH=" + built + string(os.PathListSeparator) + os.Getenv("PATH")
}
