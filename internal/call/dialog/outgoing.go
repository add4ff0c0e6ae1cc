package dialog

import (
	"crypto/rand"
	"net/netip"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/setting"
)

// Party is one side of a call, as From and To name it.
type Party struct {
	Name    string // shown; optional
	Address sip.Uri
}

// Account is what a server that challenges us knows us by.
type Account struct {
	User     string
	Password setting.Secret
}

// Outgoing is a call of ours.
type Outgoing struct {
	Target   sip.Uri   // whom to call: the Request-URI
	Routes   []sip.Uri // servers to pass, the next one first; optional
	Hop      Hop       // optional
	From, To Party     // From without a host is of our address
	Account  Account   // optional
	Local    sdp.Local // without an address its port is one of the address that they reach us at

	// Patience is how long to wait for any response to the INVITE, before the call
	// ends with the status 408: for one that can be made by another server instead.
	// 0: 32 s (RFC 3261 section 17.1.1.2).
	Patience time.Duration

	// Passed is how many servers have passed the call on that this one is made for:
	// Call.Passed. A call that comes back to us again and again ends by it.
	Passed int

	// Header is sent in the INVITE, such as P-Asserted-Identity; optional.
	Header []sip.Header
}

// outgoing is the INVITE of a call of ours.
type outgoing struct {
	uac      uac
	call     *Call
	begins   ident
	flow     flow
	session  sdp.Session
	local    sdp.Local
	timer    sessionTimer
	tries    tries
	reliable reliableReceiver
	forks    map[string]*fork // by tag
	goodbye  ending           // why we gave it up
	last     *sip.Response    // the final response, if it was not answered
	rang     bool             // Ringing was told
	tx       *clientTx
	unsent   error // why the INVITE could not be sent; nil: it was
}

// fork is a dialog that a response to our INVITE has begun.
type fork struct {
	*inDialog
	agreed bool   // the offer was answered for good
	heard  string // what was said of early sound last
}

// Dial calls. What happens is told, by the call's goroutine, and must not wait;
// Ended at least is.
func (s *Stack) Dial(o Outgoing, tell func(Event)) *Call {
	c := newCall(s)
	c.tell, c.signer = tell, signer{account: account{o.Account.User, o.Account.Password}}
	out := &outgoing{
		call: c, uac: newUAC(s.timing, draw, o.Patience), session: sdp.NewSession(sessionID()), local: o.Local,
		timer: newSessionTimer(s.timing, s.least, usualSession), forks: make(map[string]*fork),
	}
	c.machine = out
	c.do(func() { out.invite(o) })
	s.launch(c)
	return c
}

// invite sends the INVITE for the first time.
func (out *outgoing) invite(o Outgoing) {
	s := out.call.stack
	next := o.Target
	if len(o.Routes) > 0 {
		next = o.Routes[0]
	}
	ctx, cancel := patience()
	defer cancel()
	way, err := s.flowBy(ctx, o.Hop, next)
	if err != nil {
		out.unsent = err
		out.do(out.uac.failure(out.call.now(), uacFinal{status: sip.StatusServiceUnavailable}))
		return
	}
	o = o.from(s.ourAddress(way))
	out.flow = way
	out.local = o.Local
	out.call.unhear = s.gate.call(way.peer.Addr())
	out.begins = newOutbound(origin{
		target: o.Target, routes: o.Routes, from: o.From.party(), to: o.To.party(), contact: s.contact(way, o.Target, o.From.Address.User),
		identity: identity{callID: rand.Text(), local: rand.Text()},
	})
	req := out.begins.request(sip.INVITE)
	limit := sip.MaxForwardsHeader(max(0, hops-o.Passed))
	req.ReplaceHeader(&limit)
	for _, h := range o.Header {
		req.AppendHeader(h)
	}
	s.ladders.add(out.begins.callID, &out.call.ladder)
	describe(req, out.session.Offer(o.Local))
	out.timer.request().write(req)
	out.transmit(req)
}

