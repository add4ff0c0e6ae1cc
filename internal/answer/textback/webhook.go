// Package textback answers callers with a text: the phone system asks a
// webhook, which sends the caller hours and directions by SMS and says so, or
// says why not. Outbox sends later what could not be sent at once, Inbox acts on
// what people answer, and Form saves the entries that configure it.
package textback

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/phone/sms"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
	"github.com/switchhook/switchhook/netsapiens"
)

// DefaultPatience is how long a caller waits, in silence, for the phone system
// to take the text.
const DefaultPatience = 4 * time.Second

// Entries finds what operators configured. Both are called for each request.
type Entries interface {
	Get(id string) (*entry.Entry, bool)

	// Sends reports whether texts of some entry come from a number.
	Sends(number string) bool
}

// Ledger stores the results of calls and texts. The store is one.
type Ledger interface {
	// Begin records that a call came, and what decide says it gets, before
	// anything is done. A known call gets what it got the first time.
	Begin(ctx context.Context, call ledger.Key, tenant string, now time.Time, decide func(ledger.History) ledger.Decision) (ledger.Begun, error)

	// Finish records the result of an attempt.
	Finish(ctx context.Context, r ledger.Result) error
}

// Log logs the result of a request, numbers masked. It is a slog.Logger's
// LogAttrs, or a function that adds to the line that each request has anyway.
type Log func(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr)

// Config is what a Webhook needs.
type Config struct {
	Entries Entries  // required
	Ledger  Ledger   // required
	Sender  Sender   // required
	URL     *url.URL // of the webhook, as the phone system reaches it; required where entries ask for consent

	Patience time.Duration // 0: DefaultPatience
	Rules    Rules
	Policy   Policy
	Texts    Texts // laid over DefaultTexts

	// MadeKey returns the key that provisioning has made for an entry, empty:
	// none, and whether requests must have it; nil: there are no such keys.
	MadeKey func(ctx context.Context, id string) (key entry.Key, demanded bool)

	// Guesses makes anyone who guesses keys wait; optional.
	Guesses *guess.Watch

	// Unkeyed is told of each request that is refused because it lacks the key of
	// its entry; optional.
	Unkeyed func(id string)

	// Address returns the address that a request came from; nil: that of its
	// connection.
	Address func(*http.Request) netip.Addr

	// About is told which entry a request is for, once that is known. Whole is
	// told of each request that a cap bounds or that is no stranger's: these are
	// worth a log line each. Optional.
	About func(ctx context.Context, id string)
	Whole func(ctx context.Context)

	Log       Log                                  // told of each call; nil: slog.Default()
	Count     func(Reason)                         // told of each answer; optional
	Attempted func(t ledger.Text, r ledger.Result) // told of each attempt; optional
	Limited   func(id string, full ledger.Full)    // told of each call that a cap of its entry refused; optional
}

// Webhook is the http.Handler of /webresponder.
type Webhook struct {
	config Config
	speech *speech
	acting *acting
}

// NewWebhook returns a Webhook. The error says which text cannot be spoken.
func NewWebhook(c Config) (*Webhook, error) {
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	if c.Policy.GiveUpAfter == 0 {
		c.Policy.GiveUpAfter = DefaultGiveUpAfter
	}
	if c.URL == nil {
		c.URL = &url.URL{}
	}
	if c.Address == nil {
		c.Address = remoteAddress
	}
	if c.Log == nil {
		c.Log = slog.Default().LogAttrs
	}
	if c.Count == nil {
		c.Count = func(Reason) {}
	}
	if c.Attempted == nil {
		c.Attempted = func(ledger.Text, ledger.Result) {}
	}
	if c.MadeKey == nil {
		c.MadeKey = func(context.Context, string) (entry.Key, bool) { return "", false }
	}
	if c.Unkeyed == nil {
		c.Unkeyed = func(string) {}
	}
	if c.About == nil {
		c.About = func(context.Context, string) {}
	}
	if c.Whole == nil {
		c.Whole = func(context.Context) {}
	}
	if c.Limited == nil {
		c.Limited = func(string, ledger.Full) {}
	}
	speech, err := newSpeech(c.Texts)
	if err != nil {
		return nil, err
	}
	return &Webhook{config: c, speech: speech, acting: newActing()}, nil
}

// With returns a Webhook of other settings that knows of the calls in hand.
func (w *Webhook) With(c Config) (*Webhook, error) {
	next, err := NewWebhook(c)
	if err != nil {
		return nil, err
	}
	next.acting = w.acting
	return next, nil
}

