package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/responder"
)

// run is one call.
type run struct {
	engine   *Engine
	line     Line
	call     Call
	facts    string // what every request says, encoded
	record   func(trace.Stamped)
	cookies  http.CookieJar // of this call and no other
	fellBack bool           // the fallback was asked
	skipped  int            // verbs of the call that could not be carried out
	silenced *failure       // the last such verb that left its document silent; nil once something is heard
	heard    bool           // something was heard of the current document
	forks    []*fork        // media streams that run beside the verbs
	streams  []*stream      // all media streams
	answerer Answerer       // while the line may not have answered; else nil
	warm     warm           // files of the current document

	mu    sync.Mutex
	notes []trace.Warning // of media streams, emitted before the next event
}

func newRun(e *Engine, line Line, call Call, record func(trace.Stamped)) *run {
	jar, _ := cookiejar.New(nil) // fails never, says its source
	return &run{engine: e, line: line, call: call, facts: encodeParameters("", factParameters(&call.Facts)), cookies: jar, record: record}
}

func (r *run) emit(event trace.Event) { r.emitAt(r.line.Now(), event) }

func (r *run) emitAt(at time.Duration, event trace.Event) {
	if r.answerer != nil {
		if at, ok := r.answerer.Answered(); ok {
			r.answerer = nil
			r.record(trace.Stamped{At: at, Event: trace.Answered{}})
		}
	}
	r.mu.Lock()
	notes := r.notes
	r.notes = nil
	r.mu.Unlock()
	for _, note := range notes {
		r.record(trace.Stamped{At: r.line.Now(), Event: note})
	}
	r.record(trace.Stamped{At: at, Event: event})
}

// note stores a warning of a media stream, whose goroutines must not use line
// or record, for the goroutine of the call.
func (r *run) note(w trace.Warning) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, w)
}

func (r *run) warn(code string, line int, format string, args ...any) {
	r.emit(trace.Warning{Code: code, Line: line, Text: fmt.Sprintf(format, args...)})
}

// warnOf warns of each problem of a document.
func (r *run) warnOf(parsed *responder.Parsed) {
	if parsed == nil {
		return
	}
	for _, p := range parsed.Problems {
		r.warn(p.Code, p.Line, "%s (%s)", p.Text, p.Effect)
	}
}

// ending is how a call ends. As an error it stops whatever is under way.
type ending struct {
	by        trace.Party
	reason    string
	failed    bool
	stopping  bool // the server is
	forwarded bool
	redirect  *Redirect // that took the call away; nil: none did
}

// cause returns how the caller is told of the ending.
func (e *ending) cause() Cause {
	switch {
	case e.stopping:
		return Overloaded
	case e.failed:
		return Failed
	}
	return Normal
}

func (e *ending) Error() string { return e.reason }

// runDocuments runs document after document until the call ends.
func (r *run) runDocuments(ctx context.Context) *ending {
	next := &question{url: r.call.URL, method: r.call.Method}
	for range r.engine.config.MaxDocuments {
		after, err := r.askAndRun(ctx, *next)
		if failed, ok := errors.AsType[*failure](err); ok {
			r.warnFailure(failed)
			if r.call.Fallback != nil && !r.fellBack && r.endingOf(ctx, err) == nil {
				r.fellBack = true
				r.warn(CodeFallback, 0, "the responder failed, so the fallback is asked")
				after, err = &question{url: r.call.Fallback, method: next.method, input: next.input}, nil
			}
		}
		if err != nil {
			return r.endCall(ctx, err)
		}
		next = after
	}
	most := r.engine.config.MaxDocuments
	loop := &failure{code: CodeLoop, text: fmt.Sprintf("the call asked for more than %d documents; a responder that leads back to itself does that", most)}
	r.warnFailure(loop)
	return r.endCall(ctx, loop)
}

// askAndRun asks for a document and runs it.
func (r *run) askAndRun(ctx context.Context, q question) (*question, error) {
	a, err := r.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	return r.runDocument(ctx, a)
}

// warnFailure emits a warning for a failure that no event has reported.
func (r *run) warnFailure(f *failure) {
	if !f.told {
		f.told = true
		r.warn(f.code, f.line, "%s", f.text)
	}
}

