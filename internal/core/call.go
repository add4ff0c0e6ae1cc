package core

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/responder"
)

// maxForwards bounds how often responders forward one call. Two that forward to each
// other reach it at once; real calls do not.
const maxForwards = 20

// Call is a call that Place was given, and its outcome.
type Call struct {
	// Routes are the decisions: the first for the number that was called, each
	// further one for a Forward of a responder, or a transfer.
	Routes  []dialplan.Result
	Outcome engine.Outcome

	origID, termID string // of the caller's leg, and of the last one; empty: the call did not begin
}

// Place routes a caller's line to a number, and runs the call until it ends.
// From is a number or user@domain. Each event is passed to record, as engine.Run
// does; record may be nil.
//
// The error says that the call could not begin: a *fault.Error that begins with
// "not reachable". The Call then has the route that ended there, and nothing was
// done to the line.
func (c *Core) Place(ctx context.Context, from, to string, line engine.Line, record func(trace.Stamped)) (Call, error) {
	route, err := c.Route(ctx, dialplan.Query{From: from, To: to})
	if err != nil {
		return Call{}, err
	}
	if record == nil {
		record = func(trace.Stamped) {}
	}
	return c.placeRouted(ctx, route, from, to, line, record)
}

// placeRouted is Place once the call is routed.
func (c *Core) placeRouted(ctx context.Context, route dialplan.Result, from, to string, line engine.Line, record func(trace.Stamped)) (Call, error) {
	p := &placedCall{core: c, from: from, to: to, origID: origIDOf(line), began: c.config.Now().UTC()}
	p.setLine(line)
	p.call.Routes = []dialplan.Result{route}
	if route.Kind != dialplan.ToWeb {
		return p.call, notReachable(route)
	}
	if preparer, ok := engine.As[engine.Preparer](line); ok {
		preparer.Prepare()
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	first := p.newLeg(route)
	for !c.calls.add(p, first, end) {
		p.origID = rand.Text() // the caller wrote the id of a call that is under way
	}
	p.runLegs(ctx, first, record)
	p.call.origID, p.call.termID = p.origID, p.at.termID
	return p.call, nil
}

// maxOrigID is how many characters an id from outside may have: those of telephones
// and carriers have at most 80 or so.
const maxOrigID = 128

// origIDOf returns the id of a call: that of its line, under which the operator finds
// it in the logs of telephones and carriers too, or a random one where the line has
// none or one that is not fit to be part of an address.
func origIDOf(line engine.Line) string {
	unfit := func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._~@!*+'", r)
	}
	if known, ok := engine.As[engine.Identified](line); ok {
		if id := known.CallID(); id != "" && len(id) <= maxOrigID && !strings.ContainsFunc(id, unfit) && strings.Trim(id, ".") != "" {
			return id
		}
	}
	return rand.Text()
}

func notReachable(route dialplan.Result) error {
	code := fault.NotFound
	switch route.Kind {
	case dialplan.Refused, dialplan.Hangup:
		code = fault.Refused
	case dialplan.Unsupported, dialplan.ToPhones:
		code = fault.Unsupported
	}
	return fault.Newf(code, "not reachable: %s", route.Reason).WithHint("switchhook route explains the way of a call, rule by rule")
}

// placedCall is a call under way.
type placedCall struct {
	core     *Core
	from, to string
	origID   string
	line     engine.Line               // of the caller; nil until a call that we make is answered
	can      atomic.Pointer[abilities] // of the line, for any goroutine; nil likewise
	first    *outsideCall              // to the caller, if we made it; nil: the call came in
	maker    Whose                     // in whose name we made it; zero: the call came in
	began    time.Time
	call     Call
	at       *leg             // that is run; after a transfer, leg is ahead of it
	forward  *dialplan.Result // the responder to whom a Forward has led; nil: to none
	forwards int

	// The following are guarded by the lock of Calls.
	leg       *leg
	leave     context.CancelCauseFunc // ends what the call does, as it goes elsewhere
	end       context.CancelCauseFunc // ends the call
	redirect  *engine.Redirect        // the last transfer
	taken     *engine.Redirect        // that which ended what the call does; nil: none has
	transfers int
}

// abilities are what a line can do.
type abilities struct {
	answerer engine.Answerer      // nil: it answered at once
	audio    engine.AudioReporter // nil: it does not tell
	connects engine.Connector     // nil: it cannot be connected with anybody
}

// setLine gives the call its line.
func (p *placedCall) setLine(line engine.Line) {
	p.line = line
	can := &abilities{}
	can.answerer, _ = engine.As[engine.Answerer](line)
	can.audio, _ = engine.As[engine.AudioReporter](line)
	can.connects, _ = engine.As[engine.Connector](line)
	p.can.Store(can)
}

