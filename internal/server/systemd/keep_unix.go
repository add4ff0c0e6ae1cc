//go:build unix

package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Keep has the manager hold a listening socket, and give it to the next process
// under this name: connections wait there while the server restarts. systemd
// closes it once the server is stopped for good. It does nothing unless the
// unit has FileDescriptorStoreMax=.
func (m *Manager) Keep(name string, listener net.Listener) error {
	if m == nil {
		return nil
	}
	conn, ok := listener.(syscall.Conn)
	if !ok {
		return fmt.Errorf("the service manager cannot keep the socket of %s", name)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("have the service manager keep the socket of %s: %w", name, err)
	}
	var sent error
	err = raw.Control(func(fd uintptr) { sent = m.sendFile(int(fd), "FDSTORE=1", "FDNAME="+name) })
	return errors.Join(err, sent)
}

// Drop makes the manager close what it holds under a name, and waits until it
// has.
func (m *Manager) Drop(name string) error {
	if m == nil {
		return nil
	}
	if err := m.send("FDSTOREREMOVE=1", "FDNAME="+name); err != nil {
		return err
	}
	return m.barrier()
}

// barrier waits until the manager has read all notifications so far: then it
// closes the file that comes with this one (sd_notify_barrier(3)).
func (m *Manager) barrier() error {
	near, far, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = near.Close() }()
	sent := m.sendFile(int(far.Fd()), "BARRIER=1")
	if err := errors.Join(sent, far.Close()); err != nil {
		return err
	}
	if err := near.SetReadDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	_, _ = near.Read(make([]byte, 1)) // closed, or the manager does not know barriers
	return nil
}

// sendFile sends the manager some variables, with a file descriptor.
func (m *Manager) sendFile(fd int, state ...string) error {
	return m.sendBy(func(conn *net.UnixConn, text []byte) error {
		raw, err := conn.SyscallConn() // net's own WriteMsgUnix is not for connected sockets
		if err != nil {
			return err
		}
		var sent error
		err = raw.Write(func(to uintptr) (done bool) {
			sent = unix.Sendmsg(int(to), text, unix.UnixRights(fd), nil, 0)
			return !errors.Is(sent, unix.EAGAIN)
		})
		return errors.Join(err, sent)
	}, state...)
}
