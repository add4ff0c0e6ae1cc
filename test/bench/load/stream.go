//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// The packets of telephones: every 20 ms, 160 samples of PCMU.
const (
	packetTime = 20 * time.Millisecond
	rate       = 8000
	samples    = 160
)

// Packets are late that come so long after the one before.
const (
	late     = 30 * time.Millisecond
	veryLate = 40 * time.Millisecond
)

// stream is the sound of a call: a socket of its own.
type stream struct {
	fd     int
	at     netip.AddrPort
	to     atomic.Pointer[target] // nil: nowhere yet
	press  atomic.Bool            // a key is to be pressed
	prompt chan struct{}          // closed once something of a prompt was heard
	over   atomic.Bool            // the call is: the socket is closed soon

	// The thread of the sound has these.
	sent rtp.Header
	key  *rtp.Press // that is being pressed; nil: none
	heard
	counts
}

// target is where the sound goes.
type target struct {
	address unix.SockaddrInet4
	events  uint8 // the payload type of keys
	keys    bool  // they were agreed on
}

// heard is when what was heard or done, by the clock of the kernel. The zero time:
// never.
type heard struct {
	first      time.Time // packet of all
	prompted   time.Time // the first packet that was no silence …
	lastPrompt time.Time // … the last one …
	hushed     time.Time // … and the first of silence after it
	pressed    time.Time // the first packet of the key was sent
}

// counts are what is measured of a stream.
type counts struct {
	received, lost, late, veryLate int

	measured bool      // last and sequence are of the time that is measured
	last     time.Time // packet
	sequence uint16    // its number
}

func openStream(at netip.Addr) (*stream, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	s := &stream{fd: fd, prompt: make(chan struct{})}
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
func (s *stream) sendTo(a sdp.Agreement) {
	if to := a.Remote; to.Addr().Unmap().Is4() {
		s.to.Store(&target{
			address: unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()},
			events:  a.Events.Payload, keys: a.Events.Codec != "",
		})
	}
}

// keyTime is how long the key is held down.
const keyTime = 100 * time.Millisecond

// step sends the packet that is due: of a key while it is pressed, else of silence,
// which the caller lends.
func (s *stream) step(silence []byte) {
	to := s.to.Load()
	if to == nil {
		return
	}
	if to.keys && s.press.Swap(false) {
		key := rtp.NewPress(5, keyTime, packetTime, rate)
		s.key, s.pressed = &key, time.Now()
	}
	packet := silence
	if s.key == nil {
		s.sent.Put(packet)
	} else {
		packet = s.pressing(to.events)
	}
	s.sent.Sequence++
	s.sent.Timestamp += samples
	_ = unix.Sendto(s.fd, packet, unix.MSG_DONTWAIT, &to.address) // what is lost the server counts
}

// pressing returns the next packet of the key.
func (s *stream) pressing(payloadType uint8) []byte {
	header := s.sent
	header.PayloadType = payloadType
	packet := make([]byte, rtp.PressSize)
	if !s.key.Step(packet, header) {
		s.key = nil
	}
	return packet
}

// receive takes what has arrived.
func (s *stream) receive(buffer, control []byte, counting bool) {
	for {
		n, size, _, _, err := unix.Recvmsg(s.fd, buffer, control, unix.MSG_DONTWAIT)
		if err != nil {
			return
		}
		if packet, kind := rtp.Read(buffer[:n]); kind == rtp.RTP {
			at := stamp(control[:size])
			s.hear(packet.Payload, at)
			s.count(packet.Sequence, at, counting)
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

// hear takes what is in a packet that arrived at a time.
func (s *stream) hear(payload []byte, at time.Time) {
	if s.first.IsZero() {
		s.first = at
	}
	switch {
	case !silent(payload):
		if s.prompted.IsZero() {
			s.prompted = at
			close(s.prompt)
		}
		s.lastPrompt, s.hushed = at, time.Time{}
	case !s.lastPrompt.IsZero() && s.hushed.IsZero():
		s.hushed = at
	}
}

// silent reports whether there is no sound in PCMU.
func silent(payload []byte) bool {
	for _, code := range payload {
		if code|0x80 != audio.MulawSilence { // of zero there are two codes
			return false
		}
	}
	return true
}

// count takes the number of a packet that arrived at a time.
func (c *counts) count(sequence uint16, at time.Time, counting bool) {
	if counting {
		c.received++
	}
	if counting && c.measured {
		if missing := int16(sequence - c.sequence - 1); missing > 0 {
			c.lost += int(missing)
		}
		gap := at.Sub(c.last)
		if gap > late {
			c.late++
		}
		if gap > veryLate {
			c.veryLate++
		}
	}
	c.measured, c.sequence, c.last = counting, sequence, at
}
