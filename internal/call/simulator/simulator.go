// Package simulator plays the caller's part in calls to web responders. Call
// runs a whole call on a virtual clock, with a caller who follows a list of
// answers, a script or a saved call: ten minutes of talk take as long as the
// responder needs to answer. Conversation runs one step by step, for tests.
package simulator

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
)

// Who calls whom by default. The numbers are of ranges reserved for fiction.
const (
	DefaultFrom = "+12125550123"
	DefaultTo   = "2125550100"

	// Anonymous as From is a caller who hides their number.
	Anonymous = "anonymous"
)

// Options says what is called, by whom, and what the caller does.
type Options struct {
	Target string // the responder's URL
	From   string // empty: DefaultFrom
	To     string // empty: DefaultTo
	Method string // GET or POST; empty: GET
	Secret string // HttpSecret, to sign requests with

	Answers     []Step          // for each Gather one, see ParseAnswer; after the last the caller is silent
	Script      []Step          // what the caller does, instead of Answers
	Replay      []trace.Stamped // what the caller of a saved call did, instead of both
	Acts        []Act           // what the caller does at set times, instead of all of them
	Barge       bool            // answers come during prompts
	HangupAfter time.Duration   // the caller hangs up; 0: after an hour in which a script has nothing to do
	steps       steps           // of a Conversation

	MaxDocuments int           // 0: engine.DefaultMaxDocuments
	Private      bool          // responders on private networks are asked too
	Timeout      time.Duration // of one document; 0: fetch.DefaultTimeout

	Voice speech.Voice // speaks what is heard; nil: silence
	Hear  bool         // keep what the caller hears

	// Place carries the call to the number To, if not nil, and runs it on the
	// caller's line until it ends; Target, Method, Secret and MaxDocuments are
	// then not used. The error says that the call could not begin.
	Place func(ctx context.Context, call Outgoing) (engine.Outcome, error)

	// Over carries the call in place of Call, such as over a network, when a saved
	// call is replayed. Optional.
	Over func(ctx context.Context, o Options) (*Result, error)

	// Handler answers Target's origin inside this process, if not nil.
	Handler http.Handler

	// Record is given each event as it happens. Optional.
	Record func(trace.Stamped)
}

// Outgoing is a call for Options.Place to carry.
type Outgoing struct {
	From, To string
	Line     Line                // the caller's, as if answered
	Live     bool                // the line's clock goes on by itself; else it advances only by what the line is asked to do
	Record   func(trace.Stamped) // is given each event

	// KeepRecordings has what the caller records given to keep, which returns its
	// URL, instead of served by this process. It is called before the call begins.
	KeepRecordings func(keep func(ctx context.Context, clip audio.Clip) (url string, err error))
}

// Line is a caller's line, which can do all that a line can.
type Line interface {
	engine.Line
	engine.Forwarder
	engine.Echoer
	engine.Recorder
	engine.Streamer
}

// Result is a call that has ended.
type Result struct {
	Outcome engine.Outcome
	Events  []trace.Stamped
	Unmet   *Step      // the step of the script that the call did not reach; nil: all were done
	Heard   audio.Clip // with Options.Hear
}

// Call runs a call to its end. The error says that it could not begin.
func Call(ctx context.Context, o Options) (*Result, error) {
	follow, script := o.caller()
	h := &Handset{}
	result, err := o.runCall(ctx, h, &virtualClock{caller: follow, handset: h})
	if err == nil && script != nil {
		result.Unmet = unmet(script.steps)
	}
	return result, err
}

// runCall runs the call of the caller at a handset, on a clock, until it ends.
func (o *Options) runCall(ctx context.Context, h *Handset, c clock) (*Result, error) {
	hosted := &Recordings{}
	defer hosted.Close()
	ctx, hangup := context.WithCancelCause(ctx)
	defer hangup(nil)
	var spoken *prompt.Library
	if o.Voice != nil {
		spoken = prompt.New(prompt.Config{Voice: o.Voice})
		defer spoken.Close()
	}
	l := &line{clock: c, handset: h, ear: newEar(spoken, h.Speaker, o.Hear), host: hosted.Add}
	h.pickUp(c, hangup, l.ear)
	defer h.putDown()

	facts := Facts(o.From, o.To)
	result := &Result{}
	call := Outgoing{From: facts.Caller, To: facts.Called, Line: l, Live: c.live(), KeepRecordings: l.keepRecordings, Record: func(event trace.Stamped) {
		result.Events = append(result.Events, event)
		if o.Record != nil {
			o.Record(event)
		}
	}}
	place := o.Place
	if place == nil {
		place = func(ctx context.Context, call Outgoing) (engine.Outcome, error) {
			return o.RunOn(ctx, call.Line, call.Record)
		}
	}
	var err error
	if result.Outcome, err = place(ctx, call); err != nil {
		return nil, err
	}
	result.Heard = l.ear.allHeard(l.Now())
	return result, nil
}

