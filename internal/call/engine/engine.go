// Package engine runs web responders: it asks one what to do with a call,
// carries out the document's verbs on a Line, and asks again, until the call
// ends. The rules it follows are those of docs/protocol.md.
//
// New makes an Engine, which all calls share; Engine.Run runs one call: run.go
// asks for document after document (ask.go) and has each verb carried out
// (verb.go). What happens is reported in typed events (package trace) as it
// happens. Whatever a responder does, the caller hears something: the last
// resort is the spoken apology.
package engine

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
)

// Defaults of Config.
const (
	// DefaultMaxDocuments is the loop guard: no real menu has so many steps, and
	// a document that names itself reaches it in seconds.
	DefaultMaxDocuments = 100

	// DefaultApology is spoken if a responder fails.
	DefaultApology = "We are sorry, this service is not available at the moment. Please try again later."
)

// DefaultRecordLength bounds a recording whose document sets no maxLength: the
// caller of a longer one has forgotten to hang up.
const DefaultRecordLength = 10 * time.Minute

// Config says how an Engine behaves. Client is required, and Prompts by an Engine
// that runs calls.
type Config struct {
	Client         *fetch.Client    // asks responders
	Prompts        *prompt.Library  // fetches the files that are played
	Timeout        time.Duration    // of one document; 0: the Client's
	MaxDocuments   int              // of one call; 0: DefaultMaxDocuments
	PostParameters Placement        // where a POST carries the parameters
	Apology        responder.Say    // empty: DefaultApology in the Line's voice
	Now            func() time.Time // for signatures and the circuit breaker; nil: time.Now
}

// Placement says where a POST request carries the call's parameters.
type Placement int

// Real responders disagree on where they look, so both is the default.
const (
	BodyAndQuery Placement = iota
	BodyOnly
	QueryOnly
)

// Engine runs calls. It is used by any number of them at once.
type Engine struct {
	config   Config
	breakers breakers
}

// New returns an Engine. It starts nothing.
func New(c Config) *Engine {
	if c.MaxDocuments == 0 {
		c.MaxDocuments = DefaultMaxDocuments
	}
	if c.Apology.Text == "" {
		c.Apology.Text = DefaultApology
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Engine{config: c, breakers: breakers{now: c.Now}}
}

// Call says which responder to ask and what to send it about the call.
type Call struct {
	URL      *url.URL
	Method   string            // GET or POST, from the dial rule; empty: GET
	Secret   string            // HttpSecret: requests to URL's origin are signed; empty: they are not
	Fallback *url.URL          // asked, once in a call, if a responder fails; may be nil
	Facts    responder.Request // who calls whom; what was entered is added as the call goes on
}

// Outcome says how a call ended.
type Outcome struct {
	Forwarded bool        // the call went elsewhere and By is empty
	By        trace.Party // who ended it
	Reason    string
	Failed    bool // the responder failed or the loop guard ended the call
}

// Run runs a call until it ends. It passes each event to record, in order and on
// the goroutine that called Run. Cancelling the context says that the line is to
// be closed; with the cause ErrHungUp, that the caller hung up; with a *Redirect,
// that the call goes elsewhere: it has been forwarded then, and the line stays.
func (e *Engine) Run(ctx context.Context, line Line, call Call, record func(trace.Stamped)) Outcome {
	if call.Method == "" {
		call.Method = http.MethodGet
	}
	r := newRun(e, line, call, record)
	r.emit(trace.Answer{From: call.Facts.Caller, To: call.Facts.Called})
	r.answerer, _ = As[Answerer](line)
	end := r.runDocuments(ctx)
	defer r.waitStreams(end.forwarded)
	ended := trace.StreamByCall
	if end.by == trace.ByCaller {
		ended = trace.StreamByCaller
	}
	r.endStreams(ended)
	if end.redirect != nil {
		r.emit(trace.Forward{To: end.redirect.To, ByCaller: end.redirect.ByCaller})
	}
	if end.forwarded {
		return Outcome{Forwarded: true}
	}
	at := line.Now()
	if end.by != trace.ByCaller {
		// The caller is disconnected even if the call's context is over.
		if err := line.Hangup(context.WithoutCancel(ctx), end.cause()); err != nil {
			r.warn(CodeLine, 0, "the line did not hang up: %v", err)
		}
	}
	r.emitAt(at, trace.Hangup{By: end.by, Reason: end.reason})
	return Outcome{By: end.by, Reason: end.reason, Failed: end.failed}
}

// Ask asks a call's responder once for its first document and returns the answer
// unparsed, for those who check it.
func (e *Engine) Ask(ctx context.Context, call Call) (*fetch.Response, error) {
	if call.Method == "" {
		call.Method = http.MethodGet
	}
	r := newRun(e, nil, call, nil)
	return e.config.Client.Do(ctx, r.request(question{url: call.URL, method: call.Method}, r.facts))
}
