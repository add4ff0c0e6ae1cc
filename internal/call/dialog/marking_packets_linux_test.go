package dialog

import (
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/switchhook/switchhook/test/await"
)

// dscpOf returns the DSCP of what a socket sends.
func dscpOf(t *testing.T, conn net.Conn, level, option int) int {
	t.Helper()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	found := -1
	err = raw.Control(func(fd uintptr) {
		if tos, err := unix.GetsockoptInt(int(fd), level, option); err == nil {
			found = tos >> 2
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatIsSentIsMarkedAsSignalling(t *testing.T) {
	t.Run("IPv4", func(t *testing.T) { testMarks(t, "127.0.0.1", unix.IPPROTO_IP, unix.IP_TOS) })
	t.Run("IPv6", func(t *testing.T) { testMarks(t, "::1", unix.IPPROTO_IPV6, unix.IPV6_TCLASS) })
}

func testMarks(t *testing.T, ip string, level, option int) {
	s := opening(t, Config{Listen: []Listen{on(UDP, ip), on(TCP, ip)}}, nil)
	defer s.closeSockets()
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, err := s.listens[1].listener.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- conn
	}()
	out := dialer(nil)
	made, err := out.DialContext(await.Context(t), "tcp", s.listens[1].Address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = made.Close() }()
	theirs := await.From(t, "a connection", accepted)
	defer func() { _ = theirs.Close() }()
	for what, conn := range map[string]net.Conn{"datagrams": s.listens[0].packets, "a connection of ours": made, "one that was accepted": theirs} {
		const cs5 = 40 // RFC 4594 section 2.3
		if got := dscpOf(t, conn, level, option); got != cs5 {
			t.Errorf("%s: the DSCP is %d", what, got)
		}
	}
}
