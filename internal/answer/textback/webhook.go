// Package textback answers callers with a text: the phone system asks a
// webhook, which sends the caller hours and directions by SMS and says so, or
// says why not. Outbox sends later what could not be sent at once, Inbox acts on
// what people answer, and Form saves the entries that configure it.
//
// A request goes through Webhook.admitRequest (admit.go) to recordAndSend
// (decide.go), which has the Ledger record what the rules say (rules.go) and then
// makes the first attempt (attempt.go). If that fails the text is a job of the
// store, which calls Outbox.Work (outbox.go).
package textback

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/admission"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// DefaultPatience is how long a caller waits, in silence, for the phone system
// to take the text.
const DefaultPatience = 4 * time.Second

// Entries finds what operators configured.
type Entries interface {
	// Remembered returns an entry as it is known, Read as it is stored now.
	Remembered(id string) entry.Found
	Read(id string) entry.Found
}

// Ledger stores the results of calls and texts: store.Store, in its ledger.go.
type Ledger interface {
	// Begin records that a call came, and what decide says it gets, before
	// anything is done. A known call gets what it got the first time.
	Begin(ctx context.Context, call ledger.Call, decide func(ledger.History) ledger.Decision) (ledger.Begun, error)

	// Finish records the result of an attempt.
	Finish(ctx context.Context, r ledger.Result) error
}

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
	// none, and whether requests must have it. If now is not set, that may be what
	// is remembered of a version; otherwise the version is entry.Current. nil:
	// there are no such keys.
	MadeKey func(ctx context.Context, id string, now bool) (key entry.Key, demanded bool, version int64)

	// Guesses makes anyone who guesses keys wait; optional.
	Guesses *guess.Watch

	// Unkeyed is told of each request that is refused because it lacks the key of
	// its entry; optional.
	Unkeyed func(id string)

	// Address returns the address that a request came from; nil: that of its
	// connection.
	Address func(*http.Request) netip.Addr

	// Admission refuses callers while our own database is full. Optional.
	Admission *admission.Control

	// About is told which entry a request is for, once that is known. Whole is
	// told of each request that a cap bounds or that is no stranger's: these are
	// worth a log line each. Optional.
	About func(ctx context.Context, id string)
	Whole func(ctx context.Context)

	Log       part.Log                             // told of each call
	Count     func(Reason)                         // told of each answer; optional
	Attempted func(t ledger.Text, r ledger.Result) // told of each attempt; optional
	Limited   func(id string, full ledger.Full)    // told of each call that a cap of its entry refused; optional
	Tell      func(activity.Item)                  // told of each call that the Ledger has told nothing of; optional
}

// Webhook is the http.Handler of /webresponder.
type Webhook struct {
	config   Config
	spoken   *spokenTexts
	inFlight *inFlight
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
		c.Address = guess.RemoteAddress
	}
	if c.Count == nil {
		c.Count = func(Reason) {}
	}
	if c.Attempted == nil {
		c.Attempted = func(ledger.Text, ledger.Result) {}
	}
	if c.MadeKey == nil {
		c.MadeKey = func(context.Context, string, bool) (entry.Key, bool, int64) { return "", false, entry.Current }
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
	if c.Tell == nil {
		c.Tell = func(activity.Item) {}
	}
	if c.Limited == nil {
		c.Limited = func(string, ledger.Full) {}
	}
	speech, err := newSpokenTexts(c.Texts)
	if err != nil {
		return nil, err
	}
	return &Webhook{config: c, spoken: speech, inFlight: newInFlight()}, nil
}