// ServeHTTP answers GET and POST with a document, always with status 200: a
// caller can do nothing with another.
func (w *Webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		rw.Header().Set("Allow", "GET, POST")
		http.Error(rw, "a phone system asks with GET or POST", http.StatusMethodNotAllowed)
		return
	}
	call := handled{reason: Failed}
	defer func() { // also after a panic: the caller hears the apology, and our server logs it
		w.config.Count(call.reason)
		w.log(r.Context(), &call)
		w.answer(rw, &call)
	}()
	if why := w.read(rw, r, &call); why != "" {
		call.reason = why
		return
	}
	w.handle(r.Context(), &call)
}

func (w *Webhook) answer(rw http.ResponseWriter, call *handled) {
	action := ""
	if call.reason == Consent {
		action = consentAction(w.config.URL, call.params)
	}
	header := rw.Header()
	header["Content-Type"], header["Cache-Control"] = isXML, notStored
	_, _ = rw.Write(w.speech.document(call.entry, call.reason, action)) // on an error the phone system has hung up: there is no one to tell
}

var isXML, notStored = []string{"application/xml; charset=utf-8"}, []string{"no-store"}

func remoteAddress(r *http.Request) netip.Addr {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr()
}

// handled is a call and its result.
type handled struct {
	id, callID, caller string
	params             url.Values
	entry              *entry.Entry
	digits             string
	asked              bool
	source             string // the address that asks
	open               bool   // without a key
	trusted            bool   // with one, or from where the entry allows

	reason   Reason
	repeated bool
	unasked  bool // it brings a key that we did not ask for
	texted   bool // a text of its own was begun
	counted  bool // its number calls so often that this call gets no record of its own
	err      error
}

// handle decides what a call gets, and sends it. A call that has had its answer
// gets the same one, even if the entry has changed since.
func (w *Webhook) handle(ctx context.Context, call *handled) {
	to, reason := receiver(call.caller, call.entry.Home())
	if reason != "" {
		call.reason = reason
		return
	}
	key := ledger.Key{Entry: call.id, CallID: keptID(call.callID), Caller: to.Key()}
	if call.asked {
		key.Step = stepConsent
	}
	call.reason, call.repeated = w.acting.once(key, func() (Reason, bool) { return w.decide(ctx, call, key, to) })
}

// maxCallID is how much of an untrusted id we store, in bytes: those of phone
// systems have fewer than 100, and PostgreSQL cannot put more than 2,700 into an
// index.
const maxCallID = 250

// keptID returns the id of a call as the ledger stores it: an odd one as its
// hash, which is as unique.
func keptID(id string) string {
	if len(id) <= maxCallID && utf8.ValidString(id) && !strings.ContainsRune(id, 0) {
		return id
	}
	hash := sha256.Sum256([]byte(id))
	return "sha256-" + hex.EncodeToString(hash[:])
}

// decide records a call, and sends the text that it gets. A caller who hangs up
// gets the text all the same; one who waits longer than Patience hears that it
// could not be sent.
func (w *Webhook) decide(ctx context.Context, call *handled, key ledger.Key, to phone.Number) (reason Reason, repeated bool) {
	now := time.Now()
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), now.Add(w.config.Patience))
	defer cancel()
	c := &Case{
		Now: now, Rules: w.config.Rules, Entry: call.entry, To: to, Message: call.entry.Message(now),
		Own: w.config.Entries.Sends(to.E164()), Asked: call.asked, Digits: call.digits,
	}
	begun, err := w.config.Ledger.Begin(ctx, key, call.entry.APIDomain, now, func(h ledger.History) ledger.Decision {
		c.History = h
		call.unasked = c.unasked()
		return w.decision(c, call, key)
	})
	if err != nil {
		call.err = err // nothing was sent: without the record a repeat would send a second text
		return Failed, false
	}
	call.counted = begun.Counted
	if begun.Repeated {
		return w.known(ctx, key, call.entry.APIDomain, begun), true
	}
	if begun.Full != nil {
		w.config.Limited(call.id, begun.Full[0])
	}
	if begun.Text == nil {
		return Reason(begun.Reason), false
	}
	call.texted = true
	return w.send(ctx, call, begun.Text), false
}

