package engine

import (
	"context"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/responder"
)

// gather plays the prompts and collects. If nothing is heard the action still
// gets control.
func (r *run) gather(ctx context.Context, a answer, i int, v responder.Gather, line int) (*question, error) {
	rules := gatherRulesOf(v)
	if recogniser, may := As[Recogniser](r.line); rules.speech && may && !recogniser.Recognises() {
		// Silence until the timeout, with no way to answer, would be worse.
		r.warn(CodeLine, line, "this line does not understand what callers say: the Gather takes keys alone")
		rules.speech, rules.keys = false, true
	}
	listen := &Listening{
		Keys: rules.keys, Speech: rules.speech, Language: v.Language, Hints: v.Hints,
		SpeechTimeout: orDefault(v.SpeechTimeout, responder.DefaultSpeechTimeout),
	}
	defer func() {
		// The listening ends. A caller who hangs up now is met by the next verb.
		_, _ = r.line.Listen(ctx, nil, r.line.Now())
	}()
	for j, prompt := range v.Prompts {
		var barged bool
		var err error
		at := a.parsed.PromptPosition(i, j).Line
		switch p := prompt.(type) {
		case responder.Say:
			barged, err = r.say(ctx, p, at, listen)
		case responder.Play:
			barged, err = r.play(ctx, a, p, at, listen)
		}
		if err != nil {
			return nil, r.gatherCut(ctx, err, newCollector(rules, r.line.Now()))
		}
		if barged {
			break
		}
	}
	c := newCollector(rules, r.line.Now())
	for {
		in, err := r.line.Listen(ctx, listen, c.deadline())
		if err != nil {
			return nil, r.gatherCut(ctx, err, c)
		}
		if in.Kind == SpeechLost {
			r.warn(CodeRecogniser, line, "the caller is not understood any more: %s; the Gather takes keys alone", in.Text)
		}
		if result, complete := c.addInput(in); complete {
			r.emit(result)
			return r.actionQuestion(a, line, v.Action, v.Method, gatherParameters(v.Input, result.Digits, result.Speech)...)
		}
	}
}

// gatherCut emits the result of a Gather that a hang-up ended.
func (r *run) gatherCut(ctx context.Context, err error, c *collector) error {
	if over := r.endingOf(ctx, err); over != nil && over.by == trace.ByCaller {
		r.emit(c.result(trace.EndedHangup, ""))
	}
	return err
}

// gatherRules are a Gather's limits with the defaults filled in.
type gatherRules struct {
	keys, speech bool
	numDigits    int
	finishOnKey  string
	timeout      time.Duration // before the first input
	digitEnd     time.Duration // between two keys
	execution    time.Duration // of collecting in all
}

func gatherRulesOf(g responder.Gather) gatherRules {
	rules := gatherRules{
		keys:        g.Input.DTMF(),
		speech:      g.Input.Speech(),
		numDigits:   g.NumDigits,
		finishOnKey: finishKeys(g.FinishOnKey),
		timeout:     orDefault(g.Timeout, responder.DefaultTimeout),
		execution:   orDefault(g.ExecutionTimeout, responder.DefaultExecutionTimeout),
	}
	rules.digitEnd = orDefault(g.DigitEndTimeout, rules.timeout)
	if rules.numDigits == 0 {
		rules.numDigits = responder.DefaultNumDigits
	}
	return rules
}

// orDefault resolves a document's time: 0 is the default, Immediately is 0.
func orDefault(d, fallback time.Duration) time.Duration {
	switch {
	case d == 0:
		return fallback
	case d < 0:
		return 0
	}
	return d
}

func finishKeys(keys string) string {
	switch keys {
	case "":
		return responder.DefaultFinishOnKey
	case responder.NoFinishKey:
		return ""
	}
	return keys
}

// collector decides, from inputs and their times alone, what a Gather has
// collected and when it is complete. Its clocks start when the prompts end or
// the caller interrupts them. So does executionTimeout, or a long menu would
// leave no time to answer it.
type collector struct {
	rules    gatherRules
	began    time.Duration // when collecting began
	waiting  time.Duration // since when the first input is waited for
	last     time.Duration // when the last key came
	digits   []byte
	speaking bool
}

func newCollector(rules gatherRules, now time.Duration) *collector {
	return &collector{rules: rules, began: now, waiting: now}
}

// deadline returns when the Gather ends without further input.
func (c *collector) deadline() time.Duration {
	until, _ := c.nextEnd()
	return until
}

// nextEnd returns how the Gather would end without further input, and when.
func (c *collector) nextEnd() (time.Duration, trace.Ended) {
	until, ended := c.began+c.rules.execution, trace.EndedExecutionTimeout
	switch {
	case len(c.digits) > 0:
		if t := c.last + c.rules.digitEnd; t <= until {
			return t, trace.EndedDigitEndTimeout
		}
	case !c.speaking:
		if t := c.waiting + c.rules.timeout; t <= until {
			return t, trace.EndedTimeout
		}
	}
	return until, ended
}

// addInput adds an input and reports whether the Gather is complete.
func (c *collector) addInput(in Input) (result trace.Gather, complete bool) {
	switch in.Kind {
	case Silence:
		_, ended := c.nextEnd()
		return c.result(ended, ""), true
	case Key:
		if !c.rules.keys {
			return trace.Gather{}, false
		}
		c.speaking = false
		if strings.IndexByte(c.rules.finishOnKey, in.Key) >= 0 {
			result := c.result(trace.EndedFinishOnKey, "")
			if key := string(in.Key); key != responder.DefaultFinishOnKey {
				result.FinishKey = key
			}
			return result, true
		}
		c.digits, c.last = append(c.digits, in.Key), in.At
		if len(c.digits) >= c.rules.numDigits {
			return c.result(trace.EndedNumDigits, ""), true
		}
	case SpeechBegan:
		c.speaking = c.rules.speech && len(c.digits) == 0
	case SpeechFinal:
		// The first kind of input decides: speech after a key is background.
		if !c.rules.speech || len(c.digits) > 0 {
			return trace.Gather{}, false
		}
		if in.Text != "" {
			return c.result(trace.EndedSpeech, in.Text), true
		}
		c.waitAgain(in.At) // a cough
	case SpeechLost:
		c.rules.speech, c.rules.keys = false, true
		if c.speaking {
			c.waitAgain(in.At)
		}
	}
	return trace.Gather{}, false
}

// waitAgain waits for the first input, because there was none.
func (c *collector) waitAgain(since time.Duration) { c.speaking, c.waiting = false, since }

func (c *collector) result(ended trace.Ended, speech string) trace.Gather {
	input := responder.InputDTMF
	switch {
	case c.rules.keys && c.rules.speech:
		input = responder.InputBoth
	case c.rules.speech:
		input = responder.InputSpeech
	}
	return trace.Gather{Input: string(input), Digits: string(c.digits), Speech: speech, Ended: ended}
}
