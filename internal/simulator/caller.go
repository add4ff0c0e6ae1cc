package simulator

import (
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/engine"
)

// How a scripted caller behaves where nothing else is said.
const (
	// keyInterval is the time between two keys, as a practised hand types.
	keyInterval = 200 * time.Millisecond

	// bargeAfter is how long a caller who interrupts listens first.
	bargeAfter = 500 * time.Millisecond
)

// caller decides what the person at the telephone does.
type caller interface {
	// act returns the first thing the caller does in a stretch of the call, at
	// its beginning or its end at the latest; false: nothing.
	act(stretch) (act, bool)
}

// stretch is a piece of a call in which one thing goes on: a prompt is played,
// or the line is silent and somebody listens.
type stretch struct {
	from, to time.Duration
	heard    string            // what the caller hears; "" in silence
	listen   *engine.Listening // the Gather that listens; nil where none does
	open     bool              // it is a Record or a media stream that listens, not a Gather
}

// act is something the caller does.
type act struct {
	at     time.Duration
	hangup bool
	key    byte
	speech string
}

// typing is a caller's keys that are still to be pressed. They belong to one
// Gather: what it does not take is dropped, as a caller stops typing who hears
// the next question.
type typing struct {
	keys   string
	next   time.Duration
	listen *engine.Listening
}

func (t *typing) begin(keys string, at time.Duration, listen *engine.Listening) (act, bool) {
	*t = typing{keys: keys, next: at, listen: listen}
	return t.act(stretch{from: at, to: at, listen: listen})
}

func (t *typing) act(s stretch) (act, bool) {
	if t.keys == "" || s.listen != t.listen {
		t.keys = ""
		return act{}, false
	}
	at := max(t.next, s.from)
	if at > s.to {
		return act{}, false
	}
	key := t.keys[0]
	t.keys, t.next = t.keys[1:], at+keyInterval
	return act{at: at, key: key}, true
}

// answering is a caller who has one answer for each Gather and is silent after
// the last.
type answering struct {
	answers []Step
	barge   []bool // whether the i-th answer interrupts the prompts; the last holds for the rest
	gather  *engine.Listening
	index   int // of the current Gather, from 0
	given   bool
	typing  typing
}

func newAnswering(answers []Step, barge bool) *answering {
	return &answering{answers: answers, barge: []bool{barge}, index: -1}
}

func (c *answering) act(s stretch) (act, bool) {
	if s.listen == nil || s.open {
		return act{}, false
	}
	if s.listen != c.gather {
		c.gather, c.given = s.listen, false
		c.index++
	}
	if a, ok := c.typing.act(s); ok || c.typing.keys != "" {
		return a, ok
	}
	if c.given || c.index >= len(c.answers) {
		return act{}, false
	}
	at := s.from
	if s.heard != "" {
		if at += bargeAfter; !c.barges() || at > s.to {
			return act{}, false
		}
	}
	c.given = true
	switch answer := c.answers[c.index]; answer.Do {
	case Press:
		return c.typing.begin(answer.Text, at, s.listen)
	case Say:
		return act{at: at, speech: answer.Text}, true
	}
	return act{}, false
}

func (c *answering) barges() bool {
	return c.barge[min(c.index, len(c.barge)-1)]
}

// stepping is a caller who follows steps, from a script or from a test as it
// goes on.
type stepping struct {
	steps  steps
	barge  bool
	ready  time.Duration // when the step before was done
	typing typing
}

// steps is where a stepping caller's steps come from.
type steps interface {
	// peek returns the current step; false: there is none, the caller is
	// silent from now on. It may wait for one.
	peek() (Step, bool)

	// done says that the current step was carried out.
	done()
}

func (c *stepping) act(s stretch) (act, bool) {
	heard := s.heard // what of it no step has used
	for {
		if a, ok := c.typing.act(s); ok || c.typing.keys != "" {
			return a, ok
		}
		step, ok := c.steps.peek()
		if !ok {
			return act{}, false
		}
		at := max(c.ready, s.from)
		switch step.Do {
		case Expect:
			_, rest, found := cutFold(heard, step.Text)
			if !found {
				return act{}, false
			}
			heard, c.ready = rest, s.to
		case Wait:
			c.ready += step.For
		case Hangup:
			if at > s.to {
				return act{}, false
			}
			c.steps.done()
			return act{at: at, hangup: true}, true
		case Press, Say:
			if s.heard != "" {
				if !c.barge {
					return act{}, false
				}
				at = max(c.ready, s.from+bargeAfter)
			}
			if s.listen == nil || at > s.to {
				return act{}, false
			}
			c.ready = at
			c.steps.done()
			if step.Do == Say {
				return act{at: at, speech: step.Text}, true
			}
			c.ready += time.Duration(len(step.Text)-1) * keyInterval
			return c.typing.begin(step.Text, at, s.listen)
		}
		c.steps.done()
	}
}

// cutFold cuts s around the first place where it holds text, whatever the case
// and however the white space.
func cutFold(s, text string) (before, after string, found bool) {
	s, text = strings.Join(strings.Fields(s), " "), strings.Join(strings.Fields(text), " ")
	lower := strings.ToLower(s)
	i := strings.Index(lower, strings.ToLower(text))
	if i < 0 || len(lower) != len(s) {
		// Some letters change their length with their case; then case counts.
		if i = strings.Index(s, text); i < 0 {
			return "", "", false
		}
	}
	return s[:i], s[i+len(text):], true
}

// list is the steps of a script.
type list struct {
	steps []Step
}

func (l *list) peek() (Step, bool) {
	if len(l.steps) == 0 {
		return Step{}, false
	}
	return l.steps[0], true
}

func (l *list) done() { l.steps = l.steps[1:] }

// impatient is a caller who hangs up after a time, whatever goes on.
type impatient struct {
	caller
	after time.Duration
}

func (c *impatient) act(s stretch) (act, bool) {
	if c.after <= s.from {
		return act{at: s.from, hangup: true}, true
	}
	a, ok := c.caller.act(s)
	if (!ok || a.at > c.after) && c.after <= s.to {
		return act{at: c.after, hangup: true}, true
	}
	return a, ok
}

func (c *stepping) busyUntil() time.Duration { return c.ready }

func (c *impatient) busyUntil() time.Duration {
	if c.after < longestCall {
		return c.after
	}
	if inner, ok := c.caller.(*stepping); ok {
		return inner.busyUntil()
	}
	return 0
}
