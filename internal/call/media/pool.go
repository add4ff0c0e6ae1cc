package media

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/fault"
)

// Config is what a Pool needs.
type Config struct {
	Address netip.Addr // the sockets are bound to it, unless their Rules say otherwise
	Ports   *Ports
	Threads int // 0: what Threads says of this machine

	Clock   Clock   // optional; default: the machine's
	Network Network // optional; default: the machine's
}

// Pool is the media threads of a process and their legs.
type Pool struct {
	config  Config
	epoch   time.Time
	clock   Clock
	bell    bell
	threads []*thread
	next    atomic.Uint64 // thread, for the next leg

	mu      sync.Mutex
	stopped bool

	running sync.WaitGroup // the threads
	waking  sync.WaitGroup // who wakes up the calls
}

// New returns a Pool. It fails where the machine does not have what it needs.
func New(c Config) (*Pool, error) {
	p := &Pool{config: c, epoch: time.Now(), clock: c.Clock}
	var err error
	if c.Clock == nil {
		if p.clock, err = newMachineClock(); err != nil {
			return nil, err
		}
		if p.bell, err = newMachineBell(); err != nil {
			return nil, err
		}
	} else {
		p.bell = newPlainBell()
	}
	if c.Network == nil {
		p.config.Network = machineNetwork{}
	}
	count := c.Threads
	if count == 0 {
		count = Threads(Cores())
	}
	for range count {
		p.threads = append(p.threads, newThread(p.clock, p.bell))
	}
	return p, nil
}

// Now returns the time since the Pool was made, by which events are told.
func (p *Pool) Now() time.Duration { return p.clock.Now() }

// Start starts the threads, and returns what priority each was granted. Before,
// GOMAXPROCS should be what Processors says.
func (p *Pool) Start() []Priority {
	var all []Priority
	granted := make(chan Priority)
	for _, t := range p.threads {
		p.running.Go(func() { t.run(granted) })
		all = append(all, <-granted)
	}
	p.waking.Go(func() {
		for p.bell.wait() {
			p.wake()
		}
	})
	return all
}

// wake wakes up those that threads have news for.
func (p *Pool) wake() {
	for _, t := range p.threads {
		t.listeners.wake()
	}
}

// Stop closes all legs and ends the threads.
func (p *Pool) Stop() {
	p.mu.Lock()
	p.stopped = true // no leg comes after the command
	p.mu.Unlock()
	for _, t := range p.threads {
		t.commands.add(func(t *thread) { t.stop(p.Now()) })
	}
	p.running.Wait()
	p.bell.close()
	p.waking.Wait()
	p.wake()
}

// Rules are what a leg keeps to.
type Rules struct {
	// Timeout is after how long without anything from the caller a Quiet is told;
	// 0: never. It counts once Leg.Answered was called, and not on hold.
	Timeout time.Duration

	// Strict has only packets believed that come from where the session
	// description says. Else who sends first is, as phones behind a NAT need it.
	Strict bool

	// Address is what the sockets are bound to; default: that of Config. Its family is
	// that of the other side's.
	Address netip.Addr

	Beside *Leg // optional: the leg that it will be joined to
}

// maxPortTries is how many ports are tried where other programs have some. One that is
// taken costs a system call.
const maxPortTries = 500

// Open returns a new leg, which sends nothing before Leg.Agree. Its error is that
// of Ports.Take, or says why no socket can be had.
func (p *Pool) Open(r Rules) (*Leg, error) {
	state := &legState{
		strict: r.Strict, watch: watch{limit: r.Timeout},
		news: newRing[Event](maxEvents), listener: newListener(),
	}
	leg := &Leg{pool: p, state: state, done: make(chan struct{})}
	at := r.Address
	if !at.IsValid() {
		at = p.config.Address
	}
	if err := p.openSockets(leg, at); err != nil {
		return nil, err
	}
	var seed [26]byte
	_, _ = rand.Read(seed[:]) // never fails, by its documentation
	state.out.Header = rtp.Header{
		SSRC:      binary.LittleEndian.Uint32(seed[:]),
		Timestamp: binary.LittleEndian.Uint32(seed[4:]),
		Sequence:  binary.LittleEndian.Uint16(seed[8:]),
		Marker:    true,
	}
	state.reports.control = rtp.NewControl(state.out.SSRC, fmt.Sprintf("%x", seed[10:]), p.epoch)
	state.listener.gone = leg.release
	leg.thread = p.threads[p.next.Add(1)%uint64(len(p.threads))]
	if r.Beside != nil {
		leg.thread = r.Beside.thread
	}
	if !p.admit(leg) {
		leg.release()
		return nil, fault.Newf(fault.Unavailable, "the media threads are being stopped")
	}
	return leg, nil
}

// admit gives a leg to its thread, if that goes on.
func (p *Pool) admit(l *Leg) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		l.do(func(t *thread) { t.admit(l.state) })
	}
	return !p.stopped
}

// openSockets opens the sockets of a leg at an address, at the next port that is
// free.
func (p *Pool) openSockets(l *Leg, at netip.Addr) error {
	for tries := 1; ; tries++ {
		port, err := p.config.Ports.Take(p.Now())
		if err != nil {
			return err
		}
		l.port = port
		if l.state.socket, err = p.config.Network.Open(netip.AddrPortFrom(at, port)); err == nil {
			if l.state.reports.socket, err = p.config.Network.Open(netip.AddrPortFrom(at, port+1)); err == nil {
				return nil
			}
			_ = l.state.socket.Close()
		}
		p.config.Ports.Return(port, p.Now())
		if !errors.Is(err, syscall.EADDRINUSE) {
			return err
		}
		if tries == maxPortTries {
			return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("no media port: other programs use %d of them in a row", tries), Err: err}
		}
	}
}

// Counts are what the threads have counted.
type Counts struct {
	Ticks      uint64        // of 5 ms
	Late       uint64        // that began more than 10 ms late
	Skipped    uint64        // that were left out, because a thread was late by more than 100 ms
	Latest     time.Duration // the most that one was late
	LostEvents uint64        // that a call took too slowly
	Received   uint64        // datagrams of sound and keys, of whatever use they were
	Sent       uint64        // packets of sound and keys
}

// Counts returns the counts of all threads together.
func (p *Pool) Counts() Counts {
	var c Counts
	for _, t := range p.threads {
		c.Ticks += t.counts.ticks.Load()
		c.Late += t.counts.late.Load()
		c.Skipped += t.counts.skipped.Load()
		c.Received += t.counts.received.Load()
		c.Sent += t.counts.sent.Load()
		c.LostEvents += t.counts.lostEvents.Load()
		c.Latest = max(c.Latest, time.Duration(t.counts.latest.Load()))
	}
	return c
}
