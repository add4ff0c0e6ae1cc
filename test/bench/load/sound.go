//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// The packets of telephones: every 20 ms, 160 samples of PCMU.
const (
	packetTime = 20 * time.Millisecond
	slots      = 4 // of a packet's time, among which the calls are divided
	samples    = 160
)

// Packets are late that come so long after the one before.
const (
	late     = 30 * time.Millisecond
	veryLate = 40 * time.Millisecond
)

// stream is the sound of a call: a socket of its own.
type stream struct {
	fd int
	at netip.AddrPort
	to atomic.Pointer[unix.SockaddrInet4] // nil: nowhere yet

	// The thread of the sound has these.
	sent     rtp.Header
	first    time.Time // packet of all
	last     time.Time // packet
	sequence uint16    // of the last
	counts
}

// counts are what is measured of a stream.
type counts struct {
	received, lost, late, veryLate int
	measured                       bool // last and sequence are of the time that is measured
}

func openStream(at netip.Addr) (*stream, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	s := &stream{fd: fd}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: at.As4()})
	}
	var name unix.Sockaddr
	if err == nil {
		name, err = unix.Getsockname(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	if ours, ok := name.(*unix.SockaddrInet4); ok { // it is: the socket is of IPv4
		s.at = netip.AddrPortFrom(at, uint16(ours.Port))
	}
	s.sent.SSRC = uint32(s.at.Port())
	return s, nil
}

// sendTo says where the sound goes.
func (s *stream) sendTo(to netip.AddrPort) {
	if to.Addr().Unmap().Is4() {
		s.to.Store(&unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()})
	}
}

// sound is the thread that sends and receives the sound of all calls.
type sound struct {
	mu       sync.Mutex
	streams  [slots][]*stream
	count    int
	counting atomic.Bool
	ending   atomic.Bool
	ended    chan struct{}
	realtime error // nil: it runs under SCHED_FIFO
}

func newSound() *sound { return &sound{ended: make(chan struct{})} }

func (s *sound) add(stream *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[s.count%slots] = append(s.streams[s.count%slots], stream)
	s.count++
}

// measure begins and ends the time that is measured.
func (s *sound) measure(on bool) { s.counting.Store(on) }

// stop ends the thread, and closes the sockets. After that the figures may be read.
func (s *sound) stop() {
	s.ending.Store(true)
	<-s.ended
}

// run runs until stop.
func (s *sound) run() {
	defer close(s.ended)
	runtime.LockOSThread() // for good: a thread of real time is not to run anything else
	s.realtime = unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_FIFO, Priority: 4}, 0)
	buffer, control := make([]byte, 1500), make([]byte, 64)
	packet := make([]byte, rtp.HeaderSize+samples)
	for i := rtp.HeaderSize; i < len(packet); i++ {
		packet[i] = 0xff // silence
	}
	began := time.Now()
	for tick := 1; !s.ending.Load(); tick++ {
		s.mu.Lock()
		now := s.streams[tick%slots]
		s.mu.Unlock()
		for _, stream := range now {
			stream.receive(buffer, control, s.counting.Load())
			stream.send(packet)
		}
		sleep(time.Until(began.Add(time.Duration(tick) * packetTime / slots)))
	}
	for _, streams := range s.streams {
		for _, stream := range streams {
			_ = unix.Close(stream.fd)
		}
	}
}

// sleep waits in the kernel: the runtime's own timers are served by another thread.
func sleep(d time.Duration) {
	if d > 0 {
		wait := unix.NsecToTimespec(int64(d))
		_ = unix.Nanosleep(&wait, nil) // woken early it is early once
	}
}

func (s *stream) send(packet []byte) {
	to := s.to.Load()
	if to == nil {
		return
	}
	s.sent.Put(packet)
	s.sent.Sequence++
	s.sent.Timestamp += samples
	_ = unix.Sendto(s.fd, packet, unix.MSG_DONTWAIT, to) // what is lost the server counts
}

// receive takes what has arrived.
func (s *stream) receive(buffer, control []byte, counting bool) {
	for {
		n, size, _, _, err := unix.Recvmsg(s.fd, buffer, control, unix.MSG_DONTWAIT)
		if err != nil {
			return
		}
		if packet, kind := rtp.Read(buffer[:n]); kind == rtp.RTP {
			s.count(packet.Sequence, stamp(control[:size]), counting)
		}
	}
}

// stamp returns when the kernel received a packet, by its control message.
func stamp(control []byte) time.Time {
	header := int(unix.SizeofCmsghdr)
	if len(control) < header+int(unsafe.Sizeof(unix.Timespec{})) {
		return time.Now()
	}
	return time.Unix(int64(binary.NativeEndian.Uint64(control[header:])), int64(binary.NativeEndian.Uint64(control[header+8:])))
}

// count takes a packet that arrived at a time.
func (s *stream) count(sequence uint16, at time.Time, counting bool) {
	if s.first.IsZero() {
		s.first = at
	}
	if counting {
		s.received++
	}
	if counting && s.measured {
		if missing := int16(sequence - s.sequence - 1); missing > 0 {
			s.lost += int(missing)
		}
		gap := at.Sub(s.last)
		if gap > late {
			s.late++
		}
		if gap > veryLate {
			s.veryLate++
		}
	}
	s.measured, s.sequence, s.last = counting, sequence, at
}
