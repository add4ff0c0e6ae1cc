//go:build unix

package systemd_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/systemd"
	"github.com/switchhook/switchhook/test/await"
)

// manager is a socket like systemd's.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	path string
}

func newManager(t *testing.T) *manager {
	t.Helper()
	folder, err := os.MkdirTemp("", "notify") //nolint:usetesting // t.TempDir may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(), os.RemoveAll(folder) })
	return &manager{t, conn, path}
}

// find returns the Manager that Find returns in some environment.
func (m *manager) find(more map[string]string) *systemd.Manager {
	m.t.Helper()
	found, err := systemd.Find(func(name string) string {
		if name == "NOTIFY_SOCKET" {
			return m.path
		}
		return more[name]
	}, 42)
	if err != nil {
		m.t.Fatal(err)
	}
	return found
}

// told returns the manager's next notification.
func (m *manager) told() []string {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(await.Limit)); err != nil {
		m.t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	n, err := m.conn.Read(buffer)
	if err != nil {
		m.t.Fatalf("the manager was told nothing: %v", err)
	}
	return strings.Split(string(buffer[:n]), "\n")
}

func TestTheManagerIsToldHowTheServerFares(t *testing.T) {
	m := newManager(t)
	server := m.find(nil)
	for _, step := range []struct {
		tell func() error
		want []string
	}{
		{func() error { return server.Ready("listening on 127.0.0.1:5100") }, []string{"READY=1", "STATUS=listening on 127.0.0.1:5100"}},
		{func() error { return server.Stopping("two\nlines") }, []string{"STOPPING=1", "STATUS=two lines"}},
		{func() error { return server.Extend("3 calls", 90*time.Second) }, []string{"EXTEND_TIMEOUT_USEC=90000000", "STATUS=3 calls"}},
	} {
		if err := step.tell(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, m.told()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	}
}

func TestAReloadIsToldWithItsTime(t *testing.T) {
	m := newManager(t)
	server := m.find(nil)
	var last int64
	for range 2 {
		if err := server.Reloading(); err != nil {
			t.Fatal(err)
		}
		told := m.told()
		if told[0] != "RELOADING=1" {
			t.Fatalf("told %q, not RELOADING=1", told)
		}
		if runtime.GOOS != "linux" {
			continue
		}
		microseconds, ok := strings.CutPrefix(told[len(told)-1], "MONOTONIC_USEC=")
		now, err := strconv.ParseInt(microseconds, 10, 64)
		if !ok || err != nil || now <= last {
			t.Fatalf("told %q after %d, not a later time", told, last)
		}
		last = now
	}
}

func TestAnAbstractSocketIsToldToo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has abstract sockets")
	}
	name := "@switchhook-notify-" + strconv.Itoa(os.Getpid())
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	m := &manager{t, conn, name}
	if err := m.find(nil).Ready("x"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"READY=1", "STATUS=x"}, m.told()); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutAManagerNothingIsTold(t *testing.T) {
	none, err := systemd.Find(func(string) string { return "" }, 42)
	if err != nil || none != nil {
		t.Fatalf("Find = %v, %v", none, err)
	}
	if err := errors.Join(none.Ready(""), none.Reloading(), none.Stopping(""), none.Extend("", 0)); err != nil {
		t.Error(err)
	}
	none.Watch(t.Context(), func(context.Context) error { t.Error("somebody watches"); return nil }, func(err error) { t.Error(err) })
}

func TestAnEnvironmentThatSystemdDoesNotMakeIsRefused(t *testing.T) {
	for _, env := range []map[string]string{
		{"NOTIFY_SOCKET": "run/notify"},
		{"NOTIFY_SOCKET": "vsock:2:1234"},
		{"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"},
		{"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "0"},
		{"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "-1"},
		{"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "9223372036854775807"},
	} {
		if m, err := systemd.Find(func(name string) string { return env[name] }, 42); err == nil {
			t.Errorf("%v gave %v", env, m)
		}
	}
}

func TestTheWatchdogIsToldOnlyWhileTheServerIsWell(t *testing.T) {
	m := newManager(t)
	server := m.find(map[string]string{"WATCHDOG_USEC": "40000", "WATCHDOG_PID": "42"})
	ill := errors.New("the database does not answer")
	results := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	var reported []error
	var watching sync.WaitGroup
	watching.Go(func() {
		server.Watch(ctx, func(ctx context.Context) error {
			if _, limited := ctx.Deadline(); !limited {
				t.Error("a check may take for ever")
			}
			select {
			case err := <-results:
				return err
			case <-ctx.Done():
				return ctx.Err()
			case <-t.Context().Done():
				return nil
			}
		}, func(err error) { reported = append(reported, err) })
	})
	well := func() {
		t.Helper()
		for { // a check that times out on a busy machine is a failed one
			select {
			case results <- nil:
				if diff := cmp.Diff([]string{"WATCHDOG=1"}, m.told()); diff != "" {
					t.Fatal(diff)
				}
				return
			case <-t.Context().Done():
				return
			}
		}
	}
	well()
	results <- ill
	well()
	cancel()
	watching.Wait()
	var told int
	for _, err := range reported {
		if errors.Is(err, ill) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("reported %v, the failed check once among them", reported)
	}
}

func TestWhoIsNotWatchedDoesNotAnswerForWhoIs(t *testing.T) {
	m := newManager(t)
	server := m.find(map[string]string{"WATCHDOG_USEC": "40000", "WATCHDOG_PID": "41"})
	server.Watch(t.Context(), func(context.Context) error { t.Error("somebody watches"); return nil }, func(err error) { t.Error(err) })
}

func TestAManagerThatIsGoneIsAnError(t *testing.T) {
	m := newManager(t)
	server := m.find(nil)
	if err := m.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.Ready("x"); err == nil || !strings.Contains(err.Error(), "READY=1") {
		t.Errorf("Ready = %v", err)
	}
}
