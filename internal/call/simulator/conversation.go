package simulator

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/switchhook/switchhook/internal/call/trace"
)

// Conversation is a call whose caller gets their steps one at a time. Its
// methods are called by one goroutine and return when the step was carried
// out; between them the call stands still.
type Conversation struct {
	next   chan Step     // to the call
	acted  chan struct{} // from the call: the current step is done
	ended  chan struct{} // closed when the call has ended
	silent chan struct{} // closed when no more steps come
	once   sync.Once

	current *Step // of the call's goroutine

	mu     sync.Mutex
	events []trace.Stamped
	heard  int // prompts up to the last one that was expected
	result *Result
	err    error
}

// Converse begins a call. Its answers come from the methods of the
// Conversation; End must be called.
func Converse(ctx context.Context, o Options) *Conversation {
	c := &Conversation{
		next: make(chan Step), acted: make(chan struct{}),
		ended: make(chan struct{}), silent: make(chan struct{}),
	}
	o.steps = c
	o.Record = func(event trace.Stamped) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.events = append(c.events, event)
	}
	go func() { // ends with the call, for which End waits
		defer close(c.ended)
		c.result, c.err = Call(ctx, o)
	}()
	return c
}

// peek waits for the next step.
func (c *Conversation) peek() (Step, bool) {
	if c.current != nil {
		return *c.current, true
	}
	select {
	case step := <-c.next:
		c.current = &step
		return step, true
	case <-c.silent:
		return Step{}, false
	}
}

// done signals that the step was carried out.
func (c *Conversation) done() {
	if c.current.Do == Expect {
		c.mu.Lock()
		c.heard = len(Heard(c.events)) + 1 // the prompt that is being played
		c.mu.Unlock()
	}
	c.current = nil
	select {
	case c.acted <- struct{}{}:
	case <-c.silent:
	}
}

// Do carries out a step. The error says what the call did if it did not let the
// caller act.
func (c *Conversation) Do(step Step) error {
	select {
	case c.next <- step:
	case <-c.ended:
		return c.missed(step)
	}
	select {
	case <-c.acted:
		return nil
	case <-c.ended:
		// A hang-up ends the call as it is carried out.
		select {
		case <-c.acted:
			return nil
		default:
			return c.missed(step)
		}
	}
}

// missed says why a step could not be carried out.
func (c *Conversation) missed(step Step) error {
	if c.err != nil {
		return c.err
	}
	what := map[Action]string{
		Press:  fmt.Sprintf("the caller could not press %s", step.Text),
		Say:    fmt.Sprintf("the caller could not say %q", step.Text),
		Wait:   fmt.Sprintf("the caller could not wait %v", step.For),
		Hangup: "the caller could not hang up",
		Expect: fmt.Sprintf("the caller did not hear %q", step.Text),
	}[step.Do]
	return fmt.Errorf("%s: the call ended first.\n%s", what, c.Transcript())
}

// End lets the call run to its end with a silent caller, and returns it.
func (c *Conversation) End() (*Result, error) {
	c.once.Do(func() { close(c.silent) })
	<-c.ended
	return c.result, c.err
}

// Transcript returns what has happened so far, for people.
func (c *Conversation) Transcript() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return transcript(c.events)
}

func transcript(events []trace.Stamped) string {
	var b strings.Builder
	for _, event := range events {
		fmt.Fprintf(&b, "  %v\n", event)
	}
	return b.String()
}

// Heard returns what the caller heard so far: the texts that were spoken and
// the URLs of the files that were played; and how many of them came up to the
// last one that was expected.
func (c *Conversation) Heard() (heard []string, expected int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Heard(c.events), c.heard
}

// Heard returns what a caller heard in a call: the texts that were spoken and
// the URLs of the files that were played.
func Heard(events []trace.Stamped) []string {
	var heard []string
	for _, event := range events {
		switch e := event.Event.(type) {
		case trace.Say:
			heard = append(heard, e.Text)
		case trace.Play:
			heard = append(heard, e.URL)
		}
	}
	return heard
}

// Ended returns how a call ended.
func (r *Result) Ended() (by string, forwardedTo string) {
	if !r.Outcome.Forwarded {
		return string(r.Outcome.By), ""
	}
	for _, event := range r.Events {
		if f, ok := event.Event.(trace.Forward); ok {
			forwardedTo = f.To
		}
	}
	return "", forwardedTo
}

// ByCaller and the others are who ends a call, as Ended returns them.
const (
	ByResponder = string(trace.ByResponder)
	ByEnd       = string(trace.ByEnd)
	ByCaller    = string(trace.ByCaller)
	ByEngine    = string(trace.ByEngine)
)

var _ steps = (*Conversation)(nil)
