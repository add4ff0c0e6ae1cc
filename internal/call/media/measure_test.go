package media_test

import (
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// slotsOf is how many ticks there are to a packet of 20 ms.
const slotsOf = 4

// sprinter is a Clock that lets a thread run as fast as it can, for some ticks.
type sprinter struct {
	now   atomic.Int64
	left  int // ticks; negative: it runs on
	start chan int
	ended chan struct{}
}

func (c *sprinter) Now() time.Duration { return time.Duration(c.now.Load()) }

func (c *sprinter) Sleep(until time.Duration) {
	for c.left == 0 {
		c.ended <- struct{}{}
		c.left = <-c.start
	}
	c.left--
	c.now.Store(int64(until))
}

// run lets so many ticks pass.
func (c *sprinter) run(ticks int) {
	c.start <- ticks
	<-c.ended
}

// crowd is a network in which each leg has a phone, which may talk. Nothing in it
// allocates.
type crowd struct {
	clock *sprinter
	talks bool
	sends [2]uint8 // payload types of the phones, by turns
}

type crowdSocket struct {
	*crowd
	rtp.Header
	from   netip.AddrPort
	packet [172]byte
	next   time.Duration
}

const (
	crowdLegs = 400
	crowdPort = 30000
)

// farOf returns the phone of a leg.
func farOf(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port)
}

func (c *crowd) Open(at netip.AddrPort) (media.Socket, error) {
	return &crowdSocket{crowd: c, from: farOf(at.Port()), Header: rtp.Header{PayloadType: c.sends[(at.Port()-crowdPort)/2%2], SSRC: 1}}, nil
}

func (s *crowdSocket) Receive(b *media.Batch) int {
	now := s.clock.Now()
	if rtcp := s.from.Port()%2 == 1; rtcp || !s.talks || now < s.next {
		return 0
	}
	s.next = now + 20*ms
	s.Put(s.packet[:])
	s.Sequence++
	s.Timestamp += 160
	b.Put(0, s.packet[:], s.from, 0)
	return 1
}

func (s *crowdSocket) Send([]byte, netip.AddrPort) bool { return true }

func (s *crowdSocket) Close() error { return nil }

// scenes are what legs do that is measured, by turns with two codecs.
var scenes = []scene{
	{"playout", false, sdp.PCMU, sdp.PCMU, func(legs []*media.Leg) {
		prompt := newClip(time.Minute)
		for _, l := range legs {
			l.Play(media.Play{Source: prompt, Loop: true})
		}
	}},
	{"receive", true, sdp.PCMU, sdp.PCMU, func([]*media.Leg) {}},
	{"tap", true, sdp.PCMU, sdp.PCMU, func(legs []*media.Leg) {
		for _, l := range legs {
			l.Listen(media.FromCaller)
		}
	}},
	{"echo", true, sdp.PCMU, sdp.PCMU, func(legs []*media.Leg) {
		for _, l := range legs {
			l.Echo(true)
		}
	}},
	{"bridge", true, sdp.PCMU, sdp.PCMU, joinAll},
	{"bridge PCMU PCMA", true, sdp.PCMU, sdp.PCMA, joinAll},
	{"bridge PCMU G722", true, sdp.PCMU, sdp.G722, joinAll},
}

type scene struct {
	name       string
	talks      bool
	one, other sdp.Codec
	do         func(legs []*media.Leg)
}

// begin returns the clock of 400 legs on one thread that do what the scene says,
// half a second after the first agreement; their first RTCP is half a second later.
// Network is optional.
func (s *scene) begin(t testing.TB, network media.Network, far func(uint16) netip.AddrPort) *sprinter {
	t.Helper()
	c := &sprinter{ended: make(chan struct{}), start: make(chan int)}
	number := map[sdp.Codec]uint8{sdp.PCMU: 0, sdp.PCMA: 8, sdp.G722: 9}
	if network == nil {
		network = &crowd{c, s.talks, [2]uint8{number[s.one], number[s.other]}}
	}
	ports, err := media.NewPorts(crowdPort, crowdPort+2*crowdLegs-1)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := media.New(media.Config{Address: here, Ports: ports, Threads: 1, Clock: c, Network: network})
	if err != nil {
		t.Fatal(err)
	}
	pool.Start()
	<-c.ended
	t.Cleanup(func() {
		c.start <- -1
		pool.Stop()
	})
	var legs []*media.Leg
	for i := range crowdLegs {
		leg, err := pool.Open(media.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		leg.Agree(agreed([]sdp.Codec{s.one, s.other}[i%2], 20*ms, far(leg.Port())))
		legs = append(legs, leg)
	}
	s.do(legs)
	c.run(100)
	return c
}

func joinAll(legs []*media.Leg) {
	for i := 0; i < len(legs); i += 2 {
		if err := legs[i].Join(legs[i+1]); err != nil {
			panic(err)
		}
	}
}

func TestThreadAllocatesNothingForAPacket(t *testing.T) {
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			c := s.begin(t, nil, farOf)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c.run(100) // 10,000 packets
			runtime.ReadMemStats(&after)
			if n := after.Mallocs - before.Mallocs; n > 100 { // those are of the runtime itself
				t.Errorf("%d allocations", n)
			}
		})
	}
}

// BenchmarkPacket is the thread's work for one packet that a leg sends and, where
// the phone talks, one that it receives, without the kernel's.
func BenchmarkPacket(b *testing.B) {
	for _, s := range scenes {
		if s.name == "tap" {
			continue // it would be full, which costs less
		}
		b.Run(s.name, func(b *testing.B) {
			c := s.begin(b, nil, farOf)
			b.ReportAllocs()
			b.ResetTimer()
			c.run(slotsOf * (b.N/crowdLegs + 1))
		})
	}
}
