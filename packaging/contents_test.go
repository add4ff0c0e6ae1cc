package packaging_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThePackageSaysWhatItIs(t *testing.T) {
	path := debian(t)
	if want := "switchhook_0.9.0_" + runtime.GOARCH + ".deb"; filepath.Base(path) != want {
		t.Errorf("the package is %s, want %s", filepath.Base(path), want)
	}
	fields := map[string]string{}
	for _, name := range []string{"Package", "Version", "Architecture", "Depends", "Section"} {
		fields[name] = strings.TrimSpace(output(t, "dpkg-deb", "--field", path, name))
	}
	if diff := cmp.Diff(map[string]string{
		"Package": "switchhook", "Version": "0.9.0", "Architecture": runtime.GOARCH, "Section": "net",
		"Depends": "ca-certificates, init-system-helpers (>= 1.54~), systemd | systemd-standalone-sysusers | systemd-sysusers",
	}, fields); diff != "" {
		t.Error(diff)
	}
	if got := output(t, "dpkg-deb", "--info", path, "conffiles"); got != "/etc/switchhook/switchhook.toml\n" {
		t.Errorf("what an upgrade asks about is %q", got)
	}
}

func TestThePackageHoldsWhatItIsToHold(t *testing.T) {
	var got []string
	line := regexp.MustCompile(`^(\S+) (\S+) +\d+ (\S+ \S+) \./(.*)$`)
	for text := range strings.Lines(output(t, "dpkg-deb", "--contents", debian(t))) {
		found := line.FindStringSubmatch(strings.TrimSuffix(text, "\n"))
		switch {
		case found == nil:
			t.Errorf("what is %q", text)
			continue
		case found[2] != "root/root":
			t.Errorf("%s is of %s", found[4], found[2])
		case strings.HasSuffix(found[4], ".md"): // the pages, as many as there are
		case strings.HasSuffix(found[4], "/") && found[1] == "drwxr-xr-x":
		default:
			got = append(got, found[1]+" "+found[4])
		}
		if found[3] > "2026-11-20 14:12" {
			t.Errorf("%s is of %s: younger than the commit, so that the same commit gives another package later", found[4], found[3])
		}
	}
	want := []string{
		"drwxr-x--- etc/switchhook/",
		"-rw-r----- etc/switchhook/switchhook.toml",
		"-rwxr-xr-x usr/bin/switchhook",
		"-rwxr-xr-x usr/lib/switchhook/take-over",
		"-rw-r--r-- usr/lib/systemd/system/switchhook.service",
		"-rw-r--r-- usr/lib/systemd/system/switchhook.socket",
		"-rw-r--r-- usr/lib/sysusers.d/switchhook.conf",
		"-rw-r--r-- usr/share/bash-completion/completions/switchhook",
		"-rw-r--r-- usr/share/doc/switchhook/CHANGELOG.md.gz",
		"-rw-r--r-- usr/share/doc/switchhook/changelog.gz",
		"-rw-r--r-- usr/share/doc/switchhook/copyright",
		"-rw-r--r-- usr/share/doc/switchhook/examples/Caddyfile",
		"-rw-r--r-- usr/share/doc/switchhook/examples/haproxy.cfg",
		"-rw-r--r-- usr/share/doc/switchhook/third-party-licenses.gz",
		"-rw-r--r-- usr/share/fish/vendor_completions.d/switchhook.fish",
		"-rw-r--r-- usr/share/lintian/overrides/switchhook",
		"-rw-r--r-- usr/share/man/man1/switchhook.1.gz",
		"-rw-r--r-- usr/share/switchhook/switchhook.toml",
		"-rw-r--r-- usr/share/zsh/vendor-completions/_switchhook",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
}

func TestThePackageHoldsTheProgramAndItsPages(t *testing.T) {
	root := unpacked(t)
	for _, page := range []string{"install.md", "settings.md"} {
		if _, err := os.Stat(within(root, "usr/share/doc/switchhook/docs/"+page)); err != nil {
			t.Error(err)
		}
	}
	program := within(root, "usr/bin/switchhook")
	if got := output(t, program, "version"); !strings.HasPrefix(got, "switchhook 0.9.0 (commit "+commit) {
		t.Errorf("the program is %s", got)
	}
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if libraries, err := file.ImportedLibraries(); err == nil && len(libraries) > 0 {
		t.Errorf("it is not static: it needs %v", libraries)
	}
	if file.Section(".symtab") != nil || file.Section(".debug_info") != nil {
		t.Error("it is not stripped")
	}
	if diff := cmp.Diff(output(t, "./settings.sh"), read(t, within(root, "usr/share/switchhook/switchhook.toml"))); diff != "" {
		t.Error(diff)
	}
}

func TestThePackageHoldsTheLicencesOfWhatIsLinkedIn(t *testing.T) {
	licences := output(t, "gzip", "-dc", within(unpacked(t), "usr/share/doc/switchhook/third-party-licenses.gz"))
	linked := output(t, "go", "version", "-m", binary(t))
	modules := regexp.MustCompile(`(?m)^\tdep\t(\S+)\t(\S+)`).FindAllStringSubmatch(linked, -1)
	if len(modules) < 10 {
		t.Fatalf("the program has %d modules:\n%s", len(modules), linked)
	}
	for _, module := range modules {
		if title := "======== " + module[1] + " " + module[2] + "\n"; !strings.Contains(licences, title) {
			t.Errorf("there is no licence of %s %s", module[1], module[2])
		}
	}
	if !strings.Contains(licences, "Copyright 2009 The Go Authors") {
		t.Error("there is no licence of Go itself")
	}
}

func TestTheSameCommitGivesTheSamePackage(t *testing.T) {
	first := debian(t)
	second, err := pack(runtime.GOARCH, binary(t), oldVersion, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if read(t, first) != read(t, second) {
		t.Error("a second run gives another package")
	}
}

// unpacked returns a folder with the files of the package.
func unpacked(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	output(t, "dpkg-deb", "--extract", debian(t), root)
	return root
}
