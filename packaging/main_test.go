// Package packaging_test holds the tests of the Debian package and of what comes
// with it: the unit, the settings file, the examples of proxies. Those that
// install it on a machine, in machine_test.go, are run by make package-test.
package packaging_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/test/await"
)

// built is where the tests put what they build.
var built string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// Debian keeps haproxy out of the PATH of who is not root.
	err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	if err == nil {
		built, err = os.MkdirTemp("", "packaging")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(built) }()
	return m.Run()
}

// The version that the tests pack, and the one after it.
const (
	oldVersion = "v0.9.0"
	newVersion = "v0.9.1-rc.1"

	commit     = "0123456789ab"
	commitTime = "1795183936"
)

// program builds switchhook as the package has it, but for what takes long.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "switchhook")
	build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+strings.TrimPrefix(oldVersion, "v")+" -X main.commit="+commit, "-o", path, "../cmd/switchhook")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func binary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without the package")
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// pack makes a package of a binary and returns its path.
func pack(arch, binary, version, folder string) (string, error) {
	cmd := exec.CommandContext(context.Background(), "./pack.sh", arch, binary, version, commitTime, commit, folder)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("pack.sh: %w\n%s", err, problems.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// packed is the package of the program, made once.
var packed = sync.OnceValues(func() (string, error) {
	path, err := program()
	if err != nil {
		return "", err
	}
	return pack(runtime.GOARCH, path, oldVersion, filepath.Join(built, "old"))
})

// debian returns the package for this machine's processor.
func debian(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without the package")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the package is for Debian")
	}
	path, err := packed()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// output runs a program and returns what it prints; what goes wrong ends the
// test.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := tryOutput(t, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryOutput(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without " + name)
	}
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	cmd.WaitDelay = await.Limit
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%w: make deps installs it", err)
	}
	if err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out.String(), problems.String())
	}
	return out.String(), nil
}

// within returns the path of a file of another system in its folder here.
func within(root, name string) string { return filepath.Join(root, filepath.FromSlash(name)) }

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
