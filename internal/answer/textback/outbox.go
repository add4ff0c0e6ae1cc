package textback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/hours"
)

// Queue is the part of the ledger that texts are taken from: store.Store, in its
// ledger.go and ledger_suppression.go.
type Queue interface {
	// Claim takes a queued text that is due, for an attempt by the caller. The
	// error is ledger.ErrTaken if there is nothing to do: it went out, is dead,
	// is not due, or another worker has it.
	Claim(ctx context.Context, id string, now, lease time.Time) (ledger.Text, error)

	// Suppressed returns why a number is not to be reached, nil if it may.
	Suppressed(ctx context.Context, tenant, number string, channel ledger.Channel) (*ledger.Suppression, error)

	// Finish records the result of an attempt.
	Finish(ctx context.Context, r ledger.Result) error
}

// Finder looks for texts on the phone system.
type Finder interface {
	// HasText reports whether a user's conversation holds a text to a number.
	HasText(ctx context.Context, domain, user, session, to, text string) (bool, error)
}

// Outbox sends queued texts in the background.
type Outbox struct {
	Queue  Queue
	Sender Sender
	Finder Finder
	Policy Policy

	// Quiet returns the quiet hours of an entry, in which no texts go out; nil:
	// none. Optional.
	Quiet func(entry string) *hours.Quiet

	Attempted func(t ledger.Text, r ledger.Result) // told of each attempt; optional
}

// Work makes the attempt that a text is due for. It returns when to work on the
// text again; the zero time: never.
func (o *Outbox) Work(ctx context.Context, id string) (again time.Time, err error) {
	now := time.Now()
	t, err := o.Queue.Claim(ctx, id, now, now.Add(o.Policy.Pace.lease()))
	switch {
	case errors.Is(err, ledger.ErrTaken), fault.CodeOf(err) == fault.NotFound:
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("take text %s: %w", id, err)
	}
	r, failed := o.attempt(ctx, &t)
	// Also if the worker is being stopped: an attempt that is not recorded has to
	// be verified later.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Policy.Pace.record())
	defer cancel()
	if err := o.Queue.Finish(ctx, r); err != nil {
		return time.Time{}, fmt.Errorf("write down what became of text %s: %w", id, err)
	}
	if failed != nil {
		return time.Time{}, fmt.Errorf("send text %s: %w", id, failed)
	}
	if o.Attempted != nil {
		o.Attempted(t, r)
	}
	return r.Due, nil
}

// attempt decides on a text that was claimed, and sends it if it may go out. An
// error is one of our own database: nothing was sent, and the text goes on
// waiting.
func (o *Outbox) attempt(ctx context.Context, t *ledger.Text) (ledger.Result, error) {
	r := ledger.Result{ID: t.ID, Attempt: t.Attempts, At: time.Now(), Doubtful: t.Doubtful}
	if t.Doubtful {
		if done := o.verifyDoubtful(ctx, t, &r); done {
			return r, nil
		}
	}
	if t.Purpose == ledger.Answer {
		off, err := o.Queue.Suppressed(ctx, t.Domain, t.To, ledger.Texts)
		if err != nil {
			r.State, r.Why, r.Problem, r.Due = ledger.Queued, t.Why, t.Problem, r.At.Add(o.Policy.Pace.backoff(t))
			return r, err
		}
		if off != nil {
			r.State, r.Why, r.Problem = ledger.Dead, ledger.Suppressed, "its receiver wants no texts any more"
			return r, nil
		}
		if until := o.quietUntil(t.Entry, r.At); !until.IsZero() {
			r.State, r.Why, r.Due = ledger.Queued, t.Why, until
			if until.After(t.Deadline) {
				r.State, r.Why, r.Due, r.Problem = ledger.Dead, ledger.Late, time.Time{}, "no texts go out at this time of day, and later it would be too late"
			}
			return r, nil
		}
	}
	if r.At.After(t.Deadline) {
		r.State, r.Why, r.Problem = ledger.Dead, ledger.Late, "it could not be sent in time: "+t.Problem
		return r, nil
	}
	// Finish what was begun, but not past the lease: another worker may have
	// taken the text by then.
	until := time.Now().Add(o.Policy.Pace.attempt())
	if end := t.Lease.Add(-o.Policy.Pace.record()); end.Before(until) {
		until = end
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	err := sendText(ctx, o.Sender, t)
	return o.Policy.resultOf(t, err, time.Now()), nil
}

// verifyDoubtful asks the phone system for a text that may have got through, and
// reports whether that settles its state.
func (o *Outbox) verifyDoubtful(ctx context.Context, t *ledger.Text, r *ledger.Result) (settled bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Policy.Pace.attempt())
	defer cancel()
	found, err := o.Finder.HasText(ctx, t.Domain, t.User, t.Session, t.To, t.Message)
	r.At = time.Now()
	due := r.At.Add(o.Policy.Pace.backoff(t))
	switch {
	case err == nil && found:
		r.State, r.Doubtful = ledger.Sent, false
		return true
	case err != nil && fault.AgainOf(err) == fault.Later && !due.After(t.Deadline):
		r.State, r.Why, r.Doubtful, r.Due = ledger.Queued, ledger.Uncertain, true, due
		r.Problem = t.Problem
		return true
	case o.Policy.mayResend(t):
		return false
	}
	r.State, r.Why, r.Doubtful = ledger.Dead, ledger.Uncertain, true
	r.Problem = "nobody knows whether the phone system sent it, and it does not show it: " + t.Problem
	if err != nil {
		r.Problem = "nobody knows whether the phone system sent it, and it cannot be asked: " + t.Problem
	}
	return true
}

// mayResend reports whether to send a text again that may have gone out: the
// settings allow it and it is retried anyway, or an operator ordered it.
func (p Policy) mayResend(t *ledger.Text) bool {
	return p.Resend && (p.QueueOnFailure || t.Purpose != ledger.Answer) || t.Ordered
}

func (o *Outbox) quietUntil(entry string, now time.Time) time.Time {
	if o.Quiet == nil {
		return time.Time{}
	}
	quiet := o.Quiet(entry)
	if !quiet.Contains(now) {
		return time.Time{}
	}
	return quiet.End(now)
}
