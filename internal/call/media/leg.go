package media

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/fault"
)

// A Leg is one side's sound of a call: what arrives from it, and what is sent to
// it. From the first Agree to Close it is sent a packet every ptime, whatever is
// asked of it: border controllers drop calls that are silent.
//
// The methods may be called by any goroutine and do not wait; only Close does, for
// some milliseconds. What they ask for begins within 20 ms, in the order in which
// it was asked for.
type Leg struct {
	pool   *Pool
	thread *thread
	state  *legState // of the thread
	port   uint16
	plays  atomic.Uint64
	events atomic.Bool // keys can be sent

	// Of the pool's mu.
	codec   sdp.Codec // that was agreed on last
	partner *Leg      // that it is joined to; nil: none

	done   chan struct{}
	closed atomic.Bool
}

// do has the thread do something at its next tick.
func (l *Leg) do(what func(t *thread)) { l.thread.commands.add(what) }

// Port returns the port of RTP; that of RTCP is the next.
func (l *Leg) Port() uint16 { return l.port }

// Agree has the leg keep to what was agreed on, from now on: first when the call
// is answered or has early media, then with each change. Who sends the caller's
// packets is learned again each time. Where the codec
// changes, what is played is stopped: play it again in the new one, from there on.
func (l *Leg) Agree(a sdp.Agreement) {
	terms := newTerms(a)
	l.events.Store(terms.hasEvents())
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.codec = a.Codec.Codec
	l.do(func(t *thread) { l.state.agree(t, terms) })
	if l.partner != nil {
		l.transcode(l.partner)
	}
}

// Answered begins the watch of Rules.Timeout: while a phone rings it may be silent.
func (l *Leg) Answered() {
	l.do(func(*thread) {
		l.state.answered = true
		l.state.watch.set(l.state.terms != nil && !l.state.terms.quiet(), l.pool.Now())
	})
}

// Play plays, in place of what is being played. A Played with the number that is
// returned is told when it ends.
func (l *Leg) Play(p Play) PlayID {
	id := PlayID(l.plays.Add(1))
	l.do(func(t *thread) {
		l.state.stop(t, false, l.pool.Now())
		l.state.player = newPlayer(p, id)
	})
	return id
}

// Alarm has a Reached told at a time of Pool.Now or up to 20 ms after it, in place
// of the alarm before: by it a call waits on the clock of its sound.
func (l *Leg) Alarm(at time.Duration) {
	l.do(func(*thread) { l.state.alarm = max(at, 1) })
}

// Stop ends what is played, if it is this.
func (l *Leg) Stop(id PlayID) {
	l.do(func(t *thread) {
		if l.state.player.id == id {
			l.state.stop(t, false, l.pool.Now())
		}
	})
}

// Press sends keys, 0-9, *, #, A-D, one after another: 100 ms each and 100 ms
// between two. What is played pauses meanwhile. Where keys were not agreed on the
// error is a fault.Error of the code Unsupported: their tones can be played.
func (l *Leg) Press(keys string) error {
	if !l.events.Load() {
		return fault.Newf(fault.Unsupported, "the far end does not take keys as events")
	}
	if len(keys) > maxPresses {
		return fault.Newf(fault.Invalid, "%d keys are more than the %d that can be sent at once", len(keys), maxPresses)
	}
	codes := make([]uint8, 0, len(keys))
	for i := range len(keys) {
		code, ok := rtp.CodeOf(keys[i])
		if !ok {
			return fault.Newf(fault.Invalid, "%q is not a key of a telephone (0-9, *, #, A-D)", keys[i])
		}
		codes = append(codes, code)
	}
	l.do(func(*thread) {
		for _, code := range codes {
			l.state.presser.add(code)
		}
	})
	return nil
}

// Echo sends the caller's own sound back to them, or ends that. Keys are not sent
// back.
func (l *Leg) Echo(on bool) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.leave()
	if on {
		l.do(func(*thread) { l.state.feed(l.state) })
	}
}

// ErrApart says that two legs are not of one thread.
var ErrApart = errors.New("the legs are served by different threads")

// Join sends each of two legs what the other says. Where their codecs are the same
// the packets pass as they are, and else their sound is transcoded. What is played
// to one comes first. The second must have been opened beside the first; else the
// error is ErrApart.
func (l *Leg) Join(other *Leg) error {
	if l.thread != other.thread {
		return ErrApart
	}
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.leave()
	other.leave()
	l.partner, other.partner = other, l
	l.do(func(*thread) {
		l.state.feed(other.state)
		other.state.feed(l.state)
	})
	l.transcode(other)
	return nil
}

// Part ends a Join or an Echo.
func (l *Leg) Part() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.leave()
}

