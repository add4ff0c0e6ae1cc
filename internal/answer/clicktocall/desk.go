// Package clicktocall calls visitors of web pages back: a button asks for a
// call, the Desk decides whether to place one, and has the visitor called by a
// queue of the phone system. Without defences anyone who can reach it could have
// anybody called, as often as they like, so most of it is about whom not to call.
// docs/click-to-call-defence.md says what an attacker can still do.
package clicktocall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/admission"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

const (
	// DefaultPatience is how long a visitor waits for the phone system to take
	// the call.
	DefaultPatience = 8 * time.Second

	// lookPatience is how long they wait after that for us to verify a call that
	// the phone system may or may not have taken.
	lookPatience = 3 * time.Second

	// recordPatience is how long our own database may take to record what the
	// phone system said.
	recordPatience = 3 * time.Second

	// overloadFor is when a visitor who was refused because too many are in hand
	// is asked to try again.
	overloadFor = 5 * time.Second

	// askAgain is how often we ask the ledger about a call back that another
	// request, perhaps on another server, is placing.
	askAgain = 100 * time.Millisecond
)

// Entries finds what operators configured. Both are called for each request.
type Entries interface {
	Get(id string) (*entry.Entry, bool)

	// Sends reports whether texts of some entry come from a number: it is ours.
	Sends(number string) bool
}

// PhoneSystem calls people back. It is a *netsapiens.Client.
type PhoneSystem interface {
	// QueueCall has somebody called by a queue. A *netsapiens.Error tells how
	// certain it is that they are not.
	QueueCall(ctx context.Context, q netsapiens.QueuedCall) error

	// HasQueuedCall reports whether a number waits in a queue. An error is
	// netsapiens.Unsupported where that is not told.
	HasQueuedCall(ctx context.Context, q netsapiens.QueuedCall) (bool, error)
}

// Scheduler makes jobs: store.Store. The handler of JobKind is Desk.Work.
type Scheduler interface {
	Schedule(ctx context.Context, kind, id string, at time.Time) error
}

// JobKind is the kind of the jobs that place scheduled call backs.
const JobKind = "callback"

// Desk decides on calls, and places them.
type Desk struct {
	Entries     Entries     // required
	Ledger      Ledger      // required
	PhoneSystem PhoneSystem // required
	Jobs        Scheduler   // nil: no calls can be scheduled
	Key         Key         // required

	AcceptBare bool          // take requests without a token, at a tenth of the caps
	Limits     Limits        // zero: DefaultLimits
	Patience   time.Duration // 0: DefaultPatience
	Log        part.Log

	// Admission refuses requests while our own database is full. Optional.
	Admission *admission.Control

	Ended func(c CallBack, r Result) // told the result of a scheduled call back; optional
	Tell  func(activity.Item)        // told of each request that leads to no call back; optional
}

// Request is what a visitor asks for.
type Request struct {
	ID     string // of the entry
	Phone  string // as they wrote it
	Token  string
	Nonce  string
	Key    string    // idempotency
	At     time.Time // zero: at once
	Origin string    // of the page
	From   Subnets   // of their address
}

// Answer is the result of a Request that is not refused.
type Answer struct {
	CallBack CallBack
	Repeated bool // it was asked for before
}

func (d *Desk) limits(e *entry.Entry) Limits {
	limits := d.Limits
	if limits == (Limits{}) {
		limits = DefaultLimits()
	}
	if e != nil {
		limits, _ = limits.With(e.Limits) // one that cannot be used changes nothing; doctor tells
	}
	return limits
}

func (d *Desk) patience() time.Duration {
	if d.Patience > 0 {
		return d.Patience
	}
	return DefaultPatience
}

// lease returns how long an attempt holds its call back: to place it, to verify
// it, and to record the result.
func (d *Desk) lease() time.Duration { return d.patience() + lookPatience + 2*recordPatience }

// errOverload is for the log.
var errOverload = errors.New("so many requests are in hand that this one would have waited too long")

