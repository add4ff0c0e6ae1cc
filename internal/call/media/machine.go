package media

import (
	"net/netip"
	"time"
)

// A Clock is the time of the threads. That of the machine is the default; tests
// have one that they move.
type Clock interface {
	// Now returns the time since the Pool was made.
	Now() time.Duration

	// Sleep returns at until or as soon after it as it can.
	Sleep(until time.Duration)
}

// A Network opens the sockets of legs. That of the machine is the default, and
// exists on Linux alone; tests have one of their own.
type Network interface {
	Open(at netip.AddrPort) (Socket, error)
}

// A Socket is one of UDP that never waits. One goroutine uses it at a time.
type Socket interface {
	// Receive fills b with the datagrams that have arrived, as many as fit, and
	// returns how many.
	Receive(b *Batch) int

	// Send reports whether the datagram was given to the network.
	Send(datagram []byte, to netip.AddrPort) bool

	Close() error
}

const (
	batchSize = 4    // a peer that sends every 10 ms has two in 20 ms
	mtu       = 1500 // bytes; what is longer is no RTP of telephones
)

// A Batch is what was received at once. It is made by newBatch, once a thread.
type Batch struct {
	datagrams [batchSize]datagram
	memory    [batchSize][mtu]byte
	headers   headers // of the machine's system call
}

// datagram is one of a Batch.
type datagram struct {
	bytes []byte // of the Batch's memory
	from  netip.AddrPort
	age   time.Duration // how long ago it arrived
}

func newBatch() *Batch {
	b := &Batch{}
	b.headers.init(b)
	return b
}

// Size returns how many datagrams fit.
func (b *Batch) Size() int { return batchSize }

// Put makes a copy of payload the datagram i, which arrived age ago. It is for a
// Network of a test; what is longer than 1,500 bytes is cut.
func (b *Batch) Put(i int, payload []byte, from netip.AddrPort, age time.Duration) {
	n := copy(b.memory[i][:], payload)
	b.datagrams[i] = datagram{b.memory[i][:n], from, age}
}