// RunOn runs the call on a line by asking the responder itself. The error says that
// it could not begin.
func (o *Options) RunOn(ctx context.Context, line engine.Line, record func(trace.Stamped)) (engine.Outcome, error) {
	target, err := parseTarget(o.Target)
	if err != nil {
		return engine.Outcome{}, err
	}
	client, done := o.client(target)
	defer done()
	prompts := prompt.New(prompt.Config{Client: client})
	defer prompts.Close()
	core := engine.New(engine.Config{Client: client, Prompts: prompts, MaxDocuments: o.MaxDocuments, Timeout: o.Timeout})
	return core.Run(ctx, line, o.engineCall(target), record), nil
}

// unmet returns the expectation that a call did not reach. If a caller did not
// get to press or wait, that is no fault of the responder.
func unmet(left []Step) *Step {
	for i := range left {
		if left[i].Do == Expect {
			return &left[i]
		}
	}
	return nil
}

// caller returns who follows the options, and the script if there is one.
func (o *Options) caller() (caller, *scriptSteps) {
	var c caller
	var script *scriptSteps
	switch {
	case o.steps != nil:
		c = &stepping{steps: o.steps, barge: o.Barge}
	case o.Acts != nil:
		c = &acting{o.Acts}
	case o.Replay != nil:
		c = newReplaying(o.Replay)
	case o.Script != nil:
		script = &scriptSteps{steps: o.Script}
		c = &stepping{steps: script, barge: o.Barge}
	default:
		c = newAnswering(o.Answers, o.Barge)
	}
	if o.HangupAfter == 0 {
		return &impatient{caller: c, after: longestCall, lasting: true}, script
	}
	return &impatient{caller: c, after: o.HangupAfter}, script
}

func (o *Options) engineCall(target *url.URL) engine.Call {
	return engine.Call{URL: target, Method: o.Method, Secret: o.Secret, Facts: Facts(o.From, o.To)}
}

// Facts returns what a phone system would say of a call between two numbers.
func Facts(from, to string) responder.Request {
	if from == "" {
		from = DefaultFrom
	}
	if to == "" {
		to = DefaultTo
	}
	return responder.Request{
		Caller: from, Called: to,
		AccountUser: "8000", AccountDomain: "example.net",
		ToUser: "8000", ToDomain: "example.net",
		OrigCallID: rand.Text(), TermCallID: rand.Text(),
	}
}

func parseTarget(target string) (*url.URL, error) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fault.Newf(fault.Invalid, "%q is not the URL of a responder", target).WithHint("a responder's URL begins with http:// or https://; a number on a Core is digits")
	}
	return u, nil
}

// client returns the client for a target. Loopback is allowed only if the target
// is on it, so that a responder on the internet cannot reach into this machine.
func (o *Options) client(target *url.URL) (client *fetch.Client, done func()) {
	options := fetch.Options{Guard: fetch.Guard{Loopback: isLoopback(target.Hostname()), Private: o.Private}}
	if o.Handler == nil {
		client = fetch.New(options)
		return client, client.CloseIdle
	}
	inner := newPipe(o.Handler)
	options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == hostPort(target) {
			return inner.dial(ctx)
		}
		if host, _, err := net.SplitHostPort(address); err != nil || !isLoopback(host) {
			return nil, &fetch.Error{Kind: fetch.Guarded, Message: address + " was not asked: a test asks its handler and this machine, and nobody else"}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	client = fetch.New(options)
	return client, func() {
		client.CloseIdle()
		inner.close()
	}
}

// isLoopback reports whether a host is this machine by its very name (RFC 6761,
// section 6.3).
func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// Ask asks a responder for its first document, as a call begins, and returns
// the answer whatever it is.
func Ask(ctx context.Context, o Options) (*fetch.Response, error) {
	target, err := parseTarget(o.Target)
	if err != nil {
		return nil, err
	}
	client, done := o.client(target)
	defer done()
	response, err := engine.New(engine.Config{Client: client, Timeout: o.Timeout}).Ask(ctx, o.engineCall(target))
	if failed, ok := errors.AsType[*fetch.Error](err); ok {
		// Its sentence says it all; what it wraps is for logs.
		return nil, &fault.Error{Code: fault.CodeOf(failed), Message: failed.Message, Hint: failed.Hint}
	}
	return response, err
}