// from returns the call with what it leaves to the way that it takes: our address.
func (o Outgoing) from(ours netip.Addr) Outgoing {
	if o.From.Address.Host == "" {
		o.From.Address.Host = hostOf(ours)
	}
	if !o.Local.Address.Addr().IsValid() {
		o.Local.Address = netip.AddrPortFrom(ours, o.Local.Address.Port())
	}
	return o
}

// transmit sends the INVITE.
func (out *outgoing) transmit(req *sip.Request) {
	c := out.call
	c.signer.sign(req)
	c.invite = req
	out.reliable = reliableReceiver{}
	ctx, cancel := patience()
	defer cancel()
	tx, err := c.stack.send(ctx, out.flow, req, c.hears(req, out.take))
	if err != nil {
		out.unsent = err
		c.do(func() { out.take(assumed(req, sip.StatusServiceUnavailable)) })
		return
	}
	out.tx = tx
}

// take takes a response to the INVITE.
func (out *outgoing) take(res *sip.Response) {
	switch seq := res.CSeq(); {
	case seq != nil && seq.SeqNo != out.call.invite.CSeq().SeqNo: // of one that was sent again since
	case res.IsProvisional():
		out.provisional(res)
	case res.IsSuccess():
		out.success(res)
	default:
		out.failure(res)
	}
}

// fork returns the dialog that a response belongs to.
func (out *outgoing) fork(res *sip.Response) *fork {
	tag := tagOf(res)
	if f, ok := out.forks[tag]; ok {
		return f
	}
	c := out.call
	d := &inDialog{ident: out.begins.fork(res), flow: out.flow, session: out.timer}
	d.modifier = newModifier(c.stack.timing, true, draw, out.session, out.local)
	f := &fork{inDialog: d}
	if len(out.forks) < maxEarlyDialogs {
		out.forks[tag] = f
		c.stack.dialogs.add(d.identity, c.within(d))
	}
	return f
}

func (out *outgoing) provisional(res *sip.Response) {
	var rseq uint32
	if lists(res, "Require", "100rel") {
		n, _ := strconv.ParseUint(valueOf(res, "RSeq"), 10, 32)
		rseq = uint32(n)
	}
	what := out.reliable.take(res.StatusCode, tagOf(res), rseq)
	if what == discardIt {
		return
	}
	description, _ := descriptionOf(res) // what cannot be read is none
	if out.uac.state == uacCalling && tagOf(res) != "" {
		f := out.fork(res)
		if what == confirmIt {
			out.call.send(f.inDialog, f.prack(out.call.invite, rseq), func(*sending, *sip.Response) {})
		}
		if description != nil {
			out.hear(f, description, what == confirmIt)
		}
	}
	out.do(out.uac.provisional(out.call.now(), res.StatusCode, tagOf(res), description != nil))
}

// hear takes what a provisional response says about sound. Unless that response is
// a reliable one it is no answer yet, only what the answer will be.
func (out *outgoing) hear(f *fork, d *sdp.Description, reliable bool) {
	if f.agreed || f.heard == string(d.Bytes()) {
		return
	}
	session := f.modifier.session
	changes, err := session.Accept(d)
	if err != nil {
		return // the final response may say something better
	}
	f.heard = string(d.Bytes())
	if reliable {
		f.agreed, f.modifier.session = true, session
		out.call.modify(f.inDialog, f.modifier.early(out.call.now()), nil)
	}
	out.call.tell(Agreed{session.Agreement(), changes, true})
}

func (out *outgoing) success(res *sip.Response) {
	f := out.fork(res)
	f.answered(res)
	for _, step := range out.uac.success(out.call.now(), tagOf(res)) {
		if step.do == uacAnswered {
			out.answered(f, res)
			continue
		}
		out.step(step, f)
	}
}

// answered takes the first 2xx: the call is up.
func (out *outgoing) answered(f *fork, res *sip.Response) {
	c, now := out.call, out.call.now()
	c.dialog = f.inDialog
	c.acknowledge(f.inDialog, c.invite)
	f.modifier.updates = lists(res, "Allow", string(sip.UPDATE))
	if !f.agreed && !out.accept(f, res) {
		out.hangup(notAcceptable)
		return
	}
	f.session.accepted(timerFieldsOf(res), now)
	c.tell(Answered{})
	c.modify(f.inDialog, f.modifier.established(now), nil)
}

