// Package respondertest calls web responders in tests. A Caller hears, presses
// keys, says things, waits and hangs up, and nothing else; the call's clock is
// virtual, so that ten minutes of waiting take no time.
//
//	caller := respondertest.Call(t, handler)
//	caller.Hears("Press one for sales").Presses("1")
//	caller.Hears("Connecting you").IsForwardedTo("2001")
//
// Replay plays a call that was saved with switchhook call --save, and fails if
// the responder now says something else.
package respondertest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/simulator"
)

// Target is the URL at which a handler given to Call is asked.
const Target = "http://responder.test/"

// Caller is a person in a call. A step that the call does not allow ends the
// test with the transcript of the call so far. Its methods are for one
// goroutine, that of the test.
type Caller struct {
	t    testing.TB
	call *simulator.Conversation
	over *simulator.Result // the call after its end
}

// Option changes how a call is made.
type Option func(*simulator.Options)

// From sets the caller's number.
func From(number string) Option { return func(o *simulator.Options) { o.From = number } }

// To sets the number that is called.
func To(number string) Option { return func(o *simulator.Options) { o.To = number } }

// Path sets the path and query that is asked first: "/" by default, or those of
// the URL that is called.
func Path(path string) Option {
	return func(o *simulator.Options) {
		if target, err := url.Parse(o.Target); err == nil {
			if target, err = target.Parse(path); err == nil {
				o.Target = target.String()
				return
			}
		}
		o.Target += path // which the call will say is no URL
	}
}

// Post asks with POST instead of GET.
func Post() Option { return func(o *simulator.Options) { o.Method = http.MethodPost } }

// Secret signs requests with an HttpSecret.
func Secret(secret string) Option { return func(o *simulator.Options) { o.Secret = secret } }

// BargeIn makes the caller answer during the prompts instead of after them.
func BargeIn() Option { return func(o *simulator.Options) { o.Barge = true } }

// Call calls a handler inside this process. Nothing listens on a port, and no
// request leaves this machine.
func Call(t testing.TB, handler http.Handler, options ...Option) *Caller {
	t.Helper()
	return begin(t, simulator.Options{Target: Target, Handler: handler}, options)
}

// CallURL calls a responder at a URL.
func CallURL(t testing.TB, url string, options ...Option) *Caller {
	t.Helper()
	return begin(t, simulator.Options{Target: url}, options)
}

func begin(t testing.TB, o simulator.Options, options []Option) *Caller {
	t.Helper()
	for _, option := range options {
		option(&o)
	}
	c := &Caller{t: t, call: simulator.Converse(t.Context(), o)}
	t.Cleanup(func() { _, _ = c.call.End() }) // Hears and the others have reported its errors
	return c
}

// Hears waits until the caller hears a prompt that holds text, in any case.
// Earlier prompts are listened to and pass. For a file that is played the text
// is its URL.
func (c *Caller) Hears(text string) *Caller {
	c.t.Helper()
	if strings.TrimSpace(text) == "" {
		c.t.Fatal("Hears waits for a text, and none is given")
	}
	return c.do(simulator.Step{Do: simulator.Expect, Text: text})
}

// Presses presses keys in the current Gather or the next one, after its
// prompts unless the call was made with BargeIn. What the Gather does not take
// is dropped.
func (c *Caller) Presses(keys string) *Caller {
	c.t.Helper()
	step, err := simulator.ParseKeys(keys)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(step)
}

// Says says something in the current Gather or the next one.
func (c *Caller) Says(text string) *Caller {
	c.t.Helper()
	if strings.TrimSpace(text) == "" {
		c.t.Fatal("Says says something, and no text is given; Waits is silent")
	}
	return c.do(simulator.Step{Do: simulator.Say, Text: text})
}

// Waits does nothing for a time.
func (c *Caller) Waits(d time.Duration) *Caller {
	c.t.Helper()
	if d < 0 {
		c.t.Fatalf("Waits cannot go back by %v", -d)
	}
	return c.do(simulator.Step{Do: simulator.Wait, For: d})
}

// HangsUp hangs up.
func (c *Caller) HangsUp() {
	c.t.Helper()
	c.do(simulator.Step{Do: simulator.Hangup})
	c.end()
}

func (c *Caller) do(step simulator.Step) *Caller {
	c.t.Helper()
	if err := c.call.Do(step); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// IsForwardedTo lets the call run to its end and checks where it was
// forwarded to.
func (c *Caller) IsForwardedTo(destination string) {
	c.t.Helper()
	switch _, to := c.end().Ended(); to {
	case destination:
	case "":
		c.t.Fatalf("the call was not forwarded to %s.\n%s", destination, c.call.Transcript())
	default:
		c.t.Fatalf("the call was forwarded to %s, not to %s.\n%s", to, destination, c.call.Transcript())
	}
}

// IsHungUpOn lets the call run to its end and checks that the responder ended
// it, by the verb Hangup or by the end of its document.
func (c *Caller) IsHungUpOn() {
	c.t.Helper()
	by, _ := c.end().Ended()
	if by != simulator.ByResponder && by != simulator.ByEnd {
		c.t.Fatalf("the responder did not end the call.\n%s", c.call.Transcript())
	}
}

// HearsNothingElse lets the call run to its end and checks that it ends
// without another word after the last one that Hears waited for.
func (c *Caller) HearsNothingElse() {
	c.t.Helper()
	c.end()
	if heard, expected := c.call.Heard(); len(heard) > expected {
		c.t.Fatalf("the caller hears %q too.\n%s", heard[expected:], c.call.Transcript())
	}
}

// Heard lets the call run to its end and returns all that the caller heard:
// texts, and the URLs of files.
func (c *Caller) Heard() []string {
	c.t.Helper()
	c.end()
	heard, _ := c.call.Heard()
	return heard
}

// Transcript returns what has happened so far, for people.
func (c *Caller) Transcript() string { return c.call.Transcript() }

func (c *Caller) end() *simulator.Result {
	c.t.Helper()
	if c.over == nil {
		result, err := c.call.End()
		if err != nil {
			c.t.Fatal(err)
		}
		c.over = result
	}
	return c.over
}
