package textback

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/answer/admission"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/phone/sms"
	"github.com/switchhook/switchhook/netsapiens"
)

// maxCallID is how much of an untrusted id we store, in bytes: those of phone
// systems have fewer than 100, and PostgreSQL cannot put more than 2,700 into an
// index.
const maxCallID = 250

// storedID returns the id of a call as the ledger stores it: an odd one as its
// hash, which is as unique.
func storedID(id string) string {
	if len(id) <= maxCallID && utf8.ValidString(id) && !strings.ContainsRune(id, 0) {
		return id
	}
	hash := sha256.Sum256([]byte(id))
	return "sha256-" + hex.EncodeToString(hash[:])
}

// recordAndSend records a call, and sends the text that it gets. A caller who
// hangs up gets the text all the same; one who waits longer than Patience hears
// that it could not be sent.
func (w *Webhook) recordAndSend(ctx context.Context, call *webhookCall, key ledger.Key, to phone.Number) (reason Reason, repeated bool) {
	now := time.Now()
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), now.Add(w.config.Patience))
	defer cancel()
	c := &Case{
		Now: now, Rules: w.config.Rules, Entry: call.entry, To: to, Message: call.entry.Message(now),
		Own: call.sends(to.E164()), Asked: call.asked, Digits: call.digits,
	}
	asked := ledger.Call{Key: key, Tenant: call.entry.APIDomain, At: now, Basis: &call.basis}
	refusal := firstOf(rulesOfNumber, c)
	if refusal.Code == "" { // the others need no cap, and wait for nobody
		asked.Counted = ledger.Counted{Caps: w.config.Rules.Limits.caps(call.entry, call.source, call.open), Source: call.source, Open: call.open}
	}
	rank := admission.New
	if call.asked {
		rank = admission.Known
	}
	var begun ledger.Begun
	var err error
	if !w.config.Admission.Do(rank, func() {
		begun, err = w.config.Ledger.Begin(ctx, asked, func(h ledger.History) ledger.Decision {
			c.History = h
			call.unasked = c.unasked()
			return w.decideCase(c, call, key, refusal)
		})
	}) {
		return Overload, false
	}
	if errors.Is(err, ledger.ErrOutdated) {
		return outdated, false
	}
	if err != nil {
		call.err = err // nothing was sent: without the record a repeat would send a second text
		return Failed, false
	}
	call.counted, call.told = begun.Counted, begun.Told
	if begun.Repeated {
		return w.earlierAnswer(ctx, asked, begun), true
	}
	if begun.Full != nil {
		w.config.Limited(call.id, begun.Full[0])
		call.args = begun.Full[0].Args()
	}
	if begun.Text == nil {
		return Reason(begun.Reason), false
	}
	call.texted = true
	return w.firstAttempt(ctx, call, begun.Text), false
}

// decideCase returns what a call gets, by what the rules of its number say and
// by what is known of the caller. Ledger.Begin calls it.
func (w *Webhook) decideCase(c *Case, call *webhookCall, key ledger.Key, step Step) ledger.Decision {
	if len(c.Entry.LacksForTexts()) > 0 {
		return ledger.Decision{Reason: string(Incomplete), Forget: true}
	}
	if step.Code == "" {
		step = firstOf(rulesOfHistory, c)
	}
	if step.Code != "" {
		// A key that we did not ask for leaves no answer: the call's true question
		// and key may still come.
		return ledger.Decision{
			Reason: string(step.Code), Args: step.Args, Forget: c.unasked(), Rows: w.config.Rules.Limits.rows(), Needed: step.Code == Consent,
		}
	}
	d := ledger.Decision{
		Reason: string(Uncertain), // until the attempt has ended, which a crash may keep it from
		Text: &ledger.Text{
			ID: ledger.NewID(), Purpose: ledger.Answer, Entry: c.Entry.ID, CallID: key.CallID,
			Domain: c.Entry.APIDomain, User: c.Entry.Text.User, Session: netsapiens.NewSession(),
			From: c.Entry.Text.FromNumber, To: c.To.Digits(), Message: c.Message, Segments: sms.Count(c.Message).Segments,
			State: ledger.Sending, Attempts: 1, Created: c.Now, Updated: c.Now,
			Deadline: c.Now.Add(w.config.Policy.GiveUpAfter), Lease: c.Now.Add(w.config.Patience + w.config.Policy.Pace.record()),
		},
	}
	if c.pressed() && c.History.Consent == nil {
		d.Consent = &ledger.Consent{
			Number: c.To.Key(), Entry: c.Entry.ID, At: c.Now, CallID: key.CallID, Wording: w.spoken.wording(c.Entry), Key: c.Digits,
		}
	}
	// Strangers leave no rows: if no text was sent, a repeat is decided again.
	d.WhenFull = &ledger.Decision{Reason: string(Limited), Consent: d.Consent, Forget: call.open}
	d.Rows = w.config.Rules.Limits.rows()
	return d
}

// firstAttempt makes the first attempt at a text, and records the result.
func (w *Webhook) firstAttempt(ctx context.Context, call *webhookCall, t *ledger.Text) (reason Reason) {
	// After a panic we cannot know how far it got.
	r := ledger.Result{ID: t.ID, Attempt: t.Attempts, At: time.Now(), State: ledger.Dead, Why: ledger.Uncertain, Doubtful: true, Problem: "a defect broke it off"}
	reason = Failed
	defer func() {
		r.Reason = string(reason)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
		defer cancel()
		var err error
		w.config.Admission.Do(admission.Owed, func() { err = w.config.Ledger.Finish(ctx, r) })
		if err != nil {
			call.err = err // the sweep finds the text with an expired lease, and we verify it
			if reason == Queued {
				reason = Failed // it is not recorded that it is to be retried
			}
		}
		w.config.Attempted(*t, r)
	}()
	call.err = sendText(ctx, w.config.Sender, t)
	r = w.config.Policy.resultOf(t, call.err, time.Now())
	reason = reasonHeard(r)
	return reason
}

// recordTimeout is how long a caller waits for our own database, once the
// phone system has answered.
const recordTimeout = 3 * time.Second

// askAgain is how often we ask the ledger about a call that another process is
// handling.
const askAgain = 50 * time.Millisecond

// earlierAnswer returns what a known call got. If another process is still
// handling it, the caller waits as long as they would for the text itself.
func (w *Webhook) earlierAnswer(ctx context.Context, call ledger.Call, begun ledger.Begun) Reason {
	call.Counted, call.Basis = ledger.Counted{}, nil
	for begun.Text != nil && begun.Text.State == ledger.Sending && begun.Text.Attempts == 1 {
		select {
		case <-ctx.Done():
			return Uncertain
		case <-time.After(askAgain):
		}
		call.At = time.Now()
		next, err := w.config.Ledger.Begin(ctx, call, func(ledger.History) ledger.Decision {
			return ledger.Decision{Reason: begun.Reason, Forget: true} // it was erased meanwhile
		})
		if err != nil {
			return Uncertain
		}
		begun = next
	}
	return Reason(begun.Reason)
}
