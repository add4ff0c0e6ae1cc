package dialog

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// readPause follows an error of a socket that is not its end, such as what an
// ICMP message leaves on some systems, so that one that stays is no busy loop.
const readPause = 10 * time.Millisecond

// datagrams is a UDP socket as sipgo reads from it. It drops what is not to be
// heard before that costs anything, and gives all the rest one and the same
// source: of each source it sees, sipgo keeps an entry until the socket is
// closed. The true one is put into the message when it is parsed (arrived).
//
// The fields below belong to the goroutine that reads. sipgo parses a datagram
// before it reads the next, so there is one at a time.
type datagrams struct {
	*net.UDPConn
	gate    *gate
	pool    *sip.ConnectionPool // sipgo's, of all sockets
	address netip.AddrPort      // ours
	reading func()              // called before the first read
	ladders *ladders
	conn    sip.Connection // sipgo's, for this socket; set before the first read

	buffer  [maxDatagram + 1]byte
	message []byte // in buffer, what is parsed now

	begun  bool
	from   netip.AddrPort // of the datagram that is parsed now
	parsed bool           // it was a message
}

// someone is the source that sipgo is told: which socket it was, by its address.
type someone string

func (s someone) Network() string { return "udp" }
func (s someone) String() string  { return string(s) }

// ReadFrom returns the next datagram that may be a message, of a large one the
// beginning: sipgo's buffer has 32 KiB. What is parsed is whole.
func (d *datagrams) ReadFrom(b []byte) (int, net.Addr, error) {
	d.settle()
	for {
		n, from, err := d.ReadFromUDPAddrPort(d.buffer[:])
		if errors.Is(err, net.ErrClosed) {
			return 0, nil, err
		}
		if err != nil {
			time.Sleep(readPause)
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if d.message = d.sift(n, from); d.message != nil {
			d.from, d.parsed = from, false
			return copy(b, d.message), someone(d.address.String()), nil
		}
	}
}

// WriteTo sends a datagram.
func (d *datagrams) WriteTo(b []byte, to net.Addr) (int, error) {
	at := time.Now()
	n, err := d.UDPConn.WriteTo(b, to)
	if err == nil {
		d.ladders.wrote(at, UDP, addressOf(to), b)
	}
	return n, err
}

// whole gives sipgo what it is to parse of what it read.
func (s *Stack) whole(read sip.TransportReadProps, data []byte) ([]byte, error) {
	if read.Transport == "UDP" {
		if d := s.sockets[read.RemoteAddr.String()]; d != nil {
			return d.message, nil
		}
	}
	return data, nil
}

// sift returns what is to be parsed of the n bytes in the buffer, nil for what is
// dropped.
func (d *datagrams) sift(n int, from netip.AddrPort) []byte {
	if n == len(d.buffer) || from.Port() == 0 { // its end is missing; it cannot be answered
		return nil
	}
	if wait, _ := d.gate.admit(from.Addr(), n); wait > 0 {
		return nil
	}
	message, kind := inspectRaw(d.buffer[:n])
	switch kind {
	case rawMessage:
		return withoutNonsense(message)
	case rawGarbage:
		d.gate.offend(from.Addr())
	}
	return nil
}

// settle counts the last datagram as an offence if no message came of it.
func (d *datagrams) settle() {
	if !d.begun {
		d.begun, d.parsed = true, true
		d.conn = d.pool.Get(d.address.String())
		d.reading()
	}
	if !d.parsed {
		d.gate.offend(d.from.Addr())
		d.parsed = true
	}
}

// arrived returns the source of the message that was just parsed.
func (d *datagrams) arrived() (source string) {
	d.parsed = true
	return d.from.String()
}
