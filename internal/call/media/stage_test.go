package media_test

import (
	"bytes"
	"net/netip"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/media"
)

// tick is how often a thread looks.
const tick = 5 * ms

// fataler is what tests, benchmarks and properties fail with.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// clock is one that a test moves, for one thread.
type clock struct {
	mu     sync.Mutex
	now    time.Duration
	sleeps chan time.Duration // until when the thread wants to
	wake   chan struct{}
	free   chan struct{} // closed: it does not stop any more
}

func newClock() *clock {
	return &clock{sleeps: make(chan time.Duration), wake: make(chan struct{}), free: make(chan struct{})}
}

func (c *clock) Now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = max(c.now, now)
}

func (c *clock) Sleep(until time.Duration) {
	select {
	case c.sleeps <- until:
	case <-c.free:
		c.set(until)
		return
	}
	select {
	case <-c.wake:
	case <-c.free:
	}
	c.set(until)
}

// network is one whose packets wait for who looks at them.
type network struct {
	mu      sync.Mutex
	clock   *clock
	sockets map[netip.AddrPort]*socket
	refuse  func(at netip.AddrPort) error // optional
}

// datagram is one that a leg was sent, or has sent.
type datagram struct {
	bytes []byte
	other netip.AddrPort // where it comes from or goes to
	at    time.Duration
}

type socket struct {
	*network
	at            netip.AddrPort
	arrived, sent []datagram
}

func (n *network) Open(at netip.AddrPort) (media.Socket, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.refuse != nil {
		if err := n.refuse(at); err != nil {
			return nil, err
		}
	}
	n.sockets[at] = &socket{network: n, at: at}
	return n.sockets[at], nil
}

func (s *socket) Receive(b *media.Batch) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(b.Size(), len(s.arrived))
	for i, d := range s.arrived[:n] {
		b.Put(i, d.bytes, d.other, s.clock.Now()-d.at)
	}
	s.arrived = s.arrived[n:]
	return n
}

func (s *socket) Send(b []byte, to netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, datagram{bytes.Clone(b), to, s.clock.Now()})
	return true
}

func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, s.at)
	return nil
}

// arrive has a datagram arrive now.
func (n *network) arrive(at, from netip.AddrPort, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.sockets[at]; s != nil {
		s.arrived = append(s.arrived, datagram{b, from, n.clock.Now()})
	}
}

// takeSent returns what was sent from an address since the last call.
func (n *network) takeSent(at netip.AddrPort) []datagram {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.sockets[at]
	if s == nil {
		return nil
	}
	all := s.sent
	s.sent = nil
	return all
}

// stage is a Pool of one thread, whose time stands still between two ticks.
type stage struct {
	fataler
	clock   *clock
	network *network
	pool    *media.Pool
	before  []func(now time.Duration) // each tick
	until   time.Duration             // the tick that the thread waits for
}

var here = netip.MustParseAddr("127.0.0.1")

// newStage returns a stage; cleanup is to be called at the end.
func newStage(t fataler) (s *stage, cleanup func()) {
	t.Helper()
	c := newClock()
	s = &stage{fataler: t, clock: c, network: &network{clock: c, sockets: map[netip.AddrPort]*socket{}}}
	ports, err := media.NewPorts(4000, 4999)
	if err != nil {
		t.Fatal(err)
	}
	s.pool, err = media.New(media.Config{Address: here, Ports: ports, Threads: 1, Clock: c, Network: s.network})
	if err != nil {
		t.Fatal(err)
	}
	s.pool.Start()
	s.until = <-c.sleeps
	return s, func() {
		close(c.free)
		s.pool.Stop()
	}
}

// pass lets time pass, in ticks.
func (s *stage) pass(d time.Duration) {
	for range d / tick {
		s.late(0)
	}
}

// late lets the thread wake up for its next tick, so much too late.
func (s *stage) late(by time.Duration) {
	for now := s.clock.Now() + tick; now < s.until+by; now += tick {
		s.clock.set(now)
		s.people(now)
	}
	s.clock.set(s.until + by)
	s.people(s.until + by)
	s.clock.wake <- struct{}{}
	s.until = <-s.clock.sleeps
}

// people lets those outside do what they do at a time.
func (s *stage) people(now time.Duration) {
	for _, do := range s.before {
		do(now)
	}
}
