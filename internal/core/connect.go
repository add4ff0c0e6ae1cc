package core

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// outsideLeg returns the leg of a call that a route leads outside, once it is
// admitted. If it is not run, its call is to be dismissed.
func (p *placedCall) outsideLeg(route dialplan.Result) (*leg, error) {
	switch can := p.can.Load(); {
	case can == nil:
		return nil, fault.Newf(fault.Unavailable, "not reachable: %s, and nobody has answered this call yet", route.Reason)
	case can.connects == nil:
		return nil, fault.Newf(fault.Unsupported, "not reachable: %s, and this line cannot be connected with anybody, as a terminal's cannot", route.Reason).
			WithHint("call over SIP")
	}
	out, err := p.core.admit(route)
	if err != nil {
		return nil, err
	}
	l := p.newLeg(route)
	l.out = out
	return l, nil
}

// forwardOutside connects the caller with somebody outside, in the middle of a
// responder's document, and returns when that is over.
func (p *placedCall) forwardOutside(ctx context.Context, route dialplan.Result, byCaller bool) (engine.Forwarded, error) {
	l, err := p.outsideLeg(route)
	if err != nil {
		return engine.Forwarded{}, err
	}
	from := p.at
	l.byAction, l.by, l.byID = "Forward", from.inNameOf(byCaller), from.termID
	if !p.core.calls.move(p, from, l) {
		l.out.dismiss()
		return engine.Forwarded{}, context.Cause(ctx)
	}
	p.at = l
	p.tellEnd(from, engine.Outcome{Forwarded: true})
	p.tellLive(l)
	went, err := p.connect(ctx, l)
	if err != nil && ctx.Err() == nil && !errors.Is(err, engine.ErrHungUp) {
		p.comeBack(from)
	}
	return went, err
}

// comeBack shows a call at its responder again, where somebody outside could not be
// called: the responder's fallback, or the apology, is what comes next.
func (p *placedCall) comeBack(to *leg) {
	back := *to
	back.termID, back.began = rand.Text(), p.core.config.Now().UTC()
	if !p.core.calls.move(p, p.at, &back) {
		return // it was sent elsewhere meanwhile
	}
	p.tellEnd(p.at, engine.Outcome{By: trace.ByEngine, Failed: true})
	p.at = &back
	p.tellLive(p.at)
}

// connect connects the caller with the one outside to whom a leg leads. If the leg's
// call was dismissed, the caller has left the leg, and the context has ended.
func (p *placedCall) connect(ctx context.Context, l *leg) (engine.Forwarded, error) {
	if !l.out.claim() {
		return engine.Forwarded{}, context.Cause(ctx)
	}
	who := l.out.who
	who.Answered = func() {
		l.out.answer(p.core.config.Now().UTC())
		p.tellLive(l)
	}
	went, err := p.can.Load().connects.Connect(ctx, who)
	l.out.ended = err == nil
	l.out.finish(went, p.core.config.Now().UTC())
	return went, err
}

// runOutside connects the caller where no document asks for it, but a transfer or an
// Origination.
func (p *placedCall) runOutside(ctx context.Context, l *leg, record func(trace.Stamped)) engine.Outcome {
	began := p.line.Now()
	record(trace.Stamped{At: began, Event: trace.Answer{From: p.from, To: p.to}})
	before := isAnswered(p.line)
	went, err := p.connect(ctx, l)
	if !before && isAnswered(p.line) {
		at, _ := p.can.Load().answerer.Answered()
		record(trace.Stamped{At: at, Event: trace.Answered{}})
	}
	if went.End != "" {
		record(trace.Stamped{At: began, Event: trace.Forward{To: l.out.who.To, End: string(went.End), Seconds: trace.Seconds(went.Talked)}})
	}
	if err == nil {
		return engine.Outcome{Forwarded: true}
	}
	return p.disconnected(ctx, err, l, record)
}

// disconnected says how a call ends, or goes on, whose connection was ended from this
// side or could not be had.
func (p *placedCall) disconnected(ctx context.Context, err error, l *leg, record func(trace.Stamped)) engine.Outcome {
	cause := context.Cause(ctx)
	redirect, sent := errors.AsType[*engine.Redirect](cause)
	outcome := engine.Outcome{By: trace.ByCaller, Reason: hungUp}
	switch {
	case sent:
		record(trace.Stamped{At: p.line.Now(), Event: trace.Forward{To: redirect.To, ByCaller: redirect.ByCaller}})
		return engine.Outcome{Forwarded: true}
	case errors.Is(err, engine.ErrHungUp), errors.Is(cause, engine.ErrHungUp):
	case cause == nil:
		return turnDown(ctx, p.line, record, fmt.Errorf("the call cannot be connected with %s: %w", phone.MaskIn(l.out.who.To), err))
	default:
		outcome = engine.Outcome{By: trace.ByEngine, Reason: fmt.Sprintf("the call was ended: %v", cause)}
		_ = p.line.Hangup(context.WithoutCancel(ctx), engine.Normal) // the call ends here in any case
	}
	record(trace.Stamped{At: p.line.Now(), Event: trace.Hangup{By: outcome.By, Reason: outcome.Reason}})
	return outcome
}
