// Package handover passes listening sockets from one process to the next, so
// that connections wait in the kernel while a server starts, rather than being
// refused. Inherited finds the sockets that systemd (sd_listen_fds(3)) or the
// previous process handed over; Exec hands them on.
package handover

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// Sockets are those that a process was started with. Nil: none.
type Sockets struct{ all []Socket }

// Socket is one of them.
type Socket struct {
	Name     string // the name it was handed over by; may be empty
	Listener net.Listener
}

// The variables by which sockets are handed over: systemd's, whose first file
// descriptor is always 3, and one of our own, for a process that replaces
// itself and cannot choose the numbers.
const (
	pidVariable   = "LISTEN_PID"
	countVariable = "LISTEN_FDS"
	namesVariable = "LISTEN_FDNAMES"
	ownVariable   = "HANDED_OVER" // "42 7=listen 9=oncall.listen": to process 42

	firstDescriptor = 3

	// mostSockets is more than anyone hands over.
	mostSockets = 64
)

// Inherited returns the sockets that the environment says were handed over to
// this process, with this pid, and removes the variables, so that no child
// process takes them for its own. The error says which of them cannot be
// listened on; the others are returned.
func Inherited(pid int) (*Sockets, error) {
	given, err := descriptors(os.Getenv, pid)
	for _, name := range []string{pidVariable, countVariable, namesVariable, ownVariable} {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	s := &Sockets{}
	var odd []string
	for _, d := range given {
		listener, err := listenerOf(d)
		if err != nil {
			odd = append(odd, fmt.Sprintf("file descriptor %d (%s): %v", d.number, d.name, err))
			continue
		}
		s.all = append(s.all, Socket{Name: d.name, Listener: listener})
	}
	if odd != nil {
		return s, fmt.Errorf("what was handed over cannot be listened on: %s", strings.Join(odd, ", "))
	}
	return s, nil
}

// descriptor is a file descriptor of this process.
type descriptor struct {
	number int
	name   string
}

// descriptors parses the variables.
func descriptors(getenv func(string) string, pid int) (all []descriptor, err error) {
	if words := strings.Fields(getenv(ownVariable)); len(words) > 0 && words[0] == strconv.Itoa(pid) {
		for _, word := range words[1:] {
			number, name, _ := strings.Cut(word, "=")
			n, err := strconv.Atoi(number)
			if err != nil || n < firstDescriptor {
				return nil, fmt.Errorf("%s is %q, not what a process hands over", ownVariable, getenv(ownVariable))
			}
			all = append(all, descriptor{n, name})
		}
		return all, nil
	}
	if getenv(pidVariable) != strconv.Itoa(pid) {
		return nil, nil // for another process
	}
	count, err := strconv.Atoi(getenv(countVariable))
	if err != nil || count < 0 || count > mostSockets {
		return nil, fmt.Errorf("%s is %q, not a number of sockets", countVariable, getenv(countVariable))
	}
	names := strings.Split(getenv(namesVariable), ":")
	for i := range count {
		d := descriptor{number: firstDescriptor + i}
		if i < len(names) {
			d.name = names[i]
		}
		all = append(all, d)
	}
	return all, nil
}

// Take returns the listener that was handed over for an address in the
// settings, host:port, or nil if there is none. A socket at port 0, which means
// any, is matched by its name.
func (s *Sockets) Take(name, address string) net.Listener {
	if s == nil {
		return nil
	}
	for i, socket := range s.all {
		if isAt(socket, name, address) {
			s.all = append(s.all[:i:i], s.all[i+1:]...)
			return socket.Listener
		}
	}
	return nil
}

// Rest returns the sockets that were not taken.
func (s *Sockets) Rest() []Socket {
	if s == nil {
		return nil
	}
	rest := s.all
	s.all = nil
	return rest
}

func isAt(socket Socket, name, address string) bool {
	at, ok := socket.Listener.Addr().(*net.TCPAddr)
	want, err := net.ResolveTCPAddr("tcp", address)
	if !ok || err != nil {
		return false
	}
	if want.Port != at.Port && (want.Port != 0 || socket.Name != name) {
		return false
	}
	return at.IP.Equal(want.IP) && at.Zone == want.Zone || everywhere(at.IP) && everywhere(want.IP)
}

// everywhere reports whether an address means all interfaces: systemd has one
// socket for both versions of IP.
func everywhere(ip net.IP) bool { return ip == nil || ip.IsUnspecified() }
