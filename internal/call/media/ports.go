package media

import (
	"fmt"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// quarantine is how long a port rests after a call. What its far end, or a
// session border controller, still sends for a moment must not reach the next
// call.
const quarantine = 5 * time.Second

// pair is how many ports a leg has.
const pair = 2

// Ports are the UDP ports of legs: even ones for RTP, each with the odd one
// after it for RTCP (RFC 3550 section 11). They are handed out in a ring, so that
// a port rests for as long as it can. Any goroutine may use them.
type Ports struct {
	mu     sync.Mutex
	ports  []restingPort // a ring: the free ones, those that rest longest first
	oldest int
	free   int
}

// restingPort is a port that is not in use.
type restingPort struct {
	port  uint16
	until time.Duration
}

// NewPorts returns the Ports from first to last, both included. A range that
// holds no even port with the one after it is a fault.Error of the code Invalid.
func NewPorts(first, last uint16) (*Ports, error) {
	from, to := int(first)+int(first)%2, int(last)
	count := (to - from + 1) / pair
	if from == 0 || count < 1 {
		return nil, fault.Newf(fault.Invalid, "media ports %d to %d hold no pair for a call", first, last)
	}
	p := &Ports{ports: make([]restingPort, count), free: count}
	for i := range p.ports {
		p.ports[i].port = uint16(from + pair*i)
	}
	return p, nil
}

// Len returns how many calls' legs there are ports for.
func (p *Ports) Len() int { return len(p.ports) }

// InUse returns how many legs have ports now. Those that rest are not in use.
func (p *Ports) InUse() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ports) - p.free
}

// Take returns a port that nobody uses and that has rested for five seconds at
// now, a time of the callers' own clock. Where there is none the error is a
// fault.Error of the code Unavailable, which passes.
func (p *Ports) Take(now time.Duration) (uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free == 0 {
		return 0, fault.Newf(fault.Unavailable, "all %d media ports are in use", len(p.ports))
	}
	next := p.ports[p.oldest]
	if next.until > now {
		return 0, fault.Newf(fault.Unavailable, "all %d media ports are in use or have been within %s", len(p.ports), quarantine)
	}
	p.oldest = (p.oldest + 1) % len(p.ports)
	p.free--
	return next.port, nil
}

// Return gives back a port that Take returned, once.
func (p *Ports) Return(port uint16, now time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free == len(p.ports) {
		panic(fmt.Sprintf("media: port %d was returned, but all are free", port))
	}
	p.ports[(p.oldest+p.free)%len(p.ports)] = restingPort{port, now + quarantine}
	p.free++
}