// decision is what a call gets, of what is known of the caller.
func (w *Webhook) decision(c *Case, call *handled, key ledger.Key) ledger.Decision {
	if len(c.Entry.LacksForTexts()) > 0 {
		return ledger.Decision{Reason: string(Incomplete), Forget: true}
	}
	step := firstOf(rulesOfNumber, c)
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
			Number: c.To.Key(), Entry: c.Entry.ID, At: c.Now, CallID: key.CallID, Wording: w.speech.wording(c.Entry), Key: c.Digits,
		}
	}
	// Strangers leave no rows: if no text was sent, a repeat is decided again.
	d.Counted = ledger.Counted{Caps: w.config.Rules.Limits.caps(c.Entry, call.source, call.open), Source: call.source, Open: call.open}
	d.WhenFull = &ledger.Decision{Reason: string(Limited), Consent: d.Consent, Forget: call.open}
	d.Rows = w.config.Rules.Limits.rows()
	return d
}

// send makes the first attempt at a text, and records the result.
func (w *Webhook) send(ctx context.Context, call *handled, t *ledger.Text) (reason Reason) {
	// After a panic we cannot know how far it got.
	r := ledger.Result{ID: t.ID, Attempt: t.Attempts, At: time.Now(), State: ledger.Dead, Why: ledger.Uncertain, Doubtful: true, Problem: "a defect broke it off"}
	reason = Failed
	defer func() {
		r.Reason = string(reason)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
		defer cancel()
		if err := w.config.Ledger.Finish(ctx, r); err != nil {
			call.err = err // the sweep finds the text with an expired lease, and we verify it
			if reason == Queued {
				reason = Failed // it is not recorded that it is to be retried
			}
		}
		w.config.Attempted(*t, r)
	}()
	call.err = send(ctx, w.config.Sender, t)
	r = w.config.Policy.outcome(t, call.err, time.Now())
	reason = heard(r)
	return reason
}

// recordTimeout is how long a caller waits for our own database, once the
// phone system has answered.
const recordTimeout = 3 * time.Second

// askAgain is how often we ask the ledger about a call that another process is
// handling.
const askAgain = 50 * time.Millisecond

// known returns what a known call got. If another process is still handling it,
// the caller waits as long as they would for the text itself.
func (w *Webhook) known(ctx context.Context, key ledger.Key, tenant string, begun ledger.Begun) Reason {
	ticker := time.NewTicker(askAgain)
	defer ticker.Stop()
	for begun.Text != nil && begun.Text.State == ledger.Sending && begun.Text.Attempts == 1 {
		select {
		case <-ctx.Done():
			return Uncertain
		case <-ticker.C:
		}
		next, err := w.config.Ledger.Begin(ctx, key, tenant, time.Now(), func(ledger.History) ledger.Decision {
			return ledger.Decision{Reason: begun.Reason, Forget: true} // it was erased meanwhile
		})
		if err != nil {
			return Uncertain
		}
		begun = next
	}
	return Reason(begun.Reason)
}

func (w *Webhook) log(ctx context.Context, call *handled) {
	level := slog.LevelInfo
	switch call.reason {
	case Refused, Failed, Uncertain, Incomplete, TooLong:
		level = slog.LevelError
	case UnknownID, BadRequest, Forbidden, Loop, OwnNumber, Limited, Queued:
		level = slog.LevelWarn
	}
	if call.unasked {
		level = max(level, slog.LevelWarn)
	}
	attrs := make([]slog.Attr, 0, 8) // what strangers send is clipped
	attrs = append(attrs,
		slog.String("entry", clip(call.id)), slog.String("orig_call_id", clip(call.callID)),
		slog.String("caller", clip(phone.Mask(call.caller))), slog.String("outcome", string(call.reason)))
	if call.repeated {
		attrs = append(attrs, slog.Bool("repeated", true))
	}
	if call.unasked {
		attrs = append(attrs, slog.Bool("unasked", true))
	}
	if call.counted {
		attrs = append(attrs, slog.Bool("counted", true))
	}
	if call.err != nil {
		attrs = append(attrs, slog.String("error", clip(phone.MaskIn(call.err.Error()))))
	}
	if call.entry != nil {
		w.config.About(ctx, call.entry.ID)
	}
	if call.texted || call.trusted && !call.counted {
		w.config.Whole(ctx)
	}
	w.config.Log(ctx, level, "text-back", attrs...)
}

// maxLogged is how much of an untrusted text is logged, in bytes. An id has at
// most 100 characters, an error of ours about 300.
const maxLogged = 400

func clip(s string) string { return plaintext.Clip(s, maxLogged) }
