// Package textback answers callers with a text: the phone system asks a
// webhook, which sends the caller hours and directions by SMS and says so, or
// says why not. The forms that configure it are beside it.
package textback

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/responder"
)

// DefaultPatience is how long a caller waits, in silence, for the phone system
// to take the text.
const DefaultPatience = 4 * time.Second

// Sender sends texts. Of its errors a *netsapiens.Error tells how certain it
// is that nothing was sent.
type Sender interface {
	SendSMS(ctx context.Context, sms netsapiens.SMS) error
}

// Entries finds what operators configured. Get is called for each request.
type Entries interface {
	Get(id string) (*entry.Entry, bool)
}

// Texts are what callers hear, by reason. The one of Sent is heard where the
// text went out; a reason without a text has that of Failed.
type Texts map[Reason]string

// DefaultTexts are the words of the service that this one replaces.
func DefaultTexts() Texts {
	return Texts{
		Sent:   "We've texted you our hours and directions…",
		Failed: "Sorry, we could not send directions at this time.",
	}
}

// Log notes what became of a request, numbers masked. It is a slog.Logger's
// LogAttrs, or what adds to the line that each request has anyway.
type Log func(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr)

// Config is what a Webhook needs. All but the last three are required.
type Config struct {
	Entries Entries
	Sender  Sender

	Patience time.Duration // 0: DefaultPatience
	Texts    Texts         // laid over DefaultTexts
	Log      Log           // told of each call; nil: slog.Default()
	Count    func(Reason)  // told of each answer; nil: nobody is
}

// Webhook is the http.Handler of /webresponder.
type Webhook struct {
	config  Config
	answers map[Reason][]byte // the documents, written once
	calls   *memory
}

// NewWebhook returns a Webhook. The error says which text cannot be spoken.
func NewWebhook(c Config) (*Webhook, error) {
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	if c.Log == nil {
		c.Log = slog.Default().LogAttrs
	}
	if c.Count == nil {
		c.Count = func(Reason) {}
	}
	texts := DefaultTexts()
	for reason, text := range c.Texts {
		if text != "" {
			texts[reason] = text
		}
	}
	w := &Webhook{config: c, answers: map[Reason][]byte{}, calls: newMemory()}
	for _, reason := range reasons {
		text, ok := texts[reason]
		if !ok {
			text = texts[Failed]
		}
		document, err := responder.Encode(responder.Respond(responder.Say{Text: text}, responder.Hangup{}))
		if err != nil {
			return nil, err
		}
		w.answers[reason] = document
	}
	return w, nil
}

// With returns a Webhook of other settings that remembers the same calls.
func (w *Webhook) With(c Config) (*Webhook, error) {
	next, err := NewWebhook(c)
	if err != nil {
		return nil, err
	}
	next.calls = w.calls
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
	defer func() { // also where something panics: the caller hears the apology, and whoever serves us logs it
		w.config.Count(call.reason)
		w.log(r.Context(), call)
		w.answer(rw, call.reason)
	}()
	req, err := responder.ParseRequest(r)
	if err != nil {
		call.reason, call.err = BadRequest, err
		return
	}
	call.id, call.callID, call.caller = req.Params.Get("id"), req.OrigCallID, req.Caller
	w.handle(r.Context(), &call)
}

func (w *Webhook) answer(rw http.ResponseWriter, reason Reason) {
	header := rw.Header()
	header["Content-Type"], header["Cache-Control"] = isXML, notStored
	_, _ = rw.Write(w.answers[reason]) // the phone system has gone: nobody to tell
}

var isXML, notStored = []string{"application/xml; charset=utf-8"}, []string{"no-store"}

// handled is a call and what became of it.
type handled struct {
	id, callID, caller string
	reason             Reason
	repeated           bool
	err                error
}

// handle decides what a call gets, and sends it. A call that has had its answer
// gets the same one, whatever has become of the entry.
func (w *Webhook) handle(ctx context.Context, call *handled) {
	to, reason := destination(call.caller)
	if reason != "" {
		call.reason = reason
		if _, ok := w.config.Entries.Get(call.id); !ok {
			call.reason = UnknownID
		}
		return
	}
	call.reason, call.repeated = w.calls.once(callKey{call.id, call.callID, to}, func() (reason Reason, remember bool) {
		e, ok := w.config.Entries.Get(call.id)
		switch {
		case !ok:
			return UnknownID, false
		case len(e.LacksForTexts()) > 0:
			return Incomplete, false
		}
		reason, call.err = w.send(ctx, e, to)
		return reason, true
	})
}

// send sends one text. A caller who hangs up gets it all the same; one who
// waits longer than their patience hears that it could not be sent, and it is
// not sent again, for nobody knows whether it was.
func (w *Webhook) send(ctx context.Context, e *entry.Entry, to string) (Reason, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.config.Patience)
	defer cancel()
	err := w.config.Sender.SendSMS(ctx, netsapiens.SMS{
		Domain: e.APIDomain, User: e.Text.User, Session: netsapiens.NewSession(),
		From: e.Text.FromNumber, To: to, Message: e.Text.Message,
	})
	if err == nil {
		return Sent, nil
	}
	switch {
	case netsapiens.Uncertain(err):
		return Uncertain, err
	case netsapiens.Permanent(err):
		return Refused, err
	}
	return Failed, err
}

func (w *Webhook) log(ctx context.Context, call handled) {
	level := slog.LevelInfo
	switch call.reason {
	case Refused, Failed, Uncertain, Incomplete:
		level = slog.LevelError
	case UnknownID, BadRequest:
		level = slog.LevelWarn
	}
	attrs := make([]slog.Attr, 0, 7) // of what strangers send, a handy part
	attrs = append(attrs,
		slog.String("entry", clip(call.id)), slog.String("orig_call_id", clip(call.callID)),
		slog.String("caller", clip(phone.Mask(call.caller))), slog.String("outcome", string(call.reason)))
	if call.repeated {
		attrs = append(attrs, slog.Bool("repeated", true))
	}
	if call.err != nil {
		attrs = append(attrs, slog.String("error", clip(phone.MaskIn(call.err.Error()))))
	}
	w.config.Log(ctx, level, "text-back", attrs...)
}

// maxLogged is how much of a text that anybody may have written is logged, in
// bytes. An id has at most 100 characters, an error of ours about 300.
const maxLogged = 400

func clip(s string) string {
	if len(s) > maxLogged {
		return strings.ToValidUTF8(s[:maxLogged], "") + "…"
	}
	return s
}
