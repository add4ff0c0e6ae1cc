//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"golang.org/x/sys/unix"
)

// The flood: how many INVITEs a second, and from where, which is not where the calls
// come from.
const (
	floodRate = 20_000
	floodStep = time.Millisecond // so many at once as are due after it
)

// flooder is where the flood comes from.
var flooder = netip.AddrFrom4([4]byte{127, 0, 0, 2})

// flood tells how calls fare while somebody floods the server.
func (b *bench) flood(ctx context.Context) error {
	to, err := addressOf(b.at(cached))
	if err != nil {
		return err
	}
	f, err := openFlood(to, b.at(cached))
	if err != nil {
		return err
	}
	defer f.close()
	dropped := droppedAt(to.Port())
	var meanwhile []*call
	t, err := b.talking(ctx, cached, b.calls, func(ctx context.Context, p *phones) (err error) {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			f.run(b.listen)
		}()
		defer func() { <-ended }()
		meanwhile, _, err = p.brieflyAll(ctx, b.at(cached), firstRate*int(b.listen.Seconds()), firstRate)
		return err
	})
	if err != nil {
		return err
	}
	b.print("%v\n", f)
	if to.Addr().IsLoopback() {
		b.print("The kernel dropped %d datagrams at the server's socket.\n", droppedAt(to.Port())-dropped)
	}
	s := briefly(meanwhile)
	b.print("%d calls were made meanwhile: %d failed, they were answered after %v (%s).%v\n", len(meanwhile), len(s.failed), s.answer, spreadHeader, s.failed)
	b.print("%s\n%v\n", talkedHeader, t)
	return nil
}

// addressOf returns the address of a server that is called by one.
func addressOf(u sip.Uri) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(u.Host)
	if err != nil || !a.Is4() {
		return netip.AddrPort{}, errors.New("the server is flooded by its address of IPv4")
	}
	const standard = 5060
	port := u.Port
	if port == 0 {
		port = standard
	}
	return netip.AddrPortFrom(a, uint16(port)), nil
}

// flood is a source that sends more than anybody may.
type flood struct {
	fd       int
	head     string // of each INVITE, up to its number
	tail     string
	sent     int
	took     time.Duration
	statuses map[string]int // of the responses
}

// openFlood opens the socket of a flood to a server, of INVITEs for someone.
func openFlood(to netip.AddrPort, someone sip.Uri) (*flood, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := &flood{fd: fd, statuses: make(map[string]int)}
	var from unix.SockaddrInet4
	if to.Addr().IsLoopback() {
		from.Addr = flooder.As4()
	}
	err = os.NewSyscallError("bind", unix.Bind(fd, &from))
	if err == nil {
		err = os.NewSyscallError("connect", unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}))
	}
	if err != nil {
		f.close()
		return nil, err
	}
	f.head = fmt.Sprintf("INVITE %s SIP/2.0\r\nMax-Forwards: 70\r\nFrom: <sip:+12125550199@%s>;tag=f\r\nTo: <%s>\r\n"+
		"Contact: <sip:%s:9>\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n", &someone, flooder, &someone, flooder)
	const sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
	f.tail = fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(sdp), sdp)
	return f, nil
}

func (f *flood) close() { _ = unix.Close(f.fd) }

// run floods for a while, in real time, so that the server does not slow the flood down.
func (f *flood) run(d time.Duration) {
	_ = realtime() // worthLittle has told
	began := time.Now()
	buffer := make([]byte, 1<<16)
	for f.took = 0; f.took < d; f.took = time.Since(began) {
		for due := int(f.took.Seconds() * floodRate); f.sent < due; f.sent++ {
			_, _ = unix.Write(f.fd, f.invite()) // what the kernel has no room for is lost, as on any network
		}
		f.receive(buffer)
		sleep(floodStep)
	}
}

// invite returns the next INVITE, of a call of its own.
func (f *flood) invite() []byte {
	return fmt.Appendf(nil, "%sVia: SIP/2.0/UDP %s:9;rport;branch=z9hG4bK%d\r\nCall-ID: flood-%d\r\n%s", f.head, flooder, f.sent, f.sent, f.tail)
}

// receive counts the responses that have arrived.
func (f *flood) receive(buffer []byte) {
	for {
		n, err := unix.Read(f.fd, buffer)
		if err != nil {
			return
		}
		if fields := bytes.Fields(buffer[:min(n, 16)]); len(fields) > 1 && string(fields[0]) == "SIP/2.0" {
			f.statuses[string(fields[1])]++
		}
	}
}

func (f *flood) String() string {
	var answers []string
	for _, status := range slices.Sorted(maps.Keys(f.statuses)) {
		answers = append(answers, fmt.Sprintf("%d times %s", f.statuses[status], status))
	}
	return fmt.Sprintf("%d INVITEs were sent, %.0f a second; the server answered %s.",
		f.sent, float64(f.sent)/f.took.Seconds(), strings.Join(append(answers, "nothing else"), ", "))
}

// droppedAt returns how many datagrams the kernel has dropped at sockets of this machine
// that have a UDP port, because nobody has read them in time.
func droppedAt(port uint16) int {
	table, _ := os.ReadFile("/proc/net/udp") // without it there is nothing to tell
	total := 0
	for line := range strings.Lines(string(table)) {
		var n int
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
			continue
		}
		_, _ = fmt.Sscan(fields[len(fields)-1], &n)
		total += n
	}
	return total
}
