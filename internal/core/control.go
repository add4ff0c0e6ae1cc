package core

import (
	"context"
	"errors"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

// maxTransfers bounds how often one call is transferred from outside. Programs that
// transfer it to each other reach it; people do not.
const maxTransfers = 100

// errDisconnected ends a call.
var errDisconnected = errors.New("it was disconnected through the API")

// Disconnect ends a call, in the middle of whatever it does: the caller is
// disconnected. It returns at once, and the call is none of List's any more. An
// error is a fault.NotFound.
func (c *Calls) Disconnect(whose Whose, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, err := c.find(whose, id)
	if err != nil {
		return err
	}
	c.remove(p)
	p.end(errDisconnected)
	return nil
}

// Transfer sends a call elsewhere, in the middle of whatever it does, by the dial
// plan of the user whom it came to; or, if whose is the user who makes the call or
// their domain alone, by theirs. It returns once it is decided where to, and List and
// Find show the call there already; its responder is left meanwhile.
//
// To is a number, an extension, an alias or a URI. If it leads nowhere the call
// stays where it is, and the error is that of Place; it is a fault.NotFound if there
// is no such call.
func (c *Calls) Transfer(ctx context.Context, whose Whose, id, to string) error {
	if err := checkDestination(to); err != nil {
		return err
	}
	for {
		p, from, err := c.transferable(whose, id)
		if err != nil {
			return err
		}
		byCaller := from.madeBy(whose)
		route, err := p.decide(ctx, from.route, to, byCaller)
		if err != nil {
			return err
		}
		next, err := p.transferred(from, route, whose, byCaller)
		if err != nil {
			return err
		}
		if c.transfer(p, from, next, &engine.Redirect{To: to, ByCaller: byCaller}) {
			from.out.dismiss()
			return nil
		}
		next.out.dismiss()
	}
}

// transferable returns a call and the leg that it has.
func (c *Calls) transferable(whose Whose, id string) (*placedCall, *leg, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, err := c.find(whose, id)
	if err != nil {
		return nil, nil, err
	}
	if p.transfers == maxTransfers {
		return nil, nil, fault.Newf(fault.Refused, "the call was transferred %d times already", maxTransfers)
	}
	return p, p.leg, nil
}

// transfer takes a call from one leg to another. It reports false if the call has
// left that leg meanwhile.
func (c *Calls) transfer(p *placedCall, from, to *leg, redirect *engine.Redirect) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.moveLocked(p, from, to) {
		return false
	}
	p.transfers++
	p.redirect = redirect
	p.take(redirect)
	return true
}

// take takes the call away from what it does. The first of several that do is what
// the trace tells. The lock is held.
func (p *placedCall) take(redirect *engine.Redirect) {
	p.leave(redirect)
	if p.taken == nil {
		p.taken = redirect
	}
}

// transferred returns the leg to which a call is transferred.
func (p *placedCall) transferred(from *leg, route dialplan.Result, whose Whose, byCaller bool) (*leg, error) {
	var l *leg
	switch route.Kind {
	case dialplan.ToWeb:
		l = p.newLeg(route)
	case dialplan.Outside:
		var err error
		if l, err = p.outsideLeg(route); err != nil {
			return nil, err
		}
	default:
		return nil, notReachable(route)
	}
	if l.by = whose; whose.User == "" {
		l.by = from.inNameOf(byCaller)
	}
	l.byAction, l.byID = "Transfer", from.termID
	return l, nil
}

// enter begins the run of a leg, which ends with the context: when the call does, or
// leaves the leg. It returns a function that frees what that takes.
func (c *Calls) enter(ctx context.Context, p *placedCall, l *leg) (context.Context, context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	run, leave := context.WithCancelCause(ctx)
	p.leave, p.taken = leave, nil
	if p.leg != l { // it was transferred on before it came here
		p.take(p.redirect)
	}
	return run, func() { leave(nil) }
}

// next returns the leg that a call goes on with once it has left one; nil: it has
// ended. The redirect is what led there, if the trace does not have it yet.
func (c *Calls) next(p *placedCall, left *leg, forwarded bool) (next *leg, untold *engine.Redirect) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !forwarded, p.leg == left && p.forward == nil:
		c.remove(p)
		return nil, nil
	case p.leg == left:
		c.show(p, p.newLeg(*p.forward))
	case p.forward != nil, left.out != nil && left.out.ended, p.taken != p.redirect:
		untold = p.redirect // a Forward of the responder, or another transfer, was told of
	}
	p.forward = nil
	return p.leg, untold
}
