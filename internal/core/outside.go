package core

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// Outside rings the telephones of other systems.
type Outside interface {
	// Ring rings somebody, and runs answered with their line if they answer. The
	// context that it is given ends when they hang up, with engine.ErrHungUp, and
	// with the cause of ctx, whose end also stops the ringing. Ring returns once
	// answered has returned and the call is over. The error says that it could not be
	// tried.
	Ring(ctx context.Context, who engine.Outside, answered func(ctx context.Context, line engine.Line)) (engine.Rung, error)
}

// Barring decides who may call whom outside. Each call that leaves passes it once,
// before anything is sent; several goroutines ask it.
type Barring interface {
	// Admit admits a call of a user (user@domain) to somebody outside, or refuses
	// it with a *fault.Error whose sentence the trace of the call and the client
	// of the API have. To is dialplan.Result's Outside: a number with its plus, an
	// emergency number as it was dialled, or a URI. Over is called once when an
	// admitted call has ended, with how long the two talked: 0 if nobody answered.
	Admit(owner, to string) (over func(talked time.Duration), err error)

	// Judge refuses a call to somebody outside whom nobody may call, as Admit does. It
	// counts nothing: Admit may refuse others because of what is in hand.
	Judge(to string) error
}

// outsideCall is an admitted call to somebody outside.
type outsideCall struct {
	who      engine.Outside
	over     func(talked time.Duration) // tells the Barring
	claimed  atomic.Bool                // the call is begun, or never will be
	answered atomic.Pointer[time.Time]  // when they answered
	end      engine.ForwardEnd          // how it ended; empty: it has not, or was not begun
	ended    bool                       // it has, and nothing on this side did that
}

// admit admits the call that a route leads outside.
func (c *Core) admit(route dialplan.Result) (*outsideCall, error) {
	if c.config.Barring == nil {
		return nil, fault.Newf(fault.Unsupported, "not reachable: %s, and this Core calls nobody outside", route.Reason).WithHint("calls leave by a trunk: see [[core.trunk]]")
	}
	over, err := c.config.Barring.Admit(route.Owner.Address(), route.Outside)
	if err != nil {
		return nil, fmt.Errorf("not reachable: %w", err)
	}
	owner := &route.Owner
	return &outsideCall{over: over, who: engine.Outside{
		To: route.Outside, From: c.callerID(owner.CallerID), Name: owner.CallerIDName, Private: owner.Private,
	}}, nil
}

// explainOutside says of a call that a user begins, and that leads nowhere, whether one on
// the user's behalf would be made; empty: it would not leave either.
func (c *Core) explainOutside(ctx context.Context, q dialplan.Query) string {
	if q.Owner = q.From; dialplan.ParseURI(q.From, "").Host == "" {
		return ""
	}
	route, err := c.Route(ctx, q)
	if err != nil || route.Kind != dialplan.Outside || c.config.Barring == nil {
		return ""
	}
	outcome := "made"
	if err := c.config.Barring.Judge(route.Outside); err != nil {
		outcome = "refused: " + err.Error()
		if hint := fault.HintOf(err); hint != "" {
			outcome += "; " + hint
		}
	}
	return fmt.Sprintf("such a call of %s is %s", route.Owner.Address(), outcome)
}

// callerID returns the number that those who are called are shown, with its plus; ""
// if a user's is none: then it is the trunk's.
func (c *Core) callerID(text string) string {
	n, err := phone.Parse(text, c.home())
	if err != nil {
		return ""
	}
	return n.E164()
}

// home returns where numbers without a country code belong.
func (c *Core) home() phone.Home {
	return phone.HomeOfCode(cmp.Or(c.config.CountryCode, dialplan.DefaultCountryCode))
}

// answer notes that they have answered.
func (o *outsideCall) answer(at time.Time) { o.answered.CompareAndSwap(nil, &at) }

// answeredAt returns when they answered; the zero time: they have not.
func (o *outsideCall) answeredAt() time.Time {
	if at := o.answered.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// claim reports whether the call may be begun, now or never: one of those who claim it
// may.
func (o *outsideCall) claim() bool { return o.claimed.CompareAndSwap(false, true) }

// dismiss gives up a call that was not begun, if there is one.
func (o *outsideCall) dismiss() {
	if o != nil && o.claim() {
		o.over(0)
	}
}

// finish ends the call: how it went, as who connected it knows.
func (o *outsideCall) finish(went engine.Forwarded, now time.Time) {
	o.end = went.End
	if went.End == engine.ForwardAnswered {
		o.answer(now.Add(-went.Talked))
	}
	o.over(went.Talked)
}

// endsOutside say in words how calls end outside.
var endsOutside = map[engine.ForwardEnd]string{
	engine.ForwardAnswered:    "the call was connected, and is over",
	engine.ForwardBusy:        "the one who was called is busy",
	engine.ForwardNoAnswer:    "the one who was called does not answer",
	engine.ForwardRejected:    "the one who was called has declined",
	engine.ForwardUnavailable: "the one who was called cannot be reached",
	engine.ForwardCancelled:   "the caller hung up before anybody answered",
}
