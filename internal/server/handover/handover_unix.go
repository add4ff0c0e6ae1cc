//go:build unix

package handover

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Possible says whether a process can replace itself here.
const Possible = true

// Signal asks a process to replace itself, as with nginx, HAProxy and others.
var Signal os.Signal = syscall.SIGUSR2

// listenerOf returns the listener of a file descriptor, and closes the
// descriptor: the listener has its own.
func listenerOf(d descriptor) (net.Listener, error) {
	file := os.NewFile(uintptr(d.number), d.name)
	if file == nil {
		return nil, unix.EBADF
	}
	defer func() { _ = file.Close() }()
	if listens, err := unix.GetsockoptInt(d.number, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || listens == 0 {
		return nil, fmt.Errorf("no listening socket: %w", errorOr(err, unix.EINVAL))
	}
	return net.FileListener(file)
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Hold keeps sockets open for Exec while their listeners are closed.
func Hold(listeners []Socket) (*Held, error) {
	h := &Held{}
	for _, socket := range listeners {
		conn, ok := socket.Listener.(syscall.Conn)
		if !ok {
			h.Close()
			return nil, fmt.Errorf("%s cannot be handed over", socket.Name)
		}
		number, err := duplicate(conn)
		if err != nil {
			h.Close()
			return nil, fmt.Errorf("hold the socket of %s: %w", socket.Name, err)
		}
		h.all = append(h.all, descriptor{number, socket.Name})
	}
	return h, nil
}

// duplicate returns another file descriptor of a socket. Unlike net's File it
// does not change the mode of the original.
func duplicate(conn syscall.Conn) (number int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { number, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, firstDescriptor) })
	if err == nil {
		err = failed
	}
	return number, err
}

// Held are sockets that are open until Exec or Close.
type Held struct{ all []descriptor }

// Close closes them.
func (h *Held) Close() {
	for _, d := range h.all {
		_ = unix.Close(d.number)
	}
	h.all = nil
}

// Exec replaces this process by a program that gets the sockets. The process
// keeps its pid, so its service manager sees one server throughout. It returns
// only if that fails.
func (h *Held) Exec(path string, args, environ []string) error {
	own := []string{strconv.Itoa(os.Getpid())}
	for _, d := range h.all {
		if _, err := unix.FcntlInt(uintptr(d.number), unix.F_SETFD, 0); err != nil {
			return fmt.Errorf("hand over the socket of %s: %w", d.name, err)
		}
		own = append(own, fmt.Sprintf("%d=%s", d.number, d.name))
	}
	// Until the new program handles these signals, they would end it.
	signal.Ignore(syscall.SIGHUP, syscall.SIGUSR2)
	err := unix.Exec(path, args, append(environ, ownVariable+"="+strings.Join(own, " ")))
	return fmt.Errorf("start %s: %w", path, err)
}