// accept takes the answer to our offer.
func (out *outgoing) accept(f *fork, res *sip.Response) bool {
	answer, err := descriptionOf(res)
	if err != nil || answer == nil {
		return false
	}
	changes, err := f.modifier.session.Accept(answer)
	if err != nil {
		return false
	}
	out.call.tell(Agreed{Agreement: f.modifier.session.Agreement(), Changes: changes})
	return true
}

func (out *outgoing) failure(res *sip.Response) {
	final := uacFinal{status: res.StatusCode}
	final.retryAfter, _ = retryAfterOf(res)
	switch res.StatusCode {
	case sip.StatusUnauthorized, sip.StatusProxyAuthRequired:
		final.worth = out.call.signer.challenged(&out.tries, res)
	case statusSessionIntervalTooSmall:
		final.worth = out.timer.tooSmall(res)
	}
	out.last = res
	out.do(out.uac.failure(out.call.now(), final))
}

// do does what the machine wants.
func (out *outgoing) do(steps []uacStep) {
	for _, step := range steps {
		out.step(step, out.forks[step.tag])
	}
}

// step does one thing; f is the dialog that it is about, if it is about one.
func (out *outgoing) step(step uacStep, f *fork) {
	c := out.call
	switch step.do {
	case uacTell:
		if step.ringing && !out.rang {
			out.rang = true
			c.tell(Ringing{})
		}
	case uacAck:
		c.acknowledge(f.inDialog, c.invite)
	case uacAckAndBye:
		c.acknowledge(f.inDialog, c.invite)
		c.sayGoodbye(f.inDialog, endingOf(engine.Elsewhere).reason)
	case uacCancel:
		c.cancel(out.flow, c.invite, out.goodbye.reason)
	case uacInvite:
		out.forget()
		req := out.begins.again(c.invite)
		out.timer.request().write(req)
		out.transmit(req)
	case uacOver:
		out.over(step)
	case uacNoMoreForks:
		out.forget()
	}
}

// over tells that the call was not answered.
func (out *outgoing) over(step uacStep) {
	if step.unanswered && out.tx != nil {
		out.tx.Terminate()
	}
	e := Ended{Status: step.status, Retry: step.retryAfter, Theirs: !step.cancelled}
	switch {
	case step.cancelled:
		e.Cause = out.goodbye.cause
	case out.unsent != nil: // nobody said that there are too many calls
		e.Cause, e.Theirs, e.Unsent = engine.Unavailable, false, out.unsent
	case out.last != nil:
		e.Cause = causeOfFinal(step.status, reasonsOf(out.last))
	default:
		e.Cause = causeOfStatus(step.status)
	}
	out.call.end(e)
}

// forget forgets the dialogs that did not come to a call.
func (out *outgoing) forget() {
	for tag, f := range out.forks {
		if f.inDialog != out.call.dialog {
			out.call.stack.dialogs.remove(f.identity)
			delete(out.forks, tag)
		}
	}
}

func (out *outgoing) due() (at time.Duration, ok bool) { return out.uac.due() }
func (out *outgoing) tick(now time.Duration)           { out.do(out.uac.tick(now)) }
func (out *outgoing) up() bool                         { return out.uac.state == uacUp && !out.call.ended }

func (out *outgoing) hangup(e ending) {
	if !out.up() {
		if !out.uac.cancelled {
			out.goodbye = e
		}
		out.do(out.uac.cancel(out.call.now()))
		return
	}
	out.call.sayGoodbye(out.call.dialog, e.reason)
	out.call.end(Ended{Cause: e.cause})
}

func (out *outgoing) bye(d *inDialog, reasons []reason) (status int, do func()) {
	return sip.StatusOK, func() {
		if d == out.call.dialog {
			out.call.end(Ended{Cause: causeOfEnd(reasons), Theirs: true})
		}
	}
}

// ack and prack are not sent to who sent the INVITE.
func (out *outgoing) ack(*inDialog, *sip.Request) {}

func (out *outgoing) prack(d *inDialog, t *transaction) {
	d.refuse(t, sip.StatusCallTransactionDoesNotExists)
}
