package dialog

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Call is a call over SIP, to us or from us, from its INVITE to its end.
//
// Its methods may be called by any goroutine, also while an Event is told. They
// do not wait: what comes of them is told as events. What no longer makes sense,
// such as to answer a call that is over, does nothing.
type Call struct {
	stack   *Stack
	began   time.Time
	tell    func(Event) // by the call's goroutine; must not wait
	invite  *sip.Request
	address netip.Addr
	bound   netip.Addr
	mail    mailbox
	ladder  ladder
	settled chan struct{} // closed when the other side has taken its end
	gone    chan struct{} // closed when nothing of the call is left

	// What follows belongs to the call's goroutine.
	machine inviteMachine
	dialog  *inDialog // the one that is up, or is to be; nil: none yet
	signer  signer
	waiting int // requests of ours without a final response, and timers of theirs
	ended   bool
	quiet   bool   // settled is closed
	infos   []info // that are to be sent; the first is under way
	unhear  func() // ends that the other side is heard as one with a call; nil: it is not

	abandoned bool
}

// inviteMachine is the side of a call that its INVITE makes: incoming or outgoing.
type inviteMachine interface {
	due() (at time.Duration, ok bool)
	tick(now time.Duration)

	// bye takes a BYE, and returns the status of its response; do is done after.
	bye(d *inDialog, reasons []reason) (status int, do func())

	// ack takes the ACK of the initial INVITE, prack a PRACK.
	ack(d *inDialog, req *sip.Request)
	prack(d *inDialog, t *transaction)

	// hangup ends the call.
	hangup(e ending)

	// up reports whether the call was answered, and is not over.
	up() bool
}

func newCall(s *Stack) *Call {
	return &Call{stack: s, began: time.Now(), mail: newMailbox(), settled: make(chan struct{}), gone: make(chan struct{})}
}

// now returns the time since the call began, which the machines go by.
func (c *Call) now() time.Duration { return time.Since(c.began) }

// draw is for what is chosen at random so that others do not choose the same.
func draw(n int) int { return rand.IntN(n) } //nolint:gosec // nothing is kept secret by it

// do has the call's goroutine do something.
func (c *Call) do(f func()) { c.mail.add(f) }

// deliver has the call's goroutine take a message, and waits until it has, so that
// the call has no more of them in hand than one. It reports false if the call is gone.
func (c *Call) deliver(take func()) bool {
	taken := make(chan struct{})
	c.do(func() {
		defer close(taken)
		take()
	})
	select {
	case <-taken:
		return true
	case <-c.gone:
	}
	select {
	case <-taken: // it was the last that the call took
		return true
	default:
		return false
	}
}

// run is the call's goroutine.
func (c *Call) run() {
	defer close(c.gone)
	defer c.leave()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-c.mail.ready:
			for _, f := range c.mail.take() {
				f()
			}
		case <-timer.C:
			c.tick()
		}
		if c.ended && c.waiting == 0 && !c.quiet {
			c.quiet = true
			close(c.settled)
		}
		at, ok := c.due()
		switch {
		case c.abandoned:
			return
		case ok:
			timer.Reset(at - c.now())
		case c.ended && c.waiting == 0:
			return
		default:
			timer.Stop()
		}
	}
}

// due returns when the first of the machines wants tick.
func (c *Call) due() (at time.Duration, ok bool) {
	at, ok = c.machine.due()
	if c.dialog == nil {
		return at, ok
	}
	if then, wanted := c.dialog.due(); wanted && (!ok || then < at) {
		at, ok = then, true
	}
	return at, ok
}

func (c *Call) tick() {
	now := c.now()
	if at, ok := c.machine.due(); ok && at <= now {
		c.machine.tick(now)
	}
	if c.dialog != nil {
		c.tickDialog(c.dialog, now)
	}
}

// leave forgets the dialogs of the call: those that rang, too.
func (c *Call) leave() {
	if out, ours := c.machine.(*outgoing); ours {
		out.forget()
	}
	if c.unhear != nil {
		c.unhear()
	}
	if c.dialog != nil {
		c.stack.dialogs.remove(c.dialog.identity)
	}
	if c.invite != nil { // else it was not sent
		c.stack.ladders.remove(c.invite.CallID().Value(), &c.ladder)
	}
}

