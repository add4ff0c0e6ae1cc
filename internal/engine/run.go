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

	"github.com/switchhook/switchhook/internal/trace"
	"github.com/switchhook/switchhook/responder"
)

// run is one call.
type run struct {
	engine   *Engine
	line     Line
	call     Call
	facts    []parameter
	cookies  http.CookieJar // of this call and no other
	fellBack bool           // the fallback was asked
	forks    []*fork        // media streams that run beside the verbs
	streams  []*stream      // all media streams

	mu     sync.Mutex
	record func(trace.Stamped)
}

func newRun(e *Engine, line Line, call Call, record func(trace.Stamped)) *run {
	jar, _ := cookiejar.New(nil) // fails never, says its source
	return &run{engine: e, line: line, call: call, facts: facts(&call.Facts), cookies: jar, record: record}
}

func (r *run) emit(event trace.Event) { r.emitAt(r.line.Now(), event) }

func (r *run) emitAt(at time.Duration, event trace.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record(trace.Stamped{At: at, Event: event})
}

func (r *run) warn(code string, line int, format string, args ...any) {
	r.emit(trace.Warning{Code: code, Line: line, Text: fmt.Sprintf(format, args...)})
}

// warnOf tells what was odd about a document.
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
	forwarded bool
}

func (e *ending) Error() string { return e.reason }

// documents runs document after document until the call ends.
func (r *run) documents(ctx context.Context) *ending {
	next := &ask{url: r.call.URL, method: r.call.Method}
	for range r.engine.config.MaxDocuments {
		a, err := r.ask(ctx, *next)
		if err == nil {
			next, err = r.document(ctx, a)
		}
		if err != nil {
			return r.conclude(ctx, err)
		}
	}
	reason := fmt.Sprintf("the call asked for more than %d documents; a responder that leads back to itself does that", r.engine.config.MaxDocuments)
	return r.conclude(ctx, &failure{code: CodeLoop, text: reason})
}

// conclude makes an ending of what stopped the call. Where a responder failed
// the caller hears the apology.
func (r *run) conclude(ctx context.Context, err error) *ending {
	if end, ok := errors.AsType[*ending](err); ok {
		return end
	}
	if over := r.over(ctx, err); over != nil {
		return over
	}
	end := &ending{by: trace.ByEngine, reason: err.Error(), failed: true}
	if _, err := r.say(ctx, r.engine.config.Apology, 0, nil); err != nil {
		if over := r.over(ctx, err); over != nil {
			over.failed = true
			return over
		}
	}
	return end
}

// over returns the ending where the caller or whoever runs the line has ended
// the call, else nil.
func (r *run) over(ctx context.Context, err error) *ending {
	switch {
	case errors.Is(err, ErrHungUp), errors.Is(context.Cause(ctx), ErrHungUp):
		return &ending{by: trace.ByCaller, reason: "the caller hung up"}
	case ctx.Err() != nil:
		return &ending{by: trace.ByEngine, reason: fmt.Sprintf("the call was ended: %v", context.Cause(ctx))}
	}
	return nil
}

// document runs a document's verbs. It returns the next question, or an error
// that ends the call.
func (r *run) document(ctx context.Context, a answer) (*ask, error) {
	document := a.parsed.Document
	for i, verb := range document.Verbs {
		next, err := r.verb(ctx, a, i, verb)
		if next != nil || err != nil {
			return next, err
		}
	}
	if document.Action != "" {
		return r.action(a, document.Action, "")
	}
	if err := r.stay(ctx, document); err != nil {
		return nil, err
	}
	if len(document.Verbs) == 0 {
		return nil, &ending{by: trace.ByEnd, reason: "the document is empty"}
	}
	return nil, &ending{by: trace.ByEnd, reason: "the document ended"}
}

// action returns the question that an action asks, nil where there is none.
// The method is the dial rule's unless the verb names another.
func (r *run) action(a answer, action, method string, input ...parameter) (*ask, error) {
	if action == "" {
		return nil, nil
	}
	target, err := a.url.Parse(action)
	if err != nil {
		return nil, &failure{code: CodeAddress, text: fmt.Sprintf("the action %q is not a URL", action), err: err}
	}
	return r.question(target, method, input), nil
}

func (r *run) question(target *url.URL, method string, input []parameter) *ask {
	if method == "" {
		method = r.call.Method
	}
	return &ask{url: target, method: method, input: input}
}
