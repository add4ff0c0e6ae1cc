package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// TestTheLineIsToldWhyACallEnds: a phone system tells the caller's.
func TestTheLineIsToldWhyACallEnds(t *testing.T) {
	for name, row := range map[string]struct {
		document string
		want     engine.Cause
	}{
		"the document ends":    {`<Response><Say>Bye.</Say></Response>`, engine.Normal},
		"the document says so": {`<Response><Hangup/></Response>`, engine.Normal},
		"no document":          {`<html>`, engine.Failed},
		"no verb can be done":  {`<Response><Play>nowhere.wav</Play></Response>`, engine.Failed},
	} {
		h := newHandset()
		against(t, responds{"/start": row.document}).place(h)
		if h.hungUp != 1 || h.cause != row.want {
			t.Errorf("%s: hung up %d times, cause %q, want %q", name, h.hungUp, h.cause, row.want)
		}
	}
}

// TestTheLineIsToldThatTheServerStops: so that the phone system sends calls to
// another server meanwhile. What ends a call otherwise is no reason to.
func TestTheLineIsToldThatTheServerStops(t *testing.T) {
	for cause, want := range map[error]engine.Cause{
		fmt.Errorf("after 30s: %w", engine.ErrStopping): engine.Overloaded,
		errors.New("it was disconnected"):               engine.Normal,
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		p := &redirecting{deskPhone: newDeskPhone(), during: "play", redirect: func() { cancel(cause) }}
		outcome := against(t, responds{"/start": `<Response><Say>One.</Say></Response>`}).engine.
			Run(ctx, p, engine.Call{URL: at(start), Facts: facts}, func(trace.Stamped) {})
		if p.hungUp != 1 || p.cause != want || outcome.Reason != "the call was ended: "+cause.Error() {
			t.Errorf("%v: hung up %d times, cause %q, want %q; %+v", cause, p.hungUp, p.cause, want, outcome)
		}
	}
}

// TestHowItWentElsewhereIsInTheRecord: busy, or so long a talk.
func TestHowItWentElsewhereIsInTheRecord(t *testing.T) {
	for _, there := range []engine.Forwarded{{}, {End: engine.ForwardBusy}, {End: engine.ForwardAnswered, Talked: 90 * time.Second}} {
		p := newDeskPhone()
		p.there = there
		outcome, events := against(t, responds{"/start": `<Response><Forward>2001</Forward></Response>`}).place(p)
		want := []trace.Forward{{To: "2001", End: string(there.End), Seconds: there.Talked.Seconds()}}
		if diff := cmp.Diff(want, of[trace.Forward](events)); diff != "" || !outcome.Forwarded {
			t.Errorf("forwarded %v (-want +got):\n%s", outcome.Forwarded, diff)
		}
	}
}

// interrupted is a desk phone whose forwarded call is ended from this side.
type interrupted struct {
	*deskPhone
	by func() error
}

func (i *interrupted) Forward(ctx context.Context, to string, byCaller bool) (engine.Forwarded, error) {
	there, _ := i.deskPhone.Forward(ctx, to, byCaller)
	return there, i.by()
}

// TestHowAForwardedCallWentIsToldWhateverEndsIt: most callers hang up first.
func TestHowAForwardedCallWentIsToldWhateverEndsIt(t *testing.T) {
	there := engine.Forwarded{End: engine.ForwardAnswered, Talked: 35 * time.Second}
	forward := "forward 2001 answered 35"
	for _, c := range []struct {
		cause error
		there engine.Forwarded
		want  string
	}{
		{engine.ErrHungUp, there, forward + ", hangup caller"},
		{engine.ErrHungUp, engine.Forwarded{End: engine.ForwardCancelled}, "forward 2001 cancelled 0, hangup caller"},
		{engine.ErrHungUp, engine.Forwarded{}, "hangup caller"},
		{errors.New("it was ended"), there, forward + ", hangup engine"},
		{&engine.Redirect{To: "2002"}, there, forward + ", forward 2002  0"},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		p := &interrupted{deskPhone: newDeskPhone(), by: func() error {
			cancel(c.cause)
			return c.cause
		}}
		p.there = c.there
		var got []string
		against(t, responds{"/start": `<Forward>2001</Forward>`}).engine.Run(ctx, p, engine.Call{URL: at(start), Facts: facts}, func(stamped trace.Stamped) {
			switch e := stamped.Event.(type) {
			case trace.Forward:
				got = append(got, fmt.Sprint("forward ", e.To, " ", e.End, " ", e.Seconds))
			case trace.Hangup:
				got = append(got, "hangup "+string(e.By))
			}
		})
		if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.cause, diff)
		}
	}
}

