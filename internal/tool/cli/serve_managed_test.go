//go:build unix

package cli_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// manager stands in for systemd: servers notify it.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	kept map[string]*os.File // the sockets that it holds for them
}

// manage makes the test's processes run under a service manager, whose watchdog
// bites after some microseconds; "": without a watchdog.
func manage(t *testing.T, watchdog string) *manager {
	t.Helper()
	folder, err := os.MkdirTemp("", "managed") //nolint:usetesting // t.TempDir may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(), os.RemoveAll(folder) })
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", watchdog)
	return &manager{t, conn, map[string]*os.File{}}
}

// told returns the manager's next notification, up to its first variable's end;
// it skips the watchdog's, and sockets to hold.
func (m *manager) told() (first, all string) {
	m.t.Helper()
	for {
		all = m.next()
		if first, _, _ = strings.Cut(all, "\n"); first != "WATCHDOG=1" && first != "FDSTORE=1" && first != "FDSTOREREMOVE=1" && first != "BARRIER=1" {
			return first, all
		}
	}
}

func (m *manager) next() string {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(await.Limit)); err != nil {
		m.t.Fatal(err)
	}
	buffer, beside := make([]byte, 4096), make([]byte, 256)
	n, b, _, _, err := m.conn.ReadMsgUnix(buffer, beside)
	if err != nil {
		m.t.Fatalf("the service manager is told nothing: %v", err)
	}
	told := string(buffer[:n])
	m.hold(told, beside[:b])
	return told
}

// hold treats the files that come with a notification as systemd does: it holds
// sockets under their names, and closes those that only ask whether it has read
// so far.
func (m *manager) hold(told string, beside []byte) {
	m.t.Helper()
	_, name, _ := strings.Cut(told, "FDNAME=")
	if strings.HasPrefix(told, "FDSTOREREMOVE=1") {
		_ = m.kept[name].Close()
		delete(m.kept, name)
	}
	messages, err := syscall.ParseSocketControlMessage(beside)
	if err != nil {
		m.t.Fatal(err)
	}
	for i := range messages {
		files, err := syscall.ParseUnixRights(&messages[i])
		if err != nil {
			m.t.Fatal(err)
		}
		for _, fd := range files {
			file := os.NewFile(uintptr(fd), name)
			if !strings.HasPrefix(told, "FDSTORE=1") {
				_ = file.Close()
				continue
			}
			m.kept[name] = file
			m.t.Cleanup(func() { _ = file.Close() })
		}
	}
}

func (m *manager) expect(want string) string {
	m.t.Helper()
	first, all := m.told()
	if first != want {
		m.t.Errorf("the service manager is told %q, not %s", all, want)
	}
	return all
}

func TestTheServiceManagerKnowsHowTheServerFares(t *testing.T) {
	m := manage(t, "")
	path := folder(t, map[string]string{"switchhook.toml": "data = \"data\"\n[core]\ndomain = \"example.net\"\n"})
	p := serve(t, path, "-c", "switchhook.toml")
	if ready := m.expect("READY=1"); !strings.Contains(ready, "STATUS=Listening on "+p.address) {
		t.Errorf("ready with %q", ready)
	}

	p.hangUp()
	m.expect("RELOADING=1")
	m.expect("READY=1")

	put(t, filepath.Join(path, "switchhook.toml"), "datum = 1\n")
	p.hangUp() // invalid settings must not make it look as if still reloading
	m.expect("RELOADING=1")
	m.expect("READY=1")
	p.await("reload failed; old settings stay in force")

	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	m.expect("STOPPING=1")
}

func TestTheWatchdogIsToldThatBothListenersAnswer(t *testing.T) {
	m := manage(t, "200000")
	path := folder(t, map[string]string{"switchhook.toml": `data = "data"
[oncall]
listen = "localhost:0"
secret = "correct horse battery staple"
[[oncall.source]]
kind = "file"
path = "rota.toml"
`, "rota.toml": ""})
	p := serve(t, path, "-c", "switchhook.toml")
	m.expect("READY=1")
	for range 3 {
		if told := m.next(); told != "WATCHDOG=1" {
			t.Errorf("the watchdog is told %q", told)
		}
	}
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	m.expect("STOPPING=1")
	if log := p.log.String(); strings.Contains(log, "healthz") || strings.Contains(log, "route=unknown") {
		t.Errorf("looking whether it is well fills the log:\n%s", log)
	}
}
