package simulator

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// replaying is a caller who does what the caller of a saved call did, timed by
// what went on in the call, not by seconds: a responder that merely speaks
// longer now is not different.
type replaying struct {
	answering
	barges []int // for each answer the prompt that it interrupts; 0: none
	leaves parting

	now      progress
	current  *engine.Listening
	inGather bool
	began    time.Duration // when the current one of others began
}

// progress is how far a call has come.
type progress struct {
	gathers int // that are complete
	prompts int // heard since, the current one included
	others  int // echoes, recordings and streams since the answer, the current one included
}

// parting is when a caller hangs up.
type parting struct {
	while    during
	at       progress
	into     time.Duration // how long into an echo or a stream
	answered bool          // not before the Gather's answer was given
}

// during is what goes on when a caller hangs up.
type during int

const (
	nothing      during = iota // the caller does not hang up
	soon                       // before anything more is heard
	promptPlays                // a prompt outside a Gather
	gatherBegins               // the prompts of a Gather, or its silence
	otherGoesOn                // an echo, a recording or a stream
)

// newReplaying reads from a call's events what its caller did: the keys and
// words of each Gather, which prompts they interrupted, and when the caller
// hung up.
func newReplaying(events []trace.Stamped) *replaying {
	c := &replaying{answering: *newAnswering(nil, false)}
	var now progress
	var began time.Duration // of the last of others
	last, barged := soon, 0
	answered := false // to the Gather in which the caller hangs up, in part
	for _, stamped := range events {
		switch e := stamped.Event.(type) {
		case trace.Say:
			now.prompts++
			last, barged = promptPlays, bargedAt(barged, e.Barged, now.prompts)
		case trace.Play:
			now.prompts++
			last, barged = promptPlays, bargedAt(barged, e.Barged, now.prompts)
		case trace.Gather:
			answer := answerOf(e)
			if e.Ended == trace.EndedHangup {
				if barged > 0 && e.Digits == "" {
					answer = Step{Do: Say, Text: "…"} // words that were never finished
				}
				last, answered = gatherBegins, answer.Do != Wait
			}
			c.answers, c.barges = append(c.answers, answer), append(c.barges, barged)
			barged = 0
			if e.Ended == trace.EndedHangup {
				continue // it is not complete
			}
			last = soon
			now.gathers, now.prompts = now.gathers+1, 0
		case trace.Echo, trace.Record:
			now.others++
			last, began = otherGoesOn, stamped.At
		case trace.Stream:
			if e.Mode == "connect" {
				now.others++
				last, began = otherGoesOn, stamped.At
			}
		case trace.Hangup:
			if e.By == trace.ByCaller && leftWhileAsked(events) == 0 {
				c.leaves = parting{while: last, at: now, into: stamped.At - began, answered: last == gatherBegins && answered}
			}
		}
	}
	return c
}

func bargedAt(before int, barged bool, prompt int) int {
	if barged {
		return prompt
	}
	return before
}

// leftWhileAsked returns the number of the Gather, from 1, after which the
// caller hung up without hearing anything more: while the responder was asked
// what to do with the answer. It is 0 if the call ended otherwise.
func leftWhileAsked(events []trace.Stamped) int {
	gathers, last := 0, false
	for _, stamped := range events {
		switch e := stamped.Event.(type) {
		case trace.Request, trace.Warning, trace.Streamed:
		case trace.Gather:
			gathers++
			last = e.Ended != trace.EndedHangup
		case trace.Hangup:
			if last && e.By == trace.ByCaller {
				return gathers
			}
		default:
			last = false
		}
	}
	return 0
}

// leaveWhileAsked returns a context that ends as the caller's hang-up does, and
// a Record for it: in a replay, a request takes no time during which a line
// could report the hang-up.
func leaveWhileAsked(ctx context.Context, gather int, record func(trace.Stamped)) (context.Context, func(trace.Stamped)) {
	ctx, hangup := context.WithCancelCause(ctx)
	return ctx, func(stamped trace.Stamped) {
		if record != nil {
			record(stamped)
		}
		if _, ok := stamped.Event.(trace.Gather); ok {
			if gather--; gather == 0 {
				hangup(engine.ErrHungUp)
			}
		}
	}
}

// answerOf returns what gives a Gather the result it had.
func answerOf(e trace.Gather) Step {
	switch {
	case e.Speech != "":
		return Step{Do: Say, Text: e.Speech}
	case e.Ended == trace.EndedFinishOnKey && e.FinishKey != "":
		return Step{Do: Press, Text: e.Digits + e.FinishKey}
	case e.Ended == trace.EndedFinishOnKey:
		return Step{Do: Press, Text: e.Digits + "#"}
	case e.Digits != "":
		// If the time was up, it took that long: in a hurry the Gather would end
		// otherwise.
		return Step{Do: Press, Text: e.Digits, late: e.Ended == trace.EndedExecutionTimeout}
	}
	return Step{Do: Wait}
}

func (c *replaying) act(s stretch) (act, bool) {
	c.attend(s)
	c.follow(s)
	if a, ok := c.leave(s); ok {
		return a, true
	}
	barge := c.index >= 0 && c.index < len(c.barges) && c.barges[c.index] == c.now.prompts
	return c.answer(s, barge)
}

// follow counts what goes on.
func (c *replaying) follow(s stretch) {
	if s.speaking {
		return
	}
	changed := s.listen != c.current
	if changed && c.inGather {
		c.now.gathers, c.now.prompts = c.now.gathers+1, 0
	}
	c.current, c.inGather = s.listen, s.listen != nil && !s.open()
	switch {
	case s.heard() != "":
		c.now.prompts++
	case s.listen == nil, s.open() && changed: // an echo is one stretch
		c.now.others++
		c.began = s.from
	}
}

// leave hangs up when the saved call's caller did, or at once if that moment has
// passed.
func (c *replaying) leave(s stretch) (act, bool) {
	l := c.leaves
	if l.while == nothing || s.speaking && !l.answered {
		return act{}, false
	}
	past := c.now.gathers > l.at.gathers || c.now.others > l.at.others || c.now.gathers == l.at.gathers && c.now.prompts > l.at.prompts
	at := s.from
	switch {
	case past:
	case c.now != l.at:
		return act{}, false
	case l.while == promptPlays && s.heard() != "":
		at = s.half()
	case l.while == gatherBegins && s.listen != nil && !s.open():
		if l.answered && (!c.given || c.typing.keys != "") {
			return act{}, false
		}
		if s.heard() != "" || s.speaking {
			at = s.half()
		}
	case l.while == otherGoesOn && s.heard() == "" && (s.listen == nil || s.open()):
		if at = max(c.began+l.into, s.from); at > s.to && s.kind == Streaming {
			return act{}, false // of a stream there is more to come
		}
		at = min(at, s.to) // a silent caller's recording ends sooner
	case l.while != soon:
		return act{}, false
	}
	return act{at: at, hangup: true}, true
}
