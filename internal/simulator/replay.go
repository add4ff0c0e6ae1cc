package simulator

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/engine"
	"github.com/switchhook/switchhook/internal/trace"
)

// replaying is a caller who does what the caller of a saved call did.
type replaying struct {
	*answering
	hangup  int           // the activity during which the caller hangs up, from 1; 0: none
	into    time.Duration // how far into it, where it is an Echo
	count   int           // activities so far
	current *engine.Listening
}

// newReplaying reads from a call's events what its caller did: the keys and
// words of each Gather, whether they interrupted the prompts, and when the
// caller hung up, counted in things that went on rather than in seconds.
func newReplaying(events []trace.Stamped) *replaying {
	c := &replaying{answering: &answering{index: -1}}
	barged, activities := false, 0
	for _, stamped := range events {
		switch e := stamped.Event.(type) {
		case trace.Say:
			activities++
			barged = barged || e.Barged
		case trace.Play:
			activities++
			barged = barged || e.Barged
		case trace.Gather:
			activities++
			c.answers = append(c.answers, answerOf(e))
			c.barge = append(c.barge, barged)
			barged = false
		case trace.Echo:
			activities++
			c.into = time.Duration(e.Seconds * float64(time.Second))
		case trace.Hangup:
			if e.By == trace.ByCaller {
				c.hangup = activities
			}
		}
	}
	if leftWhileAsked(events) > 0 {
		c.hangup = 0
	}
	if len(c.barge) == 0 {
		c.barge = []bool{false}
	}
	return c
}

// leftWhileAsked returns the number of the Gather, from 1, after which the
// caller hung up without hearing anything more: while the responder was asked
// what to do with the answer. It is 0 where the call ended otherwise.
func leftWhileAsked(events []trace.Stamped) int {
	gathers, last := 0, false
	for _, stamped := range events {
		switch e := stamped.Event.(type) {
		case trace.Request, trace.Warning:
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
// a Record for it: what is asked takes no time here in which a line could tell.
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
		return Step{Do: Press, Text: e.Digits}
	}
	return Step{Do: Wait}
}

func (c *replaying) act(s stretch) (act, bool) {
	echo := s.heard == "" && s.listen == nil
	if s.heard != "" || echo || s.listen != c.current {
		c.count++
	}
	if s.heard == "" {
		c.current = s.listen
	}
	a, ok := c.answering.act(s)
	if ok || c.hangup == 0 || c.count < c.hangup {
		return a, ok
	}
	switch {
	case echo:
		return act{at: min(s.from+c.into, s.to), hangup: true}, true
	case s.heard != "":
		return act{at: s.from + (s.to-s.from)/2, hangup: true}, true
	}
	return act{at: s.from, hangup: true}, true
}
