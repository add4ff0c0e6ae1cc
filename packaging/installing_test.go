package packaging_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// system is a folder with a Debian in it, as far as dpkg can tell. Nothing runs
// there: make package-test has a whole one.
type system struct {
	t    *testing.T
	root string
}

func newSystem(t *testing.T) *system {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("dpkg gives files to root: only root can")
	}
	s := &system{t, t.TempDir()}
	for _, folder := range []string{"updates", "info", "triggers"} {
		if err := os.MkdirAll(s.path("var/lib/dpkg/"+folder), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	s.write("var/lib/dpkg/status", "")
	s.write("var/lib/dpkg/available", "")
	return s
}

func (s *system) path(name string) string { return within(s.root, name) }

func (s *system) write(name, text string) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o750); err != nil {
		s.t.Fatal(err)
	}
	write(s.t, s.path(name), text)
}

func (s *system) has(name string) bool {
	_, err := os.Lstat(s.path(name))
	return err == nil
}

// dpkg runs dpkg there, with the scripts of packages run here, as it does for
// systems of other processors.
func (s *system) dpkg(args ...string) string {
	s.t.Helper()
	return output(s.t, "dpkg", append([]string{
		"--root=" + s.root, "--log=/dev/null", "--force-script-chrootless", "--force-depends", "--force-confold",
	}, args...)...)
}

const (
	enabledLink   = "etc/systemd/system/multi-user.target.wants/switchhook.service"
	socketLink    = "etc/systemd/system/sockets.target.wants/switchhook.socket"
	settingsPath  = "etc/switchhook/switchhook.toml"
	someSettings  = "[core]\ndomain = \"example.net\"\n"
	notConfigured = "nothing is configured yet"
)

// packedLater is the package of the next version, made once.
var packedLater = sync.OnceValues(func() (string, error) {
	path, err := program()
	if err != nil {
		return "", err
	}
	return pack(runtime.GOARCH, path, newVersion, filepath.Join(built, "new"))
})

func newer(t *testing.T) string {
	t.Helper()
	path, err := packedLater()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsNotConfiguredIsNotStarted(t *testing.T) {
	s := newSystem(t)
	if said := s.dpkg("--install", debian(t)); !strings.Contains(said, notConfigured) {
		t.Errorf("the installation says %s", said)
	}
	if s.has(enabledLink) {
		t.Error("it would start with the machine")
	}
	if passwd := read(t, s.path("etc/passwd")); !strings.HasPrefix(passwd, "switchhook:") {
		t.Errorf("there is no user: %s", passwd)
	}
	s.dpkg("--install", newer(t))
	if s.has(enabledLink) {
		t.Error("an upgrade makes it start with the machine")
	}
}

func TestWhatIsConfiguredStartsWithTheMachine(t *testing.T) {
	for name, text := range map[string]string{
		settingsPath:          someSettings,
		"etc/switchhook/.env": "SWITCHHOOK_CORE_DOMAIN=example.net\n",
		"etc/systemd/system/switchhook.service.d/override.conf": "[Service]\nEnvironment=SWITCHHOOK_CORE_DOMAIN=example.net\n",
	} {
		s := newSystem(t)
		s.write(name, text)
		if said := s.dpkg("--install", debian(t)); strings.Contains(said, notConfigured) {
			t.Errorf("with %s the installation says %s", name, said)
		}
		if !s.has(enabledLink) {
			t.Errorf("with %s it does not start with the machine", name)
		}
		if s.has(socketLink) {
			t.Errorf("with %s systemd listens with the machine, where the operator may have something else", name)
		}
		if got := read(t, s.path(name)); got != text {
			t.Errorf("%s has become %q", name, got)
		}
	}
}

func TestWhatAnOperatorSwitchedOffStaysOff(t *testing.T) {
	s := newSystem(t)
	s.write(settingsPath, someSettings)
	s.dpkg("--install", debian(t))
	if err := os.Remove(s.path(enabledLink)); err != nil { // systemctl disable
		t.Fatal(err)
	}
	s.dpkg("--install", newer(t))
	if s.has(enabledLink) {
		t.Error("an upgrade makes it start with the machine again")
	}
}

func TestASocketThatAnOperatorEnabledStaysSo(t *testing.T) {
	s := newSystem(t)
	s.write(settingsPath, someSettings)
	s.dpkg("--install", debian(t))
	if err := os.MkdirAll(filepath.Dir(s.path(socketLink)), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/usr/lib/systemd/system/switchhook.socket", s.path(socketLink)); err != nil { // systemctl enable
		t.Fatal(err)
	}
	s.dpkg("--install", newer(t))
	if !s.has(socketLink) {
		t.Error("an upgrade takes it away")
	}
	s.dpkg("--purge", "switchhook")
	if s.has(socketLink) {
		t.Error("a purge leaves it")
	}
}

func TestSettingsAndDataOutlastAllButAPurge(t *testing.T) {
	s := newSystem(t)
	s.write(settingsPath, someSettings)
	s.dpkg("--install", debian(t))
	kept := map[string]string{settingsPath: someSettings, "etc/switchhook/.env": "NS_TOKEN=x\n", "var/lib/switchhook/switchhook.db": "data"}
	for name, text := range kept {
		s.write(name, text)
	}
	for _, step := range [][]string{{"--install", newer(t)}, {"--remove", "switchhook"}, {"--install", debian(t)}, {"--remove", "switchhook"}} {
		s.dpkg(step...)
		for name, text := range kept {
			if got := read(t, s.path(name)); got != text {
				t.Errorf("after %s %s is %q", step[0], name, got)
			}
		}
	}
	if s.has("usr/bin/switchhook") || s.has("usr/lib/systemd/system/switchhook.service") {
		t.Error("the program is there after it was removed")
	}
	s.write("etc/switchhook/credentials/token", "somebody's own")
	s.dpkg("--purge", "switchhook")
	for _, name := range []string{settingsPath, "etc/switchhook/.env", "var/lib/switchhook", enabledLink} {
		if s.has(name) {
			t.Errorf("after a purge there is %s", name)
		}
	}
	if got := read(t, s.path("etc/switchhook/credentials/token")); got != "somebody's own" {
		t.Errorf("after a purge somebody's own file is %q", got)
	}
}
