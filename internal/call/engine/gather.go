package engine

import (
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/responder"
)

// gatherRules are a Gather's limits with the defaults filled in.
type gatherRules struct {
	keys, speech bool
	numDigits    int
	finishOnKey  string
	timeout      time.Duration // before the first input
	digitEnd     time.Duration // between two keys
	execution    time.Duration // of collecting in all
}

func rulesOf(g responder.Gather) gatherRules {
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
	until, _ := c.next()
	return until
}

// next returns how the Gather would end without further input, and when.
func (c *collector) next() (time.Duration, trace.Ended) {
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

// take adds an input and reports whether the Gather is complete.
func (c *collector) take(in Input) (result trace.Gather, complete bool) {
	switch in.Kind {
	case Silence:
		_, ended := c.next()
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
		c.speaking, c.waiting = false, in.At // a cough: wait again
	}
	return trace.Gather{}, false
}

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