// With returns a Webhook of other settings that knows of the calls in hand.
func (w *Webhook) With(c Config) (*Webhook, error) {
	next, err := NewWebhook(c)
	if err != nil {
		return nil, err
	}
	next.inFlight = w.inFlight
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
	call := webhookCall{reason: Failed}
	defer func() { // also after a panic: the caller hears the apology, and our server logs it
		w.config.Count(call.reason)
		w.logCall(r.Context(), &call)
		w.tellCall(&call)
		w.writeAnswer(rw, &call)
	}()
	why := w.admitRequest(rw, r, &call)
	if why == "" && w.answerCall(r.Context(), &call) == outdated {
		w.find(&call, true)
		if why = w.refusal(&call, r, call.params); why == "" {
			w.answerCall(r.Context(), &call)
		}
	}
	if why != "" {
		call.reason = why
	}
}

func (w *Webhook) writeAnswer(rw http.ResponseWriter, call *webhookCall) {
	action := ""
	if call.reason == Consent {
		action = consentAction(w.config.URL, call.params)
	}
	header := rw.Header()
	header["Content-Type"], header["Cache-Control"] = isXML, notStored
	_, _ = rw.Write(w.spoken.document(call.entry, call.reason, action)) // on an error the phone system has hung up: there is no one to tell
}

var isXML, notStored = []string{"application/xml; charset=utf-8"}, []string{"no-store"}

// webhookCall is a call and its result.
type webhookCall struct {
	id, callID, caller string
	params             url.Values
	entry              *entry.Entry
	sends              func(number string) bool // see entry.Book.Sends
	basis              ledger.Basis             // what the call is admitted by
	now                bool                     // that is as it is stored now; false: as we remember it
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
	told     bool // the ledger has told of it
	args     why.Args
	err      error
}

// answerCall decides what a call gets, and sends it. A call that has had its answer
// gets the same one, even if the entry has changed since. It returns outdated, and
// has done nothing, if the call is to be admitted by what is stored now.
func (w *Webhook) answerCall(ctx context.Context, call *webhookCall) (reason Reason) {
	to, reason := receiver(call.caller, call.entry.Home())
	if reason != "" {
		if !call.now { // nobody is refused by what we remember
			return outdated
		}
		call.reason = reason
		return reason
	}
	key := ledger.Key{Entry: call.id, CallID: storedID(call.callID), Caller: to.Key()}
	if call.asked {
		key.Step = stepConsent
	}
	reason, call.repeated = w.inFlight.once(key, func() (Reason, bool) { return w.recordAndSend(ctx, call, key, to) })
	if reason == outdated {
		call.repeated = false
	} else {
		call.reason = reason
	}
	return reason
}

// outdated stands for the reason of a call that was admitted by what we
// remembered, which has changed.
const outdated Reason = ""

// tellCall tells of a call that left no record: it was turned away, or the
// database failed.
func (w *Webhook) tellCall(call *webhookCall) {
	if call.told || call.repeated || call.counted {
		return
	}
	i := activity.Item{Kind: activity.Call, Outcome: string(call.reason), Story: storedID(call.callID)}
	home := phone.HomeIn()
	if call.entry != nil {
		i.Entry, i.Tenant, home = call.entry.ID, call.entry.APIDomain, call.entry.Home()
	}
	i.Number = phone.Read(call.caller, home).Digits()
	args := call.args
	if call.err != nil {
		args = why.Args{"problem": clip(phone.MaskIn(call.err.Error()))}
	}
	i.Steps = activity.Steps(Step{Code: call.reason, Args: args})
	w.config.Tell(i)
}

func (w *Webhook) logCall(ctx context.Context, call *webhookCall) {
	level := slog.LevelInfo
	switch call.reason {
	case Refused, Failed, Uncertain, Incomplete, TooLong:
		level = slog.LevelError
	case UnknownID, BadRequest, Forbidden, Loop, OwnNumber, Limited, Queued, Overload:
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
	w.config.Log.LogAttrs(ctx, level, "text-back", attrs...)
}

// maxLogged is how much of an untrusted text is logged, in bytes. An id has at
// most 100 characters, an error of ours about 300.
const maxLogged = 400

func clip(s string) string { return plaintext.Clip(s, maxLogged) }
