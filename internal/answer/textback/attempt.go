package textback

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// Sender sends texts. What its errors say about trying again tells how certain it
// is that nothing was sent: see fault.AgainOf.
type Sender interface {
	SendSMS(ctx context.Context, sms netsapiens.SMS) error
}

// Policy is what is done with texts that do not go out at once.
type Policy struct {
	QueueOnFailure bool          // they are retried automatically; false: only an operator can resend them
	GiveUpAfter    time.Duration // since the call; 0: DefaultGiveUpAfter

	// Resend sends a text again when we cannot know whether the phone system
	// took it, so the receiver may get it twice. Without it such a text waits
	// for an operator.
	Resend bool

	Pace Pace
}

// DefaultGiveUpAfter is how long a text is retried. Directions that come an hour
// after the call are of no use to most callers.
const DefaultGiveUpAfter = time.Hour

// sendText makes one attempt at a text.
func sendText(ctx context.Context, sender Sender, t *ledger.Text) error {
	return sender.SendSMS(ctx, netsapiens.SMS{
		Domain: t.Domain, User: t.User, Session: t.Session, From: t.From, To: t.To, Message: t.Message,
	})
}

// resultOf returns the result of an attempt at a text that ended with err at a
// time. We verify a Doubtful text before we do anything else with it.
func (p Policy) resultOf(t *ledger.Text, err error, at time.Time) ledger.Result {
	r := ledger.Result{ID: t.ID, Attempt: t.Attempts, At: at}
	if err == nil {
		r.State = ledger.Sent
		return r
	}
	r.Problem = phone.MaskIn(err.Error())
	switch r.Why = ledger.WhyOf(err); r.Why {
	case ledger.Uncertain:
		r.State, r.Doubtful, r.Due = ledger.Queued, true, at.Add(p.Pace.look())
	case ledger.Refused:
		r.State = ledger.Dead
	default:
		return p.retryOrEnd(t, r, r.Why)
	}
	return r
}

// retryOrEnd decides whether and when to retry a text that certainly has not gone
// out.
func (p Policy) retryOrEnd(t *ledger.Text, r ledger.Result, why ledger.Why) ledger.Result {
	r.Why, r.Doubtful = why, false
	due := r.At.Add(p.Pace.backoff(t))
	switch {
	case !p.QueueOnFailure && t.Purpose == ledger.Answer && t.Attempts <= 1:
		r.State = ledger.Dead
	case due.After(t.Deadline):
		r.State, r.Why = ledger.Dead, ledger.Late
	default:
		r.State, r.Due = ledger.Queued, due
	}
	return r
}

// reasonHeard returns what the caller hears of a first attempt.
func reasonHeard(r ledger.Result) Reason {
	switch {
	case r.State == ledger.Sent:
		return Sent
	case r.Why == ledger.Uncertain:
		return Uncertain
	case r.Why == ledger.Refused:
		return Refused
	case r.State == ledger.Queued:
		return Queued
	}
	return Failed
}
