package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// released is the newest release in the changelog.
func released(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$`).FindSubmatch(text)
	if found == nil {
		t.Fatal("the changelog has no release")
	}
	return string(found[1])
}

func TestABuildOfNoTagHasTheNumberOfTheLastRelease(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "switchhook")
	output(t, "go", "build", "-o", plain, "../cmd/switchhook")
	if got, want := output(t, plain, "version"), "switchhook "+released(t)+" (commit unknown, "; !strings.HasPrefix(got, want) {
		t.Errorf("go build makes %swant %s…", got, want)
	}
}

// TestMakeKnowsWhatItBuilds asks make for the versions of a checkout that grows
// old: its first commits have no tag.
func TestMakeKnowsWhatItBuilds(t *testing.T) {
	number := released(t)
	c := newCheckout(t)
	c.builds("an archive of the source", number, "", number)

	c.git("init", "--quiet")
	c.git("add", ".")
	first := c.commit("2026-11-30T12:00:00Z")
	c.builds("no tag", number, first, number+"~20261130120000.g"+first)
	c.edit()
	c.builds("no tag, changed", number, first+"-dirty", number+"~20261130120000.g"+first+".dirty")
	second := c.commit("2026-11-30T12:00:01Z")
	c.builds("no tag, the next commit", number, second, number+"~20261130120001.g"+second)

	c.git("tag", "v"+number)
	c.builds("the tag", number, second, number)
	c.edit()
	c.builds("the tag, changed", number+"-dirty", second+"-dirty", number+"+0.dirty")
	third := c.commit("2026-11-30T12:00:02Z")
	short := c.git("rev-parse", "--short", "HEAD")
	c.builds("after the tag", number+"-1-g"+short, third, number+"+1.g"+short)
}

// checkout is a folder with what make reads to know the version.
type checkout struct {
	t      *testing.T
	folder string
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without make and git")
	}
	c := &checkout{t, t.TempDir()}
	for _, name := range []string{"Makefile", "cmd/switchhook/main.go"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(c.folder, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// edit changes a file that is under version control.
func (c *checkout) edit() {
	c.t.Helper()
	name := filepath.Join(c.folder, "cmd", "switchhook", "main.go")
	text, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, append(text, '\n'), 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// commit commits what was changed, and returns the first of the commit's digits.
func (c *checkout) commit(at string) string {
	c.t.Helper()
	c.run([]string{"GIT_COMMITTER_DATE=" + at}, "git", "commit", "--quiet", "--all", "--message", "Change")
	return c.git("rev-parse", "--short=12", "HEAD")
}

func (c *checkout) git(args ...string) string {
	c.t.Helper()
	return c.run(nil, "git", args...)
}

// run runs a command of which neither this machine's git nor the make that runs
// the tests says anything.
func (c *checkout) run(environ []string, name string, args ...string) string {
	c.t.Helper()
	command := exec.CommandContext(c.t.Context(), name, args...)
	command.Dir = c.folder
	command.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "GIT_") || slices.Contains([]string{"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VERSION", "COMMIT", "TIME"}, name)
	}), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_CEILING_DIRECTORIES="+filepath.Dir(c.folder),
		"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x@example.net", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@example.net")
	command.Env = append(command.Env, environ...)
	out, err := command.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// builds checks what a build says of itself, and the version of its package.
func (c *checkout) builds(when, version, commit, packaged string) {
	c.t.Helper()
	plan := c.run(nil, "make", "--dry-run", "package")
	linked := regexp.MustCompile(`-X main\.version=(\S*) -X main\.commit=([^\s']*)`).FindStringSubmatch(plan)
	packing := regexp.MustCompile(`pack\.sh \S+ \S+ '(.*)' '(.*)' '(.*)' dist`).FindStringSubmatch(plan)
	if linked == nil || packing == nil {
		c.t.Fatalf("make package would do something else:\n%s", plan)
	}
	got := []string{linked[1], linked[2], strings.TrimSpace(output(c.t, "./version.sh", packing[1:]...))}
	if diff := cmp.Diff([]string{version, commit, packaged}, got); diff != "" {
		c.t.Errorf("version, commit and the package's version with %s (-want +got):\n%s", when, diff)
	}
}