// What a responder writes may be a megabyte, and reasons go to the log.
func TestTheReasonOfAForwardThatFailsHasTheBeginningOfItsTarget(t *testing.T) {
	phone := &interrupted{newDeskPhone(), func() error { return errors.New("nobody is there") }}
	outcome, _ := against(t, responds{"/start": "<Response><Forward>" + strings.Repeat("x", 100_000) + "</Forward></Response>"}).place(phone)
	if want := "the call cannot be forwarded to " + strings.Repeat("x", 256) + "…: nobody is there"; outcome.Reason != want {
		t.Errorf("%.400s", outcome.Reason)
	}
}

func TestAForwardThatIsRefusedMaySayMoreThanTheApology(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing more": {errors.New("no trunk is up"), apology},
		"more":         {fmt.Errorf("not reachable: %w", &engine.Announced{Say: "Use another telephone.", Err: errors.New("no help from here")}), "Use another telephone."},
	} {
		phone := &interrupted{newDeskPhone(), func() error { return c.err }}
		outcome, events := against(t, responds{"/start": `<Response><Forward>911</Forward></Response>`}).place(phone)
		if reason := "the call cannot be forwarded to 911: " + c.err.Error(); outcome.Reason != reason || !outcome.Failed {
			t.Errorf("%s: %+v, want %s", name, outcome, reason)
		}
		if diff := cmp.Diff([]trace.Say{{Text: c.want}}, of[trace.Say](events)); diff != "" {
			t.Errorf("%s: said (-want +got):\n%s", name, diff)
		}
	}
}

// TestACallerWhoHangsUpInTheApologyHidesNoFailure: the reason says both.
func TestACallerWhoHangsUpInTheApologyHidesNoFailure(t *testing.T) {
	h := newHandset()
	h.leaves = spoken / 2
	outcome, events := against(t, responds{"/start": `<html>`}).place(h)
	want := engine.Outcome{By: trace.ByCaller, Failed: true, Reason: "the caller hung up during the apology: line 1, column 1: the answer is a web page, not a document of verbs"}
	if diff := cmp.Diff(want, outcome); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]trace.Hangup{{By: want.By, Reason: want.Reason}}, of[trace.Hangup](events)); diff != "" {
		t.Errorf("the trace (-want +got):\n%s", diff)
	}
}

// wrapped is a Line that does one thing itself, and leaves the rest to another.
type wrapped struct {
	engine.Line
	to []string
}

func (w *wrapped) Unwrap() engine.Line { return w.Line }

func (w *wrapped) Forward(_ context.Context, to string, _ bool) (engine.Forwarded, error) {
	w.to = append(w.to, to)
	return engine.Forwarded{}, nil
}

func TestAbilitiesAreFoundThroughWrappers(t *testing.T) {
	const document = `<Response><Echo timeout="2"/><Forward>2001</Forward></Response>`
	phone := newDeskPhone()
	inner := &wrapped{Line: phone}
	outer := &wrapped{Line: inner}
	_, events := against(t, responds{"/start": document}).place(outer)
	if len(of[trace.Echo](events)) != 1 || len(outer.to) != 1 || len(inner.to)+len(phone.forwarded) > 0 {
		t.Errorf("the outermost that can does it: %v, %v, %v; events %v", outer.to, inner.to, phone.forwarded, story(events))
	}
	_, events = against(t, responds{"/start": document}).place(&wrapped{Line: newHandset()})
	if warnings := of[trace.Warning](events); len(warnings) != 1 || warnings[0].Code != engine.CodeLine {
		t.Errorf("what none of them can do is said: %v", story(events))
	}
}

// unanswered is a Line that answers late.
type unanswered struct {
	*handset
	after time.Duration // how long it rings
	at    time.Duration
	done  bool
}

func (u *unanswered) Answered() (time.Duration, bool) { return u.at, u.done }

func (u *unanswered) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	if !u.done {
		u.now += u.after
		u.at, u.done = u.now, true
	}
	return u.handset.Play(ctx, prompt, listen)
}

func TestALineThatAnswersLater(t *testing.T) {
	_, events := against(t, responds{"/start": `<Response><Say>One.</Say><Say>Two.</Say></Response>`}).place(&unanswered{handset: newHandset(), after: 3 * time.Second})
	var got []trace.Stamped
	for _, e := range events {
		switch e.Event.(type) {
		case trace.Answer, trace.Answered:
			got = append(got, e)
		}
	}
	want := []trace.Stamped{{At: 0, Event: trace.Answer{From: facts.Caller}}, {At: 3 * time.Second, Event: trace.Answered{}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answered (-want +got):\n%s", diff)
	}
	_, events = against(t, responds{"/start": `<Response><Hangup/></Response>`}).place(&unanswered{handset: newHandset()})
	if answered := of[trace.Answered](events); len(answered) > 0 {
		t.Errorf("a call without a sound is answered: %v", story(events))
	}
}

// redirecting is a handset from which somebody takes the call away in the middle
// of one of its methods.
type redirecting struct {
	*deskPhone
	during   string // the method
	redirect func()
}

func (r *redirecting) in(ctx context.Context, method string) error {
	if method == r.during {
		r.redirect()
	}
	return context.Cause(ctx)
}

func (r *redirecting) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	if err := r.in(ctx, "play"); err != nil {
		return engine.Played{}, err
	}
	return r.deskPhone.Play(ctx, prompt, listen)
}

