// Package notify tells the service manager how the server fares: systemd, by
// the protocol of sd_notify(3). Find looks whether one has started this process;
// the methods of Manager are what there is to tell, and Watch is the heartbeat
// that systemd's watchdog listens for.
package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

const (
	// sendTimeout is how long the manager may leave its socket full. It empties
	// it before anything else, and nothing of ours may hang on it for long.
	sendTimeout = time.Second

	// beats is how often the watchdog is told in each of its spans. sd_notify(3)
	// asks for two; with four, one check that failed by mishap ends nothing.
	beats = 4
)

// Manager is the service manager that started this process. A nil Manager is
// none: its methods do nothing.
type Manager struct {
	socket   net.UnixAddr
	watchdog time.Duration
}

// Find returns the service manager that the environment names; nil: there is
// none. The error says which variable is not as systemd has it. The process is
// told of its watchdog only where it is the one that is watched.
func Find(getenv func(string) string, pid int) (*Manager, error) {
	path := getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil, nil
	}
	if !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "@") {
		return nil, fmt.Errorf("NOTIFY_SOCKET is %q, neither a path nor the name of a socket", path)
	}
	m := &Manager{socket: net.UnixAddr{Name: path, Net: "unixgram"}}
	span := getenv("WATCHDOG_USEC")
	if watched := getenv("WATCHDOG_PID"); span == "" || watched != "" && watched != strconv.Itoa(pid) {
		return m, nil
	}
	microseconds, err := strconv.ParseInt(span, 10, 64)
	if err != nil || microseconds <= 0 || microseconds > int64(maxWatchdog/time.Microsecond) {
		return nil, fmt.Errorf("WATCHDOG_USEC is %q, not a number of microseconds", span)
	}
	m.watchdog = time.Duration(microseconds) * time.Microsecond
	return m, nil
}

// maxWatchdog is more than any watchdog waits.
const maxWatchdog = 365 * 24 * time.Hour

// Ready tells that the server answers, for the first time or after Reloading,
// and a sentence for those who ask for its status.
func (m *Manager) Ready(status string) error {
	return m.send("READY=1", "STATUS="+oneLine(status))
}

// Reloading tells that settings are being read anew. Ready has to follow,
// whatever comes of it.
func (m *Manager) Reloading() error {
	state := []string{"RELOADING=1"}
	if now, ok := monotonic(); ok { // asked for by systemd 253 and later
		state = append(state, "MONOTONIC_USEC="+strconv.FormatInt(now.Microseconds(), 10))
	}
	return m.send(state...)
}

// Stopping tells that the server ends, of its own or because it was told to.
func (m *Manager) Stopping(status string) error {
	return m.send("STOPPING=1", "STATUS="+oneLine(status))
}

// Watch tells the watchdog that the server is well, again and again until the
// context ends, as long as check says so. It gives check a context that ends
// before the next time; where the server is not well for a whole span of the
// watchdog, systemd ends it and starts it anew. Report is told of each check
// that fails, and of what cannot be told. Watch returns at once where nobody
// watches.
func (m *Manager) Watch(ctx context.Context, check func(context.Context) error, report func(error)) {
	if m == nil || m.watchdog == 0 {
		return
	}
	every := m.watchdog / beats
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		next.Reset(every)
		err := within(ctx, every/2, check)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = m.send("WATCHDOG=1")
		}
		if err != nil {
			report(err)
		}
	}
}

// within runs a check that may take only so long.
func within(ctx context.Context, limit time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return check(ctx)
}

// send tells the manager some of its variables, all at once.
func (m *Manager) send(state ...string) error {
	return m.sendBy(func(conn *net.UnixConn, text []byte) error {
		_, err := conn.Write(text)
		return err
	}, state...)
}

// sendBy does so by a way to write to the manager's socket.
func (m *Manager) sendBy(write func(*net.UnixConn, []byte) error, state ...string) error {
	if m == nil {
		return nil
	}
	conn, err := net.DialUnix(m.socket.Net, nil, &m.socket)
	if err != nil {
		return fmt.Errorf("tell the service manager %s: %w", state[0], err)
	}
	err = conn.SetWriteDeadline(time.Now().Add(sendTimeout))
	if err == nil {
		err = write(conn, []byte(strings.Join(state, "\n")))
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("tell the service manager %s: %w", state[0], err)
	}
	return nil
}

// oneLine keeps a sentence from being taken for more variables.
func oneLine(sentence string) string { return strings.Join(strings.Fields(sentence), " ") }