// endCall makes an ending of what stopped the call. If a responder failed the
// caller hears the apology.
func (r *run) endCall(ctx context.Context, err error) *ending {
	if end, ok := errors.AsType[*ending](err); ok {
		return end
	}
	if over := r.endingOf(ctx, err); over != nil {
		return over
	}
	end := &ending{by: trace.ByEngine, reason: err.Error(), failed: true}
	apology := r.engine.config.Apology
	if announced, ok := errors.AsType[*Announced](err); ok {
		apology = responder.Say{Text: announced.Say}
	}
	if _, err := r.say(ctx, apology, 0, nil); err != nil {
		if over := r.endingOf(ctx, err); over != nil {
			over.failed, over.reason = true, fmt.Sprintf("%s during the apology: %s", over.reason, end.reason)
			return over
		}
	}
	return end
}

// endingOf returns the ending if the caller or the owner of the line has ended the
// call, else nil.
func (r *run) endingOf(ctx context.Context, err error) *ending {
	redirect, sent := errors.AsType[*Redirect](context.Cause(ctx))
	switch {
	case errors.Is(err, ErrHungUp), errors.Is(context.Cause(ctx), ErrHungUp):
		return &ending{by: trace.ByCaller, reason: "the caller hung up"}
	case sent:
		return &ending{forwarded: true, redirect: redirect}
	case ctx.Err() != nil:
		cause := context.Cause(ctx)
		return &ending{by: trace.ByEngine, reason: fmt.Sprintf("the call was ended: %v", cause), stopping: errors.Is(cause, ErrStopping)}
	}
	return nil
}

// runDocument runs a document's verbs. It returns the next question, or an error
// that ends the call.
func (r *run) runDocument(ctx context.Context, a answer) (*question, error) {
	document := a.parsed.Document
	r.heard = false
	r.warm = r.warmUp(a, document)
	defer r.warm.drop()
	for i, verb := range document.Verbs {
		r.dropForks()
		next, err := r.runVerb(ctx, a, i, verb)
		if next != nil || err != nil {
			return next, err
		}
	}
	if document.Action != "" {
		return r.actionQuestion(a, 0, document.Action, "")
	}
	if err := r.stay(ctx, document); err != nil {
		return nil, err
	}
	if len(document.Verbs) == 0 {
		return nil, r.disconnect(trace.ByEnd, "the document is empty")
	}
	return nil, r.disconnect(trace.ByEnd, "the document ended")
}

// disconnect returns the ending when a document disconnects the call. If prompts
// failed and nothing was heard instead, that is a failure: the caller must not
// be left with silence.
func (r *run) disconnect(by trace.Party, reason string) error {
	if r.silenced != nil {
		return r.silenced
	}
	return &ending{by: by, reason: reason}
}

// noteHeard notes that the caller hears something of the current document.
func (r *run) noteHeard() { r.heard, r.silenced = true, nil }

// maxSkipped is how many verbs of a call may fail. Each can keep the caller
// waiting in silence for as long as a responder may take, and a document can
// hold thousands.
const maxSkipped = 20

// skipVerb warns of a verb that cannot be carried out and is passed over. It
// returns an error if there were too many of them.
func (r *run) skipVerb(code string, line int, format string, args ...any) error {
	f := &failure{code: code, line: line, text: fmt.Sprintf(format, args...)}
	r.warnFailure(f)
	if !r.heard {
		r.silenced = f
	}
	if r.skipped++; r.skipped > maxSkipped {
		return &failure{code: code, line: line, text: fmt.Sprintf("more than %d verbs of the call could not be carried out", maxSkipped)}
	}
	return nil
}

// actionQuestion returns the request for an action, or nil if there is none. The
// method is the dial rule's unless the verb names another; line is the verb's.
func (r *run) actionQuestion(a answer, line int, action, method string, input ...parameter) (*question, error) {
	if action == "" {
		return nil, nil
	}
	target, err := resolveURL(a.url, action)
	if err != nil {
		return nil, &failure{code: CodeAddress, line: line, text: fmt.Sprintf("the action %q is not a URL", action), err: err}
	}
	return r.questionTo(target, method, input), nil
}

func (r *run) questionTo(target *url.URL, method string, input []parameter) *question {
	if method == "" {
		method = r.call.Method
	}
	return &question{url: target, method: method, input: input}
}
