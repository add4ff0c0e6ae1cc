package core

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// ErrNoTelephones is in the error of Originate that says that there is no way out.
var ErrNoTelephones = errors.New("no telephone can be rung from here")

// Origination is a call that the Core makes. Someone is rung first; once they answer,
// the call goes on to its destination.
type Origination struct {
	Owner string // the user (user@domain) in whose name, by whose dial plan, and at whose expense

	// First is rung first: a number or an address outside. Empty means the owner, who
	// has no telephone that could ring so far, as all users.
	First string
	To    string // the destination: a number, an extension, an alias, an address

	// CallID names the call, as OrigCallID: to responders, in events and in Calls. No
	// other live call has it.
	CallID string

	// The numbers that are shown to the destination, if it is outside, and to who is
	// rung first; empty: the owner's. They are numbers of the owner's domain.
	CallerID, FirstCallerID string
}

// callIDForm is what a call may be named: a Call-ID (RFC 3261, section 25.1) without
// what would need an escape in a path of the API.
var callIDForm = regexp.MustCompile(`^[A-Za-z0-9_.+=-][A-Za-z0-9_.+=@~-]{0,127}$`)

// maxAddress is the longest address of a call that is made or transferred, in bytes: no longer one
// leads anywhere.
const maxAddress = 2 * dialplan.MaxPart

// check says what is wrong with the call by itself.
func (o *Origination) check() error {
	switch {
	case !callIDForm.MatchString(o.CallID):
		return fault.Newf(fault.Invalid, "%.40q cannot name a call", o.CallID).WithHint("a call-id has 1 to 128 letters, digits and characters of _.+=@~-")
	case len(o.First) > maxAddress:
		return errTooLong
	}
	return checkDestination(o.To)
}

var errTooLong = fault.Newf(fault.Invalid, "an address of the call is longer than %d bytes", maxAddress)

// checkDestination says what is wrong with the destination of a call by itself.
func checkDestination(to string) error {
	switch {
	case strings.TrimSpace(to) == "":
		return fault.Newf(fault.Invalid, "the call has no destination")
	case len(to) > maxAddress:
		return errTooLong
	}
	return nil
}

// Originate makes a call. It returns the call as List shows it, once it is decided
// where both parties are and both are admitted; ringing goes on beside, and the calls
// in hand (Config.InHand) are waited for when it is over.
//
// The error is a *fault.Error that says why the call is not made; nobody was rung. It
// wraps ErrExists if another call has its CallID, ErrTooMany, or ErrNoTelephones.
func (c *Core) Originate(ctx context.Context, o Origination) (Fields, error) {
	made, err := c.decideOrigination(ctx, o)
	if err != nil {
		return nil, err
	}
	ctx, hangUp := context.WithCancelCause(context.WithoutCancel(ctx))
	leave, err := made.begin(hangUp)
	if err != nil {
		hangUp(nil)
		return nil, err
	}
	made.tellLive(made.to)
	shown := made.to.active()
	go func() {
		defer leave()
		defer hangUp(nil)
		made.run(ctx)
	}()
	return shown, nil
}

// origination is a call that is made.
type origination struct {
	*placedCall
	to         *leg            // its destination
	rung       dialplan.Result // who is rung first
	shown      string          // the number that the destination is shown, if it is outside
	firstShown string          // that which who is rung first is shown
}

// decideOrigination decides about a call that is to be made. Nothing is admitted yet.
func (c *Core) decideOrigination(ctx context.Context, o Origination) (*origination, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	user, domain, _ := strings.Cut(o.Owner, "@")
	if _, err := c.user(ctx, domain, user); err != nil {
		return nil, err
	}
	if c.config.Outside == nil {
		return nil, &fault.Error{Code: fault.Unsupported, Message: "this Core makes no calls", Hint: "it needs [core] sip", Err: ErrNoTelephones}
	}
	rung, err := c.decideFirst(ctx, o)
	if err != nil {
		return nil, err
	}
	route, err := c.Route(ctx, dialplan.Query{From: rung.Outside, To: o.To, Owner: o.Owner})
	if err != nil {
		return nil, err
	}
	if route.Kind != dialplan.ToWeb && route.Kind != dialplan.Outside {
		return nil, notReachable(route)
	}
	maker := Whose{User: rung.Owner.Name, Domain: rung.Owner.Domain}
	made := &origination{rung: rung, placedCall: &placedCall{
		core: c, from: rung.Outside, to: o.To, origID: o.CallID, maker: maker, began: c.config.Now().UTC(),
	}}
	made.call.Routes = []dialplan.Result{route}
	made.to = made.newLeg(route)
	made.to.byAction, made.to.by, made.to.byID = "CallRequest", maker, o.CallID
	if made.shown, err = c.shownNumber(ctx, &rung.Owner, o.CallerID); err != nil {
		return nil, err
	}
	made.firstShown, err = c.shownNumber(ctx, &rung.Owner, o.FirstCallerID)
	return made, err
}

