package softphone

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Impairment is what a Relay does to the datagrams of each direction. What happens
// to the n-th of a direction depends on Seed alone.
type Impairment struct {
	Seed uint64

	Loss, Duplicate, Reorder float64 // how likely each is, 0 to 1

	Delay  time.Duration
	Jitter time.Duration // the most that is added to Delay; the order stays
}

// overtaken is how much longer a datagram takes that others are to overtake: more
// than telephones have between two.
const overtaken = 50 * time.Millisecond

// lottery says what happens to the datagrams of one direction.
type lottery struct {
	Impairment
	random *rand.Rand
	last   time.Duration // when the one before leaves
}

func newLottery(i Impairment, direction uint64) lottery {
	return lottery{Impairment: i, random: rand.New(rand.NewPCG(i.Seed, direction))} //nolint:gosec // it is to be repeatable
}

// fate is what happens to a datagram.
type fate struct {
	copies int           // 0: it is lost
	at     time.Duration // when it leaves
	late   bool          // others are to overtake it
}

// draw returns the fate of a datagram that comes now.
func (l *lottery) draw(now time.Duration) fate {
	lost, twice, late, more := l.random.Float64(), l.random.Float64(), l.random.Float64(), l.random.Float64()
	if lost < l.Loss {
		return fate{}
	}
	f := fate{copies: 1, at: max(l.last, now+l.Delay+time.Duration(more*float64(l.Jitter))), late: late < l.Reorder}
	if twice < l.Duplicate {
		f.copies = 2
	}
	if f.late {
		f.at += overtaken
	} else {
		l.last = f.at
	}
	return f
}

// Relay is a router in the way of datagrams that loses, delays and mixes them up,
// for tests: the kernels that they run on cannot. Like one with NAT it sends what
// comes to its front on from a port of its own for each source, and what comes
// back there back to that.
type Relay struct {
	front *net.UDPConn
	to    netip.AddrPort
	began time.Time
	queue chan parcel
	quit  chan struct{}
	work  sync.WaitGroup

	mu      sync.Mutex
	there   lottery
	back    lottery
	sources map[netip.AddrPort]*net.UDPConn
	era     int // how often it was restarted
	counts  RelayCounts
}

// RelayCounts are datagrams of both directions.
type RelayCounts struct {
	Passed, Lost, Duplicated, Overtaken uint64
}

// parcel is a datagram on its way.
type parcel struct {
	at      time.Duration
	era     int
	payload []byte
	from    *net.UDPConn
	to      netip.AddrPort
}

// NewRelay relays what comes to front, port 0 being any, on to an address.
func NewRelay(front, to netip.AddrPort, i Impairment) (*Relay, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(front))
	if err != nil {
		return nil, fmt.Errorf("open a relay: %w", err)
	}
	const there, back = 0, 1
	r := &Relay{
		front: conn, to: to, began: time.Now(), queue: make(chan parcel), quit: make(chan struct{}),
		there: newLottery(i, there), back: newLottery(i, back), sources: make(map[netip.AddrPort]*net.UDPConn),
	}
	r.work.Go(r.deliver)
	r.work.Go(func() {
		r.read(conn, func(payload []byte, from netip.AddrPort) {
			if out := r.source(from); out != nil {
				r.pass(&r.there, payload, out, r.to)
			}
		})
	})
	return r, nil
}

// Address returns where the front is.
func (r *Relay) Address() netip.AddrPort {
	at, _ := netip.ParseAddrPort(r.front.LocalAddr().String()) // it is one
	return at
}

// Counts returns what was done so far.
func (r *Relay) Counts() RelayCounts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

// Restart forgets all sources and what is on its way. What comes from now on is
// sent on from other ports.
func (r *Relay) Restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.era++
	for from, conn := range r.sources {
		_ = conn.Close() // its reader ends
		delete(r.sources, from)
	}
}

// Close ends the relay.
func (r *Relay) Close() {
	close(r.quit)
	_ = r.front.Close() // nothing more is read
	r.Restart()
	r.work.Wait()
}

// source returns the socket that stands for a source; nil: none can be had, or the
// relay is closed.
func (r *Relay) source(from netip.AddrPort) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.quit:
		return nil
	default:
	}
	if conn := r.sources[from]; conn != nil {
		return conn
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.Address().Addr(), 0)))
	if err != nil {
		return nil
	}
	r.sources[from] = conn
	r.work.Go(func() {
		r.read(conn, func(payload []byte, _ netip.AddrPort) { r.pass(&r.back, payload, r.front, from) })
	})
	return conn
}

// read reads a socket until it is closed.
func (r *Relay) read(conn *net.UDPConn, take func(payload []byte, from netip.AddrPort)) {
	b := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		take(slices.Clone(b[:n]), netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

// pass does to a datagram what the lottery says.
func (r *Relay) pass(l *lottery, payload []byte, from *net.UDPConn, to netip.AddrPort) {
	r.mu.Lock()
	f := l.draw(time.Since(r.began))
	r.counts.add(f)
	p := parcel{f.at, r.era, payload, from, to}
	r.mu.Unlock()
	for range f.copies {
		select {
		case r.queue <- p:
		case <-r.quit:
		}
	}
}

func (c *RelayCounts) add(f fate) {
	switch f.copies {
	case 0:
		c.Lost++
		return
	case 2:
		c.Duplicated++
	}
	if f.late {
		c.Overtaken++
	}
	c.Passed++
}

// deliver sends each datagram when it is time.
func (r *Relay) deliver() {
	var waiting []parcel // by time
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case p := <-r.queue:
			at, _ := slices.BinarySearchFunc(waiting, p.at+1, func(q parcel, at time.Duration) int { return cmp.Compare(q.at, at) })
			waiting = slices.Insert(waiting, at, p)
		case <-timer.C:
		case <-r.quit:
			return
		}
		now := time.Since(r.began)
		for len(waiting) > 0 && waiting[0].at <= now {
			r.send(waiting[0])
			waiting = slices.Delete(waiting, 0, 1)
		}
		if len(waiting) > 0 {
			timer.Reset(waiting[0].at - now)
		}
	}
}

// send sends a datagram, unless the relay was restarted since it came.
func (r *Relay) send(p parcel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.era == r.era {
		_, _ = p.from.WriteToUDPAddrPort(p.payload, p.to) // what cannot be sent is lost
	}
}
