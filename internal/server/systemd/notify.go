// Package systemd reports the server's state to the service manager: systemd, by
// the protocol of sd_notify(3). Find returns the manager if one started this
// process; the methods of Manager are the notifications, and Watch is the
// heartbeat for systemd's watchdog.
package systemd

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
	// it before anything else, and we must not be blocked for long.
	sendTimeout = time.Second

	// beats is how often we ping the watchdog in each of its periods.
	// sd_notify(3) asks for two; with four, one failed check by accident does
	// no harm.
	beats = 4
)

// Manager is the service manager that started this process. The methods of a
// nil Manager do nothing.
type Manager struct {
	socket   net.UnixAddr
	watchdog time.Duration
}

// Find returns the service manager that the environment names; nil: there is
// none. The error says which variable is malformed. The watchdog is only used
// if it watches this process.
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

// maxWatchdog is longer than any watchdog's period.
const maxWatchdog = 365 * 24 * time.Hour

// Ready reports that the server answers, for the first time or after Reloading,
// with a status sentence for people.
func (m *Manager) Ready(status string) error {
	return m.send("READY=1", "STATUS="+oneLine(status))
}

// Reloading reports that settings are being read again. Ready has to follow,
// whatever the result.
func (m *Manager) Reloading() error {
	state := []string{"RELOADING=1"}
	if now, ok := monotonic(); ok { // required by systemd 253 and later
		state = append(state, "MONOTONIC_USEC="+strconv.FormatInt(now.Microseconds(), 10))
	}
	return m.send(state...)
}

// Stopping reports that the server is ending, by itself or on request.
func (m *Manager) Stopping(status string) error {
	return m.send("STOPPING=1", "STATUS="+oneLine(status))
}

// Extend reports what the server still has to do as it stops or hands over, and
// has the manager wait for so long from now, where it would wait for less: until
// the next Extend, or the end.
func (m *Manager) Extend(status string, wait time.Duration) error {
	return m.send("EXTEND_TIMEOUT_USEC="+strconv.FormatInt(wait.Microseconds(), 10), "STATUS="+oneLine(status))
}

// Watch pings the watchdog until the context ends, as long as check succeeds.
// The context of check ends before the next ping; if the server is not well for
// a whole period of the watchdog, systemd kills and restarts it. Report gets
// each failed check, and each ping that could not be sent. Watch returns at
// once if there is no watchdog.
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

// within runs a check with a time limit.
func within(ctx context.Context, limit time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return check(ctx)
}

// send sends the manager some variables, all at once.
func (m *Manager) send(state ...string) error {
	return m.sendBy(func(conn *net.UnixConn, text []byte) error {
		_, err := conn.Write(text)
		return err
	}, state...)
}

// sendBy is send with a way to write to the manager's socket.
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

// oneLine keeps a sentence from looking like more variables.
func oneLine(sentence string) string { return strings.Join(strings.Fields(sentence), " ") }
