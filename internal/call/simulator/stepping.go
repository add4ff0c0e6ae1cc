package simulator

import (
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/speech"
)

// stepping is a caller who follows steps, from a script or from a test as it
// goes on.
type stepping struct {
	steps  steps
	barge  bool
	ready  time.Duration // when the previous step was done
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
	if s.speaking {
		return act{}, false
	}
	prompt := hearing{text: fold(s.heard())}
	for {
		if a, ok := c.typing.act(s); ok {
			return a, ok
		}
		step, ok := c.steps.peek()
		if !ok {
			return act{}, false
		}
		switch step.Do {
		case Expect:
			if !prompt.hears(step.Text) {
				return act{}, false
			}
			c.ready = s.to
			if c.barge { // who interrupts has heard enough
				c.ready = s.from + time.Duration(float64(s.to-s.from)*prompt.share())
			}
		case Wait:
			c.ready += step.For
		case Hangup:
			at := max(c.ready, s.from)
			if at > s.to {
				return act{}, false
			}
			c.steps.done()
			return act{at: at, hangup: true}, true
		case Press, Say:
			at, can := c.canAct(s)
			if !can {
				return act{}, false
			}
			c.steps.done()
			if step.Do == Say {
				c.ready = at + speech.Estimate(step.Text)
				return act{at: at, speech: step.Text}, true
			}
			c.ready = at + time.Duration(len(step.Text)-1)*keyInterval
			return c.typing.begin(step.Text, at, false, s.listen)
		}
		c.steps.done()
	}
}

// canAct returns when the caller presses or says something in a stretch, and
// whether that is possible in it.
func (c *stepping) canAct(s stretch) (at time.Duration, can bool) {
	switch {
	case s.listen == nil:
		return 0, false
	case s.heard() == "":
		at = max(c.ready, s.from)
		return at, at <= s.to
	case !c.barge:
		return 0, false
	}
	at = max(c.ready, s.barge())
	return at, at < s.to // at its very end it is not interrupted
}

// hearing is a prompt of which a script's expectations use up one part after
// the other.
type hearing struct {
	text string // with single spaces
	used int    // bytes of it
}

// hears searches what is left for a text, ignoring case and the kind of white
// space, and uses it up.
func (h *hearing) hears(text string) bool {
	rest, text := h.text[h.used:], fold(text)
	if rest == "" {
		return false
	}
	i := strings.Index(rest, text)
	// Some letters change their length with their case; then case counts.
	if lower, wanted := strings.ToLower(rest), strings.ToLower(text); i < 0 && len(lower) == len(rest) && len(wanted) == len(text) {
		i = strings.Index(lower, wanted)
	}
	if i < 0 {
		return false
	}
	h.used += i + len(text)
	return true
}

// share returns how much of the prompt was heard up to what was used.
func (h *hearing) share() float64 { return float64(h.used) / float64(len(h.text)) }

// fold puts one space in the place of each run of white space.
func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

// scriptSteps are the steps of a script.
type scriptSteps struct {
	steps []Step
}

func (l *scriptSteps) peek() (Step, bool) {
	if len(l.steps) == 0 {
		return Step{}, false
	}
	return l.steps[0], true
}

func (l *scriptSteps) done() { l.steps = l.steps[1:] }
