package core

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// unreachable is what a caller hears if a number leads nowhere.
const unreachable = "The number you have called cannot be reached."

// hungUp is how most calls end.
const hungUp = "the caller hung up"

// Exchange takes calls and texts from outside to the Core.
type Exchange struct {
	Core *Core
	Home phone.Home       // of numbers without a country code
	Keep func(StoredCall) // stores the trace of a call

	// Nowhere bounds how many traces are stored of calls that lead nowhere: strangers
	// make as many as they like. Optional: all are stored.
	Nowhere *rate.Limiter
	untold  atomic.Int64 // calls that it left out, since the last that it did not
}

// Place routes a call, runs it and stores its trace. If the number leads
// nowhere, the caller hears so.
func (x *Exchange) Place(ctx context.Context, from, to string, line engine.Line, route func([]string), record func(trace.Stamped)) engine.Outcome {
	began := time.Now()
	var events storedTrace
	call, led := x.placeOrTurnDown(ctx, from, to, line, route, func(e trace.Stamped) {
		record(e)
		events.add(e)
	})
	outcome := call.Outcome
	if !led && x.Nowhere != nil && !x.Nowhere.Allow() {
		x.untold.Add(1)
		return outcome
	}
	if l, ok := engine.As[engine.Laddered](line); ok {
		events.addAll(l.Ladder())
	}
	stored := StoredCall{
		ID: strings.ToLower(rand.Text()), At: began, From: storedNumber(from, x.Home), To: storedNumber(to, x.Home), Outcome: setting.WithoutSecrets(outcome.Reason), Failed: outcome.Failed, Trace: events.lines(),
	}
	var sound engine.AudioReport
	if reporter, ok := engine.As[engine.AudioReporter](line); ok {
		sound = reporter.AudioReport()
	}
	stored.Item = stored.told(&call, outcome, events.asked, sound)
	if n := x.untold.Load(); !led && n > 0 && x.untold.CompareAndSwap(n, 0) {
		stored.Item.Steps = append(stored.Item.Steps, activity.Step{Code: toldUntold, Args: why.Args{"count": strconv.FormatInt(n, 10)}})
	}
	x.Keep(stored)
	return outcome
}

// storedNumber returns a number as it is stored; anything else is unchanged.
func storedNumber(number string, home phone.Home) string {
	if n := phone.Read(number, home); !n.Hidden() {
		return n.Digits()
	}
	return number
}

// placeOrTurnDown reports whether the call led anywhere, too.
func (x *Exchange) placeOrTurnDown(ctx context.Context, from, to string, line engine.Line, route func([]string), record func(trace.Stamped)) (call Call, led bool) {
	decided, err := x.Core.Route(ctx, dialplan.Query{From: from, To: to})
	if err == nil {
		route(stepTexts(decided))
		if call, err = x.Core.placeRouted(ctx, decided, from, to, line, record); err == nil {
			return call, true
		}
	}
	record(trace.Stamped{At: line.Now(), Event: trace.Answer{From: from, To: to}})
	call.Outcome = turnDown(ctx, line, record, err)
	return call, false
}

// isAnswered reports whether a line has answered.
func isAnswered(line engine.Line) bool {
	answerer, waits := engine.As[engine.Answerer](line)
	if !waits {
		return true
	}
	_, answered := answerer.Answered()
	return answered
}

// turnDown ends a call that leads nowhere. A caller who is connected hears so;
// the others' phone system tells them.
func turnDown(ctx context.Context, line engine.Line, record func(trace.Stamped), reason error) engine.Outcome {
	var err error
	if isAnswered(line) {
		began := line.Now()
		var played engine.Played
		played, err = line.Play(ctx, engine.Speech{Text: unreachable}, nil)
		record(trace.Stamped{At: began, Event: trace.Say{Text: unreachable, Barged: played.Barged}})
	}
	outcome := engine.Outcome{By: trace.ByEngine, Reason: reason.Error(), Failed: true}
	if errors.Is(err, engine.ErrHungUp) || errors.Is(context.Cause(ctx), engine.ErrHungUp) {
		outcome.By, outcome.Reason = trace.ByCaller, fmt.Sprintf("%s during the announcement: %v", hungUp, reason)
	} else {
		_ = line.Hangup(ctx, causeOf(reason)) // the call ends here in any case
	}
	record(trace.Stamped{At: line.Now(), Event: trace.Hangup{By: outcome.By, Reason: outcome.Reason}})
	return outcome
}

// causeOf returns how the caller's phone system is told that a call leads
// nowhere.
func causeOf(reason error) engine.Cause {
	switch fault.CodeOf(reason) {
	case fault.NotFound:
		return engine.Nowhere
	case fault.Refused:
		return engine.Rejected
	case fault.Unsupported, fault.Unavailable:
		return engine.Unavailable
	}
	return engine.Failed
}

// ReceiveText delivers a text from outside.
func (x *Exchange) ReceiveText(ctx context.Context, from, to, message string) error {
	_, err := x.Core.ReceiveText(ctx, from, to, message)
	return err
}

// Explain says where a call would go, including the rules that did not match, and
// whether a call on behalf of the user who makes it may leave.
func (x *Exchange) Explain(from, to string, at time.Time) (steps []string, end string, reached bool) {
	ctx, q := context.Background(), dialplan.Query{From: from, To: to, At: at, Explain: true}
	decided, err := x.Core.Route(ctx, q)
	if err != nil {
		return []string{err.Error()}, string(dialplan.NotFound), false
	}
	steps = stepTexts(decided)
	if decided.Kind == dialplan.Refused {
		if outside := x.Core.explainOutside(ctx, q); outside != "" {
			steps = append(steps, outside)
		}
	}
	return steps, string(decided.Kind), decided.Kind.Reached()
}

func stepTexts(decided dialplan.Result) []string {
	steps := make([]string, len(decided.Steps))
	for i, step := range decided.Steps {
		steps[i] = step.String()
	}
	return steps
}
