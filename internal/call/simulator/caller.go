package simulator

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// How a scripted caller behaves by default.
const (
	// keyInterval is the time between two keys, as a practised hand types.
	keyInterval = 200 * time.Millisecond

	// bargeAfter is how long a caller who interrupts listens first; to a shorter
	// prompt, half of it.
	bargeAfter = 500 * time.Millisecond
)

// caller decides what the person at the telephone does.
type caller interface {
	// act returns the first thing the caller does in a stretch of the call, at
	// its beginning or its end at the latest; false: nothing.
	act(stretch) (act, bool)
}

// act is something the caller does.
type act struct {
	at     time.Duration
	hangup bool
	key    byte
	speech string

	behind int // keys that follow this one
}

// typing is a caller's keys that are still to be pressed. They belong to one
// Gather: what it does not take is dropped, as a caller stops typing on hearing
// the next question.
type typing struct {
	keys   string
	next   time.Duration
	late   bool // each key comes at the last moment that counts
	listen *engine.Listening
}

// begin presses the first key.
func (t *typing) begin(keys string, at time.Duration, late bool, listen *engine.Listening) (act, bool) {
	*t = typing{keys: keys, next: at, late: late, listen: listen}
	return t.act(stretch{from: at, to: at, listen: listen})
}

// act presses the next key. If the typing is slower than the Gather's clock, it
// hurries.
func (t *typing) act(s stretch) (act, bool) {
	if t.keys == "" || s.listen != t.listen {
		t.keys = ""
		return act{}, false
	}
	at := min(max(t.next, s.from), s.to)
	if t.late {
		at = s.to
	}
	key := t.keys[0]
	t.keys, t.next = t.keys[1:], at+keyInterval
	return act{at: at, key: key, behind: len(t.keys)}, true
}

// answering is a caller who has one answer for each Gather and is silent after
// the last.
type answering struct {
	answers []Step
	barge   bool // answers interrupt the prompts
	gather  *engine.Listening
	index   int // of the current Gather, from 0
	given   bool
	typing  typing
}

func newAnswering(answers []Step, barge bool) *answering {
	return &answering{answers: answers, barge: barge, index: -1}
}

func (c *answering) act(s stretch) (act, bool) {
	c.attend(s)
	return c.answer(s, c.barge)
}

// attend notices a Gather that begins.
func (c *answering) attend(s stretch) {
	if s.listen != nil && !s.open() && s.listen != c.gather {
		c.gather, c.given = s.listen, false
		c.index++
	}
}

// answer gives the current Gather its answer.
func (c *answering) answer(s stretch, barge bool) (act, bool) {
	if s.listen == nil || s.open() || s.speaking {
		return act{}, false
	}
	if a, ok := c.typing.act(s); ok {
		return a, ok
	}
	if c.given || c.index >= len(c.answers) {
		return act{}, false
	}
	at := s.from
	if s.heard() != "" {
		if !barge {
			return act{}, false
		}
		at = s.barge()
	}
	c.given = true
	answer := c.answers[c.index]
	if answer.late && s.heard() == "" {
		at = s.to
	}
	switch answer.Do {
	case Press:
		return c.typing.begin(answer.Text, at, answer.late, s.listen)
	case Say:
		return act{at: at, speech: answer.Text}, true
	}
	return act{}, false
}

// impatient is a caller who hangs up after a time, whatever goes on.
type impatient struct {
	caller
	after time.Duration

	// lasting extends it if no hang-up time was given: after then counts from
	// the last thing that a script does.
	lasting bool
}

func (c *impatient) act(s stretch) (act, bool) {
	if !c.lasting && c.after <= s.from {
		return act{at: s.from, hangup: true}, true
	}
	a, ok := c.caller.act(s)
	limit := c.after
	if c.lasting {
		limit += c.ready()
	}
	if (!ok || a.at > limit) && limit <= s.to {
		return act{at: max(limit, s.from), hangup: true}, true
	}
	return a, ok
}

// busyUntil returns how long the caller has, as far as known, something to wait
// for.
func (c *impatient) busyUntil() time.Duration {
	if c.lasting {
		return c.ready()
	}
	return c.after
}

// ready returns when a script has nothing left to do, as far as known.
func (c *impatient) ready() time.Duration {
	if inner, ok := c.caller.(*stepping); ok {
		return inner.ready
	}
	return 0
}