// Call decides on a request, and has the visitor called or the call scheduled. A
// visitor who leaves the page is called all the same.
func (d *Desk) Call(ctx context.Context, r Request) (Answer, *Refusal) {
	now := time.Now()
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), now.Add(d.lease()))
	defer cancel()
	c := &Case{Now: now, At: r.At, Origin: r.Origin, Token: r.Token, Bare: d.AcceptBare}
	c.Entry, _ = d.Entries.Get(r.ID)
	var used token
	if r.Token != "" {
		used, c.Genuine = d.Key.read(r.Token, bearer{r.ID, r.Origin, r.From.Network}, now)
		c.Worked = worked(used.challenge(), r.Nonce, used.bits)
		c.Proved = used.bits >= keptBits
	}
	if refused := firstOf(rulesOfRequest, c); refused != nil {
		return Answer{}, d.tellRefused(c, "", refused)
	}
	number, wrong := destination(r.Phone, c.Entry.Regions)
	if wrong == "" && d.Entries.Sends(number.E164()) {
		number, wrong = phone.Number{}, NumberRefused
	}
	c.Number = wrong
	return d.begin(ctx, c, d.ask(c, r, number.Digits(), used))
}

// ask returns what the ledger looks at.
func (d *Desk) ask(c *Case, r Request, number string, used token) Ask {
	limits, bare := d.limits(c.Entry), r.Token == ""
	a := Ask{
		Entry: c.Entry.ID, Tenant: tenantOf(c.Entry), Number: number, Key: r.Key, At: r.At,
		Network: r.From.Network, Site: r.From.Site, Block: r.From.Block, Caps: limits.capsOfAsking(r.From, bare),
	}
	if !bare {
		a.Token, a.TokenEnds = used.challenge(), used.ends
	}
	if number == "" {
		return a
	}
	a.Caps = append(a.Caps, limits.capsOfCalling(number, a.Entry, a.Tenant, bare)...)
	a.Caps = append(a.Caps, limits.capsOfStrangers(a.Entry, a.Tenant)...)
	if !r.At.IsZero() {
		a.Caps = append(a.Caps, limits.capsOfScheduling(a.Entry, a.Tenant, bare)...)
	}
	return a
}

// tenantOf returns the phone system's domain that an entry calls in.
func tenantOf(e *entry.Entry) string {
	domain, _ := placeOf(e)
	return domain
}

// begin records a call back before anything is done about it.
func (d *Desk) begin(ctx context.Context, c *Case, a Ask) (Answer, *Refusal) {
	id := ledger.NewID()
	var refused *Refusal
	var begun *CallBack
	var repeated bool
	var err error
	if !d.Admission.Do(admission.New, func() {
		begun, repeated, err = d.Ledger.BeginCallBack(ctx, a, c.Now, func(k Known) *CallBack {
			decided := *c
			decided.Known = k
			if refused = firstOf(rulesOfLedger, &decided); refused != nil {
				return nil
			}
			_, queue := placeOf(c.Entry)
			made := &CallBack{
				ID: id, Entry: a.Entry, Tenant: a.Tenant, Queue: queue, Number: a.Number, Network: a.Network, Site: a.Site, Block: a.Block, Origin: c.Origin, Key: a.Key,
				Bare: a.Token == "", At: a.At, State: Scheduled,
			}
			if a.At.IsZero() {
				made.State, made.Attempts, made.Lease = Placing, 1, c.Now.Add(d.lease())
			}
			return made
		})
	}) {
		return Answer{}, d.tellRefused(c, a.Number, &Refusal{Code: Unavailable, Retry: c.Now.Add(overloadFor), Err: errOverload})
	}
	switch {
	case err != nil:
		return Answer{}, d.tellRefused(c, a.Number, &Refusal{Code: Unavailable, Err: err})
	case repeated:
		return d.known(ctx, *begun)
	case refused != nil:
		return Answer{}, d.tellRefused(c, a.Number, refused)
	case begun.State == Scheduled:
		d.schedule(ctx, *begun)
		return Answer{CallBack: *begun}, nil
	}
	return d.answer(*begun, d.place(ctx, *begun, Failed))
}

// schedule makes the job of a call back. If that fails the call back is not
// lost: a sweep makes the job when it is due.
func (d *Desk) schedule(ctx context.Context, c CallBack) {
	if err := d.Jobs.Schedule(ctx, JobKind, c.ID, c.At); err != nil {
		d.Log.LogAttrs(ctx, slog.LevelWarn, "job of a scheduled call back waits for the next sweep", slog.String("request_id", c.ID), slog.String("error", err.Error()))
	}
}

