package voice

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

var _ engine.Connector = (*Line)(nil)

// errQuietThere ends a call whose other side may be gone without a word.
var errQuietThere = errors.New("no sound has arrived from the one who was called for too long")

// Connect connects the caller with somebody outside.
func (l *Line) Connect(ctx context.Context, who engine.Outside) (engine.Forwarded, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Forwarded{}, err
	}
	l.listenFor(nil)
	l.ringNoMore()
	callers := l.config.Offered
	if l.asked {
		if err := l.answer(ctx); err != nil {
			return engine.Forwarded{}, err
		}
		callers = []sdp.Format{{Codec: codecOf(l.news.codec)}}
		if l.config.dialler.refers() {
			if came, err := l.refer(ctx, who); came != transferStays || err != nil {
				return l.leave(came, err)
			}
		}
	}
	there, err := l.config.dialler.call(ctx, who, callFor{id: l.config.ID, beside: l.config.Leg, callers: callers, passed: l.config.Passed})
	if err != nil {
		return engine.Forwarded{}, cmp.Or(context.Cause(ctx), err)
	}
	c := &connection{line: l, there: there, who: who, machine: newJoined(l.asked, who.Timeout, l.Now())}
	defer func() {
		there.close(c.machine.went.End)
		l.connected = append(l.connected, callsOf(there)...)
	}()
	return c.run(ctx)
}

// leave ends the call of a caller who speaks to somebody else now.
func (l *Line) leave(came transfer, err error) (engine.Forwarded, error) {
	if err != nil {
		return engine.Forwarded{}, err
	}
	l.config.Call.Hangup(engine.Normal)
	if came == transferUntold {
		return engine.Forwarded{}, nil
	}
	return engine.Forwarded{End: engine.ForwardAnswered}, nil
}

// connection is a caller and somebody who is called for them. It tells the machine
// what happens, and does what that says, on the goroutine of the caller's call.
type connection struct {
	line    *Line
	there   *outgoing
	who     engine.Outside
	machine joined
	seen    outgoingNews // what the machine knows of them
	signal  *audio.Sound // that the caller hears, again and again; nil: none
	alarm   time.Duration

	toThem, toCaller crossing // keys
}

// run returns once the call of the other side is over.
func (c *connection) run(ctx context.Context) (engine.Forwarded, error) {
	c.line.reportKeys(true)
	defer c.line.reportKeys(false)
	for {
		if err := context.Cause(ctx); err != nil {
			c.step(joinedEvent{kind: callerLeaves})
			return c.machine.went, err
		}
		c.takeNews()
		c.step(joinedEvent{kind: timePasses})
		if c.machine.state == joinedOver {
			return c.machine.went, nil
		}
		c.keepAlike()
		c.crossKeys()
		c.keepSignal()
		c.wait(ctx)
	}
}

// takeNews tells the machine what has happened on both sides.
func (c *connection) takeNews() {
	c.line.takeNews()
	before, n := c.seen, c.there.latest()
	justEnded := n.ended != nil && before.ended == nil
	if justEnded && n.line == nil && c.machine.state == joinedCalling && c.there.again(n) {
		return
	}
	c.seen = n
	if n.described && !before.described {
		c.there.awaitSound()
		c.step(joinedEvent{kind: theyDescribe})
	}
	if c.there.heardSound() {
		c.there.stopAwaiting()
		c.step(joinedEvent{kind: theySound})
	}
	if n.rang && !before.rang {
		c.step(joinedEvent{kind: theyRing})
	}
	if n.line != nil {
		c.takeTheirs(before.line == nil)
	}
	if justEnded {
		end, cause := endOf(*n.ended, n.rang)
		c.step(joinedEvent{theyEnd, end, cause})
	}
}

// takeTheirs takes what has happened to those who have answered: just now, or before.
func (c *connection) takeTheirs(now bool) {
	if now {
		c.there.stopAwaiting()
		c.seen.line.reportKeys(true)
		c.step(joinedEvent{kind: theyAnswer})
		if c.who.Answered != nil {
			c.who.Answered()
		}
	}
	c.seen.line.takeNews()
	switch cause := context.Cause(c.there.ctx); {
	case errors.Is(cause, errQuiet):
		c.line.config.HangUp(errQuietThere)
	case errors.Is(cause, errOpusAlone):
		c.line.config.HangUp(errOpusAloneThere)
	}
}

// wait waits until something may have happened.
func (c *connection) wait(ctx context.Context) {
	if at, ok := c.due(); ok && at != c.alarm {
		c.alarm = at
		c.line.config.Leg.Alarm(c.line.began + at)
	}
	select {
	case <-ctx.Done():
	case <-c.line.changed:
	case <-c.line.config.Leg.Ready():
	case <-c.there.changed:
	case <-c.there.leg.Ready():
	case <-c.there.sounded():
	}
}

// due returns when something is to be done.
func (c *connection) due() (at time.Duration, ok bool) {
	at, ok = c.machine.due()
	for _, x := range []*crossing{&c.toThem, &c.toCaller} {
		if then, wanted := x.due(); wanted && (!ok || then < at) {
			at, ok = then, true
		}
	}
	return at, ok
}

// step tells the machine something, and does what it says.
func (c *connection) step(e joinedEvent) {
	for _, action := range c.machine.step(e, c.line.Now()) {
		c.do(action)
	}
}

func (c *connection) do(action joinedAction) {
	l := c.line
	switch action {
	case tellRinging:
		l.config.Call.Ring(statusRinging, l.offer())
	case giveSound:
		local := l.like(c.seen.sound)
		l.config.Call.Ring(statusProgress, &local)
	case answerCaller:
		l.askAs(l.like(c.seen.sound))
	case playRingback:
		c.signal = c.there.dialler.signals.Ringback
	case playTone:
		c.signal = c.tone()
	case stopSound:
		l.config.Leg.Stop(l.playing)
		c.signal, l.playing = nil, 0
	case connectLegs:
		_ = l.config.Leg.Join(c.there.leg) // it was opened beside
	case partLegs:
		l.config.Leg.Part()
	case hangUpThem:
		c.there.Hangup(engine.Normal)
	case hangUpCaller:
		c.hangUpCaller()
	}
}

// The statuses of a call that goes on (RFC 3261 section 21.1).
const (
	statusRinging  = 180
	statusProgress = 183
)

// tone returns what a caller hears of a call that came to nothing.
func (c *connection) tone() *audio.Sound {
	if c.machine.went.End == engine.ForwardBusy {
		return c.there.dialler.signals.Busy
	}
	return c.there.dialler.signals.Congestion
}

// keepSignal plays the signal that the caller is to hear, again where the leg has
// stopped it because the codec has changed.
func (c *connection) keepSignal() {
	l := c.line
	if c.signal == nil || l.playing != 0 && l.news.played.Play != l.playing {
		return
	}
	l.playing = l.config.Leg.Play(media.Play{Source: c.signal.Frames(l.news.codec), Loop: true})
}

// crossKeys sends each side the keys of the other, as it takes them, where packets do
// not carry them across.
func (c *connection) crossKeys() {
	theirs := c.seen.line
	if !c.machine.hears || theirs == nil {
		c.line.takeReports()
		return
	}
	now := c.line.Now()
	theirs.sendKeys(c.toThem.step(c.line.takeReports(), c.line.news.events, theirs.news.events, now))
	c.line.sendKeys(c.toCaller.step(theirs.takeReports(), theirs.news.events, c.line.news.events, now))
}