// decideFirst decides who is rung first.
func (c *Core) decideFirst(ctx context.Context, o Origination) (dialplan.Result, error) {
	to := cmp.Or(o.First, o.Owner)
	rung, err := c.Route(ctx, dialplan.Query{From: o.Owner, To: to, Owner: o.Owner})
	switch {
	case err != nil:
		return rung, err
	case rung.Kind == dialplan.ToWeb:
		return rung, fault.Newf(fault.Refused, "%s leads to a web responder, which cannot be rung", phone.MaskIn(to)).
			WithHint("give the responder as the destination, and as the origination somebody with a telephone")
	case rung.Kind != dialplan.Outside:
		return rung, fault.Newf(fault.Refused, "%s cannot be rung: %s", phone.MaskIn(to), rung.Reason).
			WithHint("the origination is a number or a sip: address outside; users of this Core have no telephones")
	}
	return rung, nil
}

// shownNumber returns the number that somebody is shown: the owner's, or another one of
// their domain. With any number callers could pass for whom they like.
func (c *Core) shownNumber(ctx context.Context, owner *dialplan.User, text string) (string, error) {
	own := c.callerID(owner.CallerID)
	if text == "" {
		return own, nil
	}
	n, err := phone.Parse(text, c.home())
	if err != nil {
		return "", fault.Newf(fault.Invalid, "the caller id %v", err)
	}
	if n.E164() == own {
		return own, nil
	}
	switch known, err := c.hasNumber(ctx, owner.Domain, n); {
	case err != nil:
		return "", err
	case !known:
		return "", fault.Newf(fault.Refused, "%s is no number of %s, and cannot be shown as the caller's", phone.Mask(n.E164()), owner.Domain)
	}
	return n.E164(), nil
}

// begin takes what the call needs, admits both its parties and shows it; or nothing of
// it all. Leave gives back what it has taken.
func (o *origination) begin(hangUp context.CancelCauseFunc) (leave func(), err error) {
	c := o.core
	counted, err := c.originations.begin(o.rung.Owner.Address(), o.began)
	if err != nil {
		return nil, err
	}
	end, taken := c.config.InHand.Begin(hangUp)
	if !taken {
		counted()
		return nil, fault.Newf(fault.Unavailable, "the server is about to stop, and takes no more calls")
	}
	leave = func() {
		end()
		counted()
	}
	if err := o.admit(); err != nil {
		leave()
		return nil, err
	}
	if !c.calls.add(o.placedCall, o.to, hangUp) {
		o.first.dismiss()
		o.to.out.dismiss()
		leave()
		return nil, &fault.Error{Code: fault.Refused, Message: "call " + o.origID + " exists already", Err: ErrExists}
	}
	return leave, nil
}

// admit admits the call to who is rung first, and that to the destination if it is
// outside too.
func (o *origination) admit() (err error) {
	if o.first, err = o.core.admit(o.rung); err != nil {
		return err
	}
	o.first.who.From = o.firstShown
	if o.to.route.Kind != dialplan.Outside {
		return nil
	}
	if o.to.out, err = o.core.admit(o.to.route); err != nil {
		o.first.dismiss()
		return err
	}
	o.to.out.who.From = o.shown
	return nil
}

// run rings who is rung first, and runs the call once they have answered.
func (o *origination) run(ctx context.Context) {
	c := o.core
	var events storedTrace
	o.first.claim()
	rung, err := c.config.Outside.Ring(ctx, o.first.who, func(ctx context.Context, line engine.Line) {
		o.first.answer(c.config.Now().UTC())
		o.setLine(line)
		o.runLegs(ctx, o.to, events.add)
	})
	went, now := engine.Forwarded{End: rung.End}, c.config.Now().UTC()
	switch at := o.first.answeredAt(); {
	case !at.IsZero():
		went = engine.Forwarded{End: engine.ForwardAnswered, Talked: now.Sub(at)}
	case err != nil:
		went.End = engine.ForwardUnavailable
	}
	o.first.finish(went, now)
	if o.line == nil {
		o.unanswered(ctx, err, events.add)
	}
	events.addAll(rung.Ladder)
	c.config.Log.Info("outbound call ended", "call", o.origID, "owner", o.rung.Owner.Address(), "reason", phone.MaskIn(setting.WithoutSecrets(o.call.Outcome.Reason)))
	stored := StoredCall{
		ID: strings.ToLower(rand.Text()), At: o.began, From: storedNumber(o.from, c.home()), To: storedNumber(o.placedCall.to, c.home()),
		Outcome: setting.WithoutSecrets(o.call.Outcome.Reason), Failed: o.call.Outcome.Failed, Trace: events.lines(),
	}
	o.call.origID, o.call.termID = o.origID, o.leg.termID
	stored.Item = stored.told(&o.call, o.call.Outcome, events.asked, o.report())
	c.config.Keep(stored)
}

// unanswered ends a call that nobody has answered. The error says that nobody was rung.
func (o *origination) unanswered(ctx context.Context, err error, record func(trace.Stamped)) {
	outcome := engine.Outcome{By: trace.ByEngine, Reason: endsOutside[o.first.end]}
	switch {
	case ctx.Err() != nil:
		outcome.Reason = fmt.Sprintf("the call was ended: %v", context.Cause(ctx))
	case err != nil:
		outcome.Reason, outcome.Failed = fmt.Sprintf("%s cannot be rung: %v", phone.MaskIn(o.from), err), true
	}
	o.call.Outcome = outcome
	o.core.calls.drop(o.placedCall)
	o.tellEnd(o.to, outcome)
	record(trace.Stamped{Event: trace.Answer{From: o.from, To: o.placedCall.to}})
	record(trace.Stamped{At: o.core.config.Now().Sub(o.began), Event: trace.Hangup{By: outcome.By, Reason: outcome.Reason}})
}