func (r *redirecting) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	if err := r.in(ctx, "listen"); err != nil {
		return engine.Input{}, err
	}
	return r.deskPhone.Listen(ctx, listen, until)
}

func (r *redirecting) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	if err := r.in(ctx, "echo"); err != nil {
		return 0, err
	}
	return r.deskPhone.Echo(ctx, limit)
}

func (r *redirecting) Record(ctx context.Context, rules engine.RecordRules) (engine.Recorded, error) {
	if err := r.in(ctx, "record"); err != nil {
		return engine.Recorded{}, err
	}
	return r.deskPhone.Record(ctx, rules)
}

func (r *redirecting) Forward(ctx context.Context, to string, byCaller bool) (engine.Forwarded, error) {
	if err := r.in(ctx, "forward"); err != nil {
		return engine.Forwarded{}, err
	}
	return r.deskPhone.Forward(ctx, to, byCaller)
}

// TestACallIsTakenAwayInTheMiddleOfAnything: it goes elsewhere, nobody hangs up,
// and the responder is not asked again.
func TestACallIsTakenAwayInTheMiddleOfAnything(t *testing.T) {
	document := responds{
		"/start": `<Response><Say>One.</Say><Gather action="next" timeout="2"/><Echo timeout="1"/><Record action="next"/><Forward>2001</Forward></Response>`,
		"/next":  `<Response><Say>Two.</Say></Response>`,
	}
	for _, method := range []string{"play", "listen", "echo", "record", "forward"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		elsewhere := &engine.Redirect{To: "2002", ByCaller: true}
		p := &redirecting{deskPhone: newDeskPhone(), during: method, redirect: func() { cancel(elsewhere) }}
		documents := document
		if method != "listen" {
			documents = responds{"/start": `<Response><Say>One.</Say><Echo timeout="1"/><Record/><Forward>2001</Forward></Response>`}
		}
		c := against(t, documents)
		var events []trace.Stamped
		outcome := c.engine.Run(ctx, p, engine.Call{URL: at(start), Facts: facts}, func(e trace.Stamped) { events = append(events, e) })
		if diff := cmp.Diff([]trace.Forward{{To: "2002", ByCaller: true}}, of[trace.Forward](events)); diff != "" {
			t.Errorf("during %s (-want +got):\n%s", method, diff)
		}
		if !outcome.Forwarded || p.hungUp > 0 || len(of[trace.Hangup](events)) > 0 || len(of[trace.Request](events)) > 1 {
			t.Errorf("during %s: %+v, hung up %d times; %v", method, outcome, p.hungUp, story(events))
		}
		if !errors.Is(context.Cause(ctx), elsewhere) {
			t.Errorf("during %s it was never taken away", method)
		}
	}
}

// TestListeningEnds: a recogniser costs money by the second, so the line is told
// when a Gather has what it wanted.
func TestListeningEnds(t *testing.T) {
	for name, document := range map[string]string{
		"by a key":       `<Gather numDigits="1" action="next"><Say>One.</Say></Gather>`,
		"by silence":     `<Gather timeout="2" action="next"/>`,
		"in its prompts": `<Gather numDigits="1" action="next"><Say>One.</Say><Say>Two.</Say></Gather>`,
	} {
		h := newHandset(keys("1", time.Second, 0)...)
		if name == "by silence" {
			h = newHandset()
		}
		var ended []bool
		c := against(t, responds{"/start": "<Response>" + document + "</Response>", "/next": "<Response><Say>Three.</Say></Response>"})
		_, events := c.place(&watching{handset: h, played: func(text string) { ended = append(ended, text != "Three." || h.listen == nil) }})
		if len(ended) == 0 || !ended[len(ended)-1] {
			t.Errorf("%s: the line still listens during the next document: %v", name, story(events))
		}
	}
}

// watching tells of each text that is played.
type watching struct {
	*handset
	played func(text string)
}

func (w *watching) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	if text, ok := prompt.(engine.Speech); ok && listen == nil {
		w.played(text.Text)
	}
	return w.handset.Play(ctx, prompt, listen)
}