// runLegs asks responder after responder, and connects the caller with those outside
// to whom transfers lead.
func (p *placedCall) runLegs(ctx context.Context, l *leg, record func(trace.Stamped)) {
	calls := p.core.calls
	for {
		run, left := calls.enter(ctx, p, l)
		p.at = l
		p.tellLive(l)
		p.call.Outcome = p.runLeg(run, l, record)
		left()
		next, untold := calls.next(p, p.at, p.call.Outcome.Forwarded)
		if next == nil && p.call.Outcome.Forwarded && p.at.out != nil {
			p.call.Outcome.Reason = endsOutside[p.at.out.end]
		}
		p.tellEnd(p.at, p.call.Outcome)
		if next == nil {
			p.leg.out.dismiss() // nothing moves the call any more
			return
		}
		if untold != nil {
			record(trace.Stamped{At: p.line.Now(), Event: trace.Forward{To: untold.To, ByCaller: untold.ByCaller}})
		}
		if next.byAction != "" {
			p.call.Routes = append(p.call.Routes, next.route)
		}
		l, record = next, withoutAnswer(record)
	}
}

// runLeg does what there is to do on a leg, until it ends or the call goes elsewhere.
func (p *placedCall) runLeg(ctx context.Context, l *leg, record func(trace.Stamped)) engine.Outcome {
	if l.out != nil {
		return p.runOutside(ctx, l, record)
	}
	return p.core.config.Engine.Run(ctx, &forwardingLine{p.line, p}, l.engineCall(), p.tellAnswer(record))
}

// withoutAnswer leaves out the beginning of a call that goes on.
func withoutAnswer(record func(trace.Stamped)) func(trace.Stamped) {
	return func(event trace.Stamped) {
		if _, ok := event.Event.(trace.Answer); !ok {
			record(event)
		}
	}
}

// engineCall returns what the engine asks, and what the responder is sent.
func (l *leg) engineCall() engine.Call {
	route := l.route
	facts := responder.Request{
		Caller:        route.From.User,
		Called:        l.to,
		AccountUser:   route.Owner.Name,
		AccountDomain: l.domain(),
		OrigCallID:    l.origID,
		TermCallID:    l.termID,
		ToUser:        route.To.User,
		ToDomain:      cmp.Or(route.To.Host, route.Domain),
	}
	if caller := l.caller(); caller.Host != "" && sameName(caller.Address(), route.Owner.Address()) {
		facts.AccountLastDial = l.to
	}
	return engine.Call{URL: route.Web.URL, Method: route.Web.Method, Secret: string(route.Web.Secret), Facts: facts}
}

// forwardCall sends the call where a responder's Forward leads by a dial plan: that
// of the call's owner, or the caller's own. To another responder it leads once the
// engine has left this one.
func (p *placedCall) forwardCall(ctx context.Context, to string, byCaller bool) (engine.Forwarded, error) {
	last := p.call.Routes[len(p.call.Routes)-1]
	if p.forwards == maxForwards {
		return engine.Forwarded{}, fault.Newf(fault.Refused, "the call was forwarded %d times already", maxForwards)
	}
	route, err := p.decide(ctx, last, to, byCaller)
	if err != nil {
		return engine.Forwarded{}, err
	}
	p.forwards++
	p.call.Routes = append(p.call.Routes, route)
	switch route.Kind {
	case dialplan.ToWeb:
		p.forward = &route
		return engine.Forwarded{}, nil
	case dialplan.Outside:
		return p.forwardOutside(ctx, route, byCaller)
	}
	return engine.Forwarded{}, notReachable(route)
}

// decide decides where a call goes from where its last route has led.
func (p *placedCall) decide(ctx context.Context, last dialplan.Result, to string, byCaller bool) (dialplan.Result, error) {
	q := dialplan.Query{From: p.from, To: to, Owner: last.Owner.Address()}
	switch {
	case byCaller && dialplan.ParseURI(p.from, "").Host != "":
		q.Owner = p.from // the caller is a user, with a dial plan of their own
	case last.Owner.Name == "":
		return dialplan.Result{}, fault.Newf(fault.NotFound, "the call has no owner whose dial plan could be asked").WithHint("lead the number to a user, and the user's answer rule to the responder")
	}
	route, err := p.core.Route(ctx, q)
	if err != nil {
		return dialplan.Result{}, fmt.Errorf("forward to %s: %w", phone.Mask(to), err)
	}
	return route, nil
}