// end tells that the call is over, once. What is still to be sent goes on.
func (c *Call) end(e Ended) {
	if c.ended {
		return
	}
	c.ended = true
	if c.dialog != nil {
		c.dialog.end(c)
	}
	c.tell(e)
}

// abandon ends the call on this side alone.
func (c *Call) abandon() {
	c.end(Ended{Cause: engine.Unavailable})
	c.waiting, c.abandoned = 0, true
}

// cancel sends the CANCEL of an INVITE. Its response says nothing that the
// INVITE's does not.
func (c *Call) cancel(way flow, invite *sip.Request, r reason) {
	ctx, stop := patience()
	defer stop()
	req := cancel(invite)
	appendReason(req, r)
	_, _ = c.stack.send(ctx, way, req, nobody) // unsent: there is a 2xx, or nothing in 64·T1
}

// Address returns our address as the other side of a call to us reaches it.
func (c *Call) Address() netip.Addr { return c.address }

// Bound returns the address of the socket that a call to us came by. It may stand for
// all addresses of this machine.
func (c *Call) Bound() netip.Addr { return c.bound }

// Request returns the INVITE that the call began with. It must not be changed.
func (c *Call) Request() *sip.Request { return c.invite }

// Gone is closed when nothing of the call is left: no request without a response,
// no timer.
func (c *Call) Gone() <-chan struct{} { return c.gone }

// Settled is closed once the call is over and each request of ours has its final
// response. Before Gone, the other side may still send something again.
func (c *Call) Settled() <-chan struct{} { return c.settled }

// Hangup ends the call: a BYE, a CANCEL, or a final response that turns it down.
func (c *Call) Hangup(cause engine.Cause) {
	c.do(func() {
		if !c.ended {
			c.machine.hangup(endingOf(cause))
		}
	})
}

// Change offers another side of ours for the sound of an answered call: hold,
// another port, other codecs. It is sent as soon as nothing else is under way;
// then Agreed or NotChanged is told.
func (c *Call) Change(local sdp.Local) {
	c.change(func(sdp.Local) sdp.Local { return local })
}

// ChangeCodecs is Change to other codecs, while all else of our side stays.
func (c *Call) ChangeCodecs(codecs []sdp.Codec) {
	c.change(func(local sdp.Local) sdp.Local {
		local.Codecs, local.Prefer = codecs, ""
		return local
	})
}

// change offers another side of ours than the one that it is.
func (c *Call) change(another func(local sdp.Local) sdp.Local) {
	c.do(func() {
		if d := c.dialog; d != nil && !c.ended {
			c.modify(d, d.modifier.change(another(d.modifier.local), c.now()), nil)
		}
	})
}

// Info sends a body in an INFO, such as a key for those who do not take events in
// RTP. Each waits for the response to the one before: one that overtook it would
// have it refused (RFC 3261 section 12.2.2).
func (c *Call) Info(mediaType string, body []byte) {
	c.do(func() {
		c.infos = append(c.infos, info{mediaType, body})
		if len(c.infos) == 1 {
			c.inform()
		}
	})
}

// info is what an INFO of ours has.
type info struct {
	mediaType string
	body      []byte
}

// inform sends the first of the INFOs that wait.
func (c *Call) inform() {
	if c.ended || !c.machine.up() {
		c.infos = nil
		return
	}
	req := c.dialog.request(sip.INFO)
	setBody(req, c.infos[0].mediaType, c.infos[0].body)
	c.send(c.dialog, req, func(*sending, *sip.Response) {
		c.infos = c.infos[1:]
		if len(c.infos) > 0 {
			c.inform()
		}
	})
}

// resolving is how long a call waits for the address of a name. Nothing else waits
// for it.
const resolving = 5 * time.Second

// patience bounds what one step of a call may wait for: names, connections.
func patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), resolving)
}
