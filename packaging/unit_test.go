package packaging_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/server/config"
)

// unitValue returns what the unit says of a name that it has once.
func unitValue(t *testing.T, unit, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^`+name+`=(.*)$`).FindAllStringSubmatch(unit, -1)
	if len(found) != 1 {
		t.Fatalf("the unit has %s %d times", name, len(found))
	}
	return found[0][1]
}

// mostExposed is how exposed the unit may be by systemd's count, 0 to 10 in
// tenths: an ordinary one has 96.
const mostExposed = "15"

func TestSystemdUnderstandsTheUnit(t *testing.T) {
	root := t.TempDir()
	for name, from := range map[string]string{"usr/lib/systemd/system/switchhook.service": "switchhook.service", "usr/lib/systemd/system/switchhook.socket": "switchhook.socket", "usr/bin/switchhook": "/bin/true", "bin/sh": "/bin/true"} {
		text := read(t, from)
		path := within(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// Without the units of a whole system there are those that it misses.
	missing := regexp.MustCompile(`(?m)^.*(Failed to (open|load|create|add)|not found|man switchhook|Unit .* could not).*\n?`)
	out, err := tryOutput(t, "systemd-analyze", "verify", "--root="+root, "--man=no", "--recursive-errors=no", "switchhook.service", "switchhook.socket")
	if err != nil {
		t.Error(err)
	}
	if complaints := strings.TrimSpace(missing.ReplaceAllString(out, "")); complaints != "" {
		t.Error(complaints)
	}
	if _, err := tryOutput(t, "systemd-analyze", "security", "--offline=true", "--threshold="+mostExposed, within(root, "usr/lib/systemd/system/switchhook.service")); err != nil {
		t.Error(err)
	}
}

func TestTheUnitWaitsForWhatIsInHand(t *testing.T) {
	// What a stop takes at most beside the calls in hand, for which the server asks
	// for more: 5 s to hang up, 30 s for requests, 5 s to cut off the rest.
	const most = 40 * time.Second
	stop, err := time.ParseDuration(unitValue(t, read(t, "switchhook.service"), "TimeoutStopSec"))
	if err != nil || stop <= most {
		t.Errorf("TimeoutStopSec is %v (%v): a server that ends in time would be killed", stop, err)
	}
}

// TestTheUnitAllowsThreadsThatAreNeverLate, and no more of its resources than the
// priority of these.
func TestTheUnitAllowsThreadsThatAreNeverLate(t *testing.T) {
	unit := read(t, "switchhook.service")
	if got := unitValue(t, unit, "LimitRTPRIO"); got != "5" {
		t.Errorf("LimitRTPRIO is %s, and the threads ask for 5", got)
	}
	if strings.Contains(unit, "\nRestrictRealtime=yes") {
		t.Error("RestrictRealtime=yes refuses what LimitRTPRIO allows")
	}
	allowed := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)$`).FindAllStringSubmatch(unit, -1) {
		for name := range strings.FieldsSeq(match[2]) {
			for _, call := range systemCalls(t, name) {
				allowed[call] = match[1] == ""
			}
		}
	}
	for call, want := range map[string]bool{
		"sched_setattr": true, "clock_nanosleep": true, "sendmmsg": true, "recvmmsg": true,
		"sched_setscheduler": false, "setpriority": false, "sched_setaffinity": false, "mbind": false, "chroot": false,
	} {
		if allowed[call] != want {
			t.Errorf("%s is allowed: %v, want %v", call, allowed[call], want)
		}
	}
}

// systemCalls returns the system calls of a name as in SystemCallFilter.
func systemCalls(t *testing.T, name string) (calls []string) {
	t.Helper()
	if !strings.HasPrefix(name, "@") {
		return []string{name}
	}
	for line := range strings.Lines(output(t, "systemd-analyze", "syscall-filter", name)) {
		if line = strings.TrimSpace(line); line != "" && line != name && !strings.HasPrefix(line, "#") {
			calls = append(calls, systemCalls(t, line)...)
		}
	}
	return calls
}

// TestAStopLeavesTheSpeakersAlone: systemd would tell espeak-ng to end too, in the
// middle of what it says to a call in hand.
func TestAStopLeavesTheSpeakersAlone(t *testing.T) {
	if got := unitValue(t, read(t, "switchhook.service"), "KillMode"); got != "mixed" {
		t.Errorf("KillMode is %s", got)
	}
}

func TestSystemdListensWhereTheProgramDoes(t *testing.T) {
	example, listens := config.Example(), unitValue(t, read(t, "switchhook.socket"), "ListenStream")
	if !strings.Contains(example, `listen = "`+listens+`"`) {
		t.Errorf("systemd listens on %s, which is not the default of listen", listens)
	}
	if kept := unitValue(t, read(t, "switchhook.service"), "FileDescriptorStoreMax"); kept == "0" || kept == "1" {
		t.Errorf("systemd holds %s sockets, and there are two", kept)
	}
}

func TestTheUnitFitsTheProgram(t *testing.T) {
	unit := read(t, "switchhook.service")
	example := config.Example()
	for _, match := range regexp.MustCompile(`(?m)^#LoadCredential=([^:]+):`).FindAllStringSubmatch(unit, -1) {
		if !regexp.MustCompile(`(?s)Systemd\s+(# )?credential:\s+(# )?` + regexp.QuoteMeta(match[1]) + `\.`).MatchString(example) {
			t.Errorf("the unit tells of a credential %s, which is no secret of the program", match[1])
		}
	}
	if data := "data = \"/var/lib/" + unitValue(t, unit, "StateDirectory") + "\""; !strings.Contains(example, data) {
		t.Errorf("the program's default is not %s", data)
	}
}

// TestTheUnitBoundsMemory: past it the service is started again, before the
// machine runs out.
func TestTheUnitBoundsMemory(t *testing.T) {
	if got := unitValue(t, read(t, "switchhook.service"), "MemoryMax"); got != "1G" {
		t.Errorf("MemoryMax is %q", got)
	}
}