// answer returns what the visitor gets of an attempt.
func (d *Desk) answer(c CallBack, r outcome) (Answer, *Refusal) {
	c.State = r.State
	switch {
	case r.State == Placed:
		return Answer{CallBack: c}, nil
	case r.State == Uncertain, errors.Is(r.err, context.DeadlineExceeded):
		return Answer{}, &Refusal{Code: PhoneSystemSlow, Err: r.err}
	}
	return Answer{}, &Refusal{Code: PhoneSystemFailed, Err: r.err}
}

// outcome is a Result with the error that caused it.
type outcome struct {
	Result
	err error
}

// place asks the phone system for a call back, once, and records the result. If
// that is uncertain we verify it, and never ask again; if the request certainly
// failed, the call back ends up in state failed: Failed or Scheduled.
func (d *Desk) place(ctx context.Context, c CallBack, failed State) (r outcome) {
	// After a panic we cannot know how far it got.
	r = outcome{Result: Result{ID: c.ID, Attempt: c.Attempts, At: time.Now(), State: Uncertain, Problem: "a defect broke it off"}}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
		defer cancel()
		var err error
		d.Admission.Do(admission.Owed, func() { err = d.Ledger.FinishCallBack(ctx, r.Result) })
		if err != nil {
			// The sweep makes it Uncertain: it counts, and is not placed again.
			d.Log.LogAttrs(ctx, slog.LevelError, "result of a call back not stored", slog.String("request_id", c.ID), slog.String("error", err.Error()))
		}
	}()
	asked, cancel := context.WithTimeout(ctx, d.patience())
	defer cancel()
	r.err = d.PhoneSystem.QueueCall(asked, queued(c))
	r.At, r.State, r.Problem = time.Now(), Placed, ""
	switch {
	case r.err == nil:
		return r
	case fault.AgainOf(r.err) != fault.Uncertain:
		r.State = failed
	case d.look(ctx, c):
		return r
	default:
		r.State = Uncertain
	}
	r.Problem = phone.MaskIn(r.err.Error())
	return r
}

// look reports whether the phone system shows a call back in its queue. False
// proves nothing: its turn may have come.
func (d *Desk) look(ctx context.Context, c CallBack) bool {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	found, err := d.PhoneSystem.HasQueuedCall(ctx, queued(c))
	return err == nil && found
}

func queued(c CallBack) netsapiens.QueuedCall {
	return netsapiens.QueuedCall{Domain: c.Tenant, Queue: c.Queue, Number: c.Number}
}

// known returns the result of a call back that was asked for before. If another
// request is still placing it, this one waits for that result.
func (d *Desk) known(ctx context.Context, c CallBack) (Answer, *Refusal) {
	for c.State == Placing && time.Now().Before(c.Lease) {
		select {
		case <-ctx.Done():
			return Answer{}, &Refusal{Code: PhoneSystemSlow, Err: ctx.Err()}
		case <-time.After(askAgain):
		}
		next, err := d.Ledger.CallBack(ctx, c.ID)
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return Answer{}, &Refusal{Code: PhoneSystemSlow, Err: err}
		}
		if err != nil {
			break
		}
		c = next
	}
	switch {
	case c.State == Failed:
		return Answer{}, &Refusal{Code: PhoneSystemFailed, Err: fmt.Errorf("call back %s failed", c.ID)}
	case c.State == Placing, c.State == Uncertain && !d.look(ctx, c):
		return Answer{}, &Refusal{Code: PhoneSystemSlow, Err: fmt.Errorf("call back %s is uncertain", c.ID)}
	case c.State == Uncertain:
		c.State = Placed
		if err := d.Ledger.FinishCallBack(ctx, Result{ID: c.ID, Attempt: c.Attempts, At: time.Now(), State: Placed}); err != nil {
			d.Log.LogAttrs(ctx, slog.LevelWarn, "recovered call back not stored", slog.String("request_id", c.ID), slog.String("error", err.Error()))
		}
	}
	return Answer{CallBack: c, Repeated: true}, nil
}