// leave is Part, for who has the pool's mu.
func (l *Leg) leave() {
	if l.partner != nil {
		l.partner.partner, l.partner = nil, nil
	}
	l.do(func(*thread) { l.state.part() })
}

// transcode gives two legs that are joined what makes the codec of each into that
// of the other. It is made here, because a thread has no time for that.
func (l *Leg) transcode(other *Leg) {
	var there, back *transcoder
	mine, ok1 := CodecOf(l.codec)
	theirs, ok2 := CodecOf(other.codec)
	if ok1 && ok2 && mine != theirs {
		there, back = newTranscoder(mine, theirs), newTranscoder(theirs, mine)
	}
	l.do(func(*thread) {
		if l.state.relay.to == other.state {
			l.state.relay.coder, other.state.relay.coder = there, back
		}
	})
}

// Listen returns a Tap that hears a track from now on, in place of the one before.
// Who waits for it waits for Done, too.
func (l *Leg) Listen(track Track) *Tap {
	tap := newTap()
	l.do(func(t *thread) { l.state.listen(t, track, tap) })
	return tap
}

// Unlisten ends the Tap of a track.
func (l *Leg) Unlisten(track Track) { l.do(func(t *thread) { l.state.listen(t, track, nil) }) }

// Ready returns a channel that has a value once there are events, and when the leg
// is closed.
func (l *Leg) Ready() <-chan struct{} { return l.state.listener.ready }

// Done returns a channel that is closed once the leg has ended: it was closed, or the
// Pool was stopped. What is asked of it then does nothing.
func (l *Leg) Done() <-chan struct{} { return l.done }

// Next returns the next event, if there is one. One goroutine calls it.
func (l *Leg) Next() (Event, bool) { return l.state.news.pop() }

// Record is how a leg's sound went.
type Record struct {
	Received rtp.Figures
	Sent     rtp.Sent
	Far      rtp.FarReport  // how the far end received what was sent
	Remote   netip.AddrPort // where it was sent to last
	Unsent   uint64         // packets that could not be sent
	Ignored  uint64         // datagrams that were no sound of this call
}

// Close ends the leg, and returns its record once it has ended. Its ports are free
// again then.
func (l *Leg) Close() Record {
	if !l.closed.Swap(true) {
		l.do(func(*thread) { l.state.closing = true })
	}
	<-l.done
	return l.state.record
}

// release gives back what a leg had, once its thread has no more of it.
func (l *Leg) release() {
	_ = l.state.socket.Close()
	_ = l.state.reports.socket.Close()
	l.pool.config.Ports.Return(l.port, l.pool.Now())
	close(l.done)
}

// agree takes what was agreed on.
func (l *legState) agree(t *thread, terms *terms) {
	now := t.clock.Now()
	if l.terms == nil {
		l.latch = rtp.NewLatch(terms.Remote, l.strict)
		l.reports.begin(now)
		l.seam = terms.seam
	} else {
		l.latch.Renew(terms.Remote)
		if l.terms.Codec.Codec != terms.Codec.Codec {
			l.stop(t, false, now)
			l.seam = terms.seam
		}
		if l.terms.Codec.Codec.ClockRate() != terms.Codec.Codec.ClockRate() {
			l.renew(now)
		}
	}
	l.terms = terms
	l.watch.set(l.answered && !terms.quiet(), now)
}

// feed forwards what arrives here to a leg.
func (l *legState) feed(to *legState) {
	l.relay = relay{to: to, past: l.pressed}
	to.feeder = &l.relay
}

// part ends what is forwarded from here and to here.
func (l *legState) part() {
	to := l.relay.to
	if to == nil {
		return
	}
	l.relay, l.feeder = relay{}, nil
	if to != l {
		to.relay, to.feeder = relay{}, nil
	}
}

// listen has a tap hear a track; nil: nothing does.
func (l *legState) listen(t *thread, track Track, tap *Tap) {
	if old := l.taps[track]; old != nil {
		old.over.Store(true)
		t.wake(old.listener)
	}
	l.taps[track] = tap
}

// finish ends the leg: it says goodbye, and tells everyone who waits.
func (l *legState) finish(t *thread, now time.Duration) {
	l.stop(t, false, now)
	l.part()
	l.reports.goodbye(l, now)
	for track := range l.taps {
		l.listen(t, Track(track), nil)
	}
	l.measure()
	l.record.Received = l.reception.Figures(l.reports.control.RoundTrip(), 0, 0)
	l.record.Sent = l.out.report()
	l.record.Far = l.reports.control.FarReport()
	l.record.Remote = l.latch.Target()
	l.over = true
	l.listener.over.Store(true)
	t.wake(l.listener)
}
