package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

const (
	ms = time.Millisecond
	s  = time.Second
)

// TestGatherKeepsItsClocks checks every way in which a Gather ends, each to the
// millisecond. No prompt is spoken unless the case says so: the clocks start at
// 0, or at 2 s with a prompt.
func TestGatherKeepsItsClocks(t *testing.T) {
	const prompt = `<Say>Please.</Say>`
	for _, c := range []struct {
		name    string
		gather  string // attributes
		prompt  string
		does    []engine.Input
		leaves  time.Duration // 0: the caller stays
		digits  string
		speech  string
		ended   trace.Ended
		at      time.Duration
		heard   string
		another string // FinishKey
	}{
		{name: "numDigits", gather: `numDigits="3"`, does: keys("123", 1*s, s), digits: "123", ended: "numDigits", at: 3 * s},
		{name: "numDigits is 20", does: keys("12345678901234567890", 0, ms), digits: "12345678901234567890", ended: "numDigits", at: 19 * ms},
		{name: "a star is a digit", gather: `numDigits="2"`, does: keys("*1", 0, s), digits: "*1", ended: "numDigits", at: s},
		{name: "letters are keys", gather: `numDigits="4"`, does: keys("ABCD", 0, s), digits: "ABCD", ended: "numDigits", at: 3 * s},
		{name: "numDigits counts before the finish key", gather: `numDigits="1"`, does: keys("5#", 0, s), digits: "5", ended: "numDigits"},

		{name: "the finish key", does: keys("12#", s, s), digits: "12", ended: "finishOnKey", at: 3 * s},
		{name: "the finish key alone", does: keys("#", s, s), ended: "finishOnKey", at: s},
		{name: "another finish key", gather: `finishOnKey="*"`, does: keys("1#2*", 0, s), digits: "1#2", ended: "finishOnKey", at: 3 * s, another: "*"},
		{name: "several finish keys", gather: `finishOnKey="*9"`, does: keys("129", 0, s), digits: "12", ended: "finishOnKey", at: 2 * s, another: "9"},
		{name: "no finish key", gather: `finishOnKey="" numDigits="3"`, does: keys("1#2", 0, s), digits: "1#2", ended: "numDigits", at: 2 * s},

		{name: "timeout is 5 s", ended: "timeout", at: 5 * s},
		{name: "timeout", gather: `timeout="7.25"`, ended: "timeout", at: 7250 * ms},
		{name: "timeout starts when the prompts end", gather: `timeout="3"`, prompt: prompt, ended: "timeout", at: 5 * s, heard: "Please."},
		{name: "timeout of zero", gather: `timeout="0"`, prompt: prompt, ended: "timeout", at: 2 * s, heard: "Please."},
		{name: "a key at the very moment counts", gather: `timeout="3" numDigits="1"`, does: keys("1", 3*s, 0), digits: "1", ended: "numDigits", at: 3 * s},
		{name: "a key a nanosecond later does not", gather: `timeout="3" numDigits="1"`, does: keys("1", 3*s+1, 0), ended: "timeout", at: 3 * s},
		{name: "a key at zero seconds counts", gather: `timeout="0" numDigits="1"`, does: keys("1", 0, 0), digits: "1", ended: "numDigits"},

		{name: "digitEndTimeout", gather: `digitEndTimeout="2"`, does: keys("12", s, 1500*ms), digits: "12", ended: "digitEndTimeout", at: 4500 * ms},
		{name: "digitEndTimeout is timeout", gather: `timeout="3"`, does: keys("1", 2*s, 0), digits: "1", ended: "digitEndTimeout", at: 5 * s},
		{name: "digitEndTimeout does not wait for the first key", gather: `digitEndTimeout="1" timeout="4"`, does: keys("1", 4*s, 0), digits: "1", ended: "digitEndTimeout", at: 5 * s},
		{name: "the next key at the very moment", gather: `digitEndTimeout="2" numDigits="2"`, does: keys("12", 0, 2*s), digits: "12", ended: "numDigits", at: 2 * s},
		{name: "the next key a millisecond later", gather: `digitEndTimeout="2" numDigits="2"`, does: keys("12", 0, 2001*ms), digits: "1", ended: "digitEndTimeout", at: 2 * s},

		{name: "executionTimeout", gather: `executionTimeout="4"`, does: keys("123456", 0, s), digits: "12345", ended: "executionTimeout", at: 4 * s},
		{name: "executionTimeout is 60 s", gather: `numDigits="255" digitEndTimeout="10"`, does: keys("123456789", 0, 8*s), digits: "12345678", ended: "executionTimeout", at: 60 * s},
		{name: "executionTimeout starts when the prompts end", gather: `executionTimeout="1"`, prompt: prompt, ended: "executionTimeout", at: 3 * s, heard: "Please."},
		{name: "of two clocks the one that waits for the caller", gather: `timeout="3" executionTimeout="3"`, ended: "timeout", at: 3 * s},
		{name: "no clock waits longer than executionTimeout", gather: `timeout="90"`, ended: "executionTimeout", at: 60 * s},

		{name: "speech", gather: `input="speech"`, does: words("a table for two", s, 3*s), speech: "a table for two", ended: "speech", at: 4 * s},
		{name: "speech that began in time may last", gather: `input="speech" timeout="2"`, does: words("yes", 2*s, 9*s), speech: "yes", ended: "speech", at: 11 * s},
		{name: "speech that lasts too long", gather: `input="speech" executionTimeout="6"`, does: words("well", s, 9*s), ended: "executionTimeout", at: 6 * s},
		{name: "a cough", gather: `input="speech" timeout="4"`, does: words("", s, s), ended: "timeout", at: 6 * s},
		{name: "a cough, then speech", gather: `input="speech" timeout="4"`, does: append(words("", s, s), words("yes", 6*s, s)...), speech: "yes", ended: "speech", at: 7 * s},
		{name: "keys where speech is wanted", gather: `input="speech" timeout="4"`, does: keys("123#", 0, s), ended: "timeout", at: 4 * s},
		{name: "speech where keys are wanted", gather: `timeout="4"`, does: words("one", s, s), ended: "timeout", at: 4 * s},

		{name: "both, and a key comes first", gather: `input="dtmf speech" digitEndTimeout="3"`, does: append(keys("1", s, 0), words("one", 2*s, s)...), digits: "1", ended: "digitEndTimeout", at: 4 * s},
		{name: "both, and speech comes first", gather: `input="speech,dtmf"`, does: append(words("one", s, s), keys("1", 3*s, 0)...), speech: "one", ended: "speech", at: 2 * s},
		{name: "a key during speech takes over", gather: `input="dtmf,speech" digitEndTimeout="3"`, does: []engine.Input{
			{Kind: engine.SpeechBegan, At: s}, {Kind: engine.Key, Key: '1', At: 2 * s}, {Kind: engine.SpeechFinal, Text: "one", At: 3 * s},
		}, digits: "1", ended: "digitEndTimeout", at: 5 * s},
		{name: "both, and nothing comes", gather: `input="dtmf speech"`, ended: "timeout", at: 5 * s},

		{name: "barge-in", gather: `numDigits="2"`, prompt: prompt + prompt, does: keys("12", 500*ms, 2*s), digits: "12", ended: "numDigits", at: 2500 * ms, heard: "Please."},
		{name: "barge-in by the finish key", prompt: prompt + prompt, does: keys("#", 500*ms, 0), ended: "finishOnKey", at: 500 * ms, heard: "Please."},
		{name: "barge-in during the second prompt", gather: `timeout="1"`, prompt: prompt + prompt + prompt, does: keys("1", 2500*ms, 0), digits: "1", ended: "digitEndTimeout", at: 3500 * ms, heard: "Please. | Please."},
		{name: "barge-in by speech", gather: `input="speech"`, prompt: prompt, does: words("yes", s, s), speech: "yes", ended: "speech", at: 2 * s, heard: "Please."},
		{name: "a key is no barge-in where speech is wanted", gather: `input="speech" timeout="1"`, prompt: prompt, does: keys("1", s, 0), ended: "timeout", at: 3 * s, heard: "Please."},
		{name: "executionTimeout starts at the barge-in", gather: `executionTimeout="2"`, prompt: prompt, does: keys("1234", s, 900*ms), digits: "123", ended: "executionTimeout", at: 3 * s, heard: "Please."},

		{name: "hang-up", leaves: 3 * s, ended: "hangup", at: 3 * s},
		{name: "hang-up with digits", does: keys("12", s, s), leaves: 3 * s, digits: "12", ended: "hangup", at: 3 * s},
		{name: "hang-up during the prompt", prompt: prompt, leaves: s, ended: "hangup", at: s, heard: "Please."},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := newHandset(c.does...)
			if line.leaves = c.leaves; line.leaves == 0 {
				line.leaves = never
			}
			asked := &noting{Handler: responds{
				"/start": "<Gather action='next' " + c.gather + ">" + c.prompt + "</Gather>",
				"/next":  `<Hangup/>`,
			}}
			_, events := against(t, asked).place(line)
			input := "dtmf"
			switch {
			case strings.Contains(c.gather, `input="speech"`):
				input = "speech"
			case strings.Contains(c.gather, "input="):
				input = "dtmf speech"
			}
			want := []trace.Gather{{Input: input, Digits: c.digits, Speech: c.speech, Ended: c.ended, FinishKey: c.another}}
			if diff := cmp.Diff(want, of[trace.Gather](events)); diff != "" {
				t.Errorf("gathered (-want +got):\n%s", diff)
			}
			for _, e := range events {
				if e.Event.Kind() == "gather" && e.At != c.at {
					t.Errorf("complete at %v, want %v", e.At, c.at)
				}
			}
			if line.said() != c.heard {
				t.Errorf("heard %q, want %q", line.said(), c.heard)
			}
			requests := 2 // nothing heard goes to the action too
			if c.ended == trace.EndedHangup {
				requests = 1
			}
			if len(asked.notes) != requests {
				t.Errorf("asked %q", asked.notes)
			}
		})
	}
}

func TestGatherTellsTheLineWhatItWants(t *testing.T) {
	line := newHandset()
	against(t, responds{
		"/start": `<Response><Gather timeout="0"/><Gather input="speech" language="nl-NL" hints="ja, nee" speechTimeout="2.5" timeout="0"/>` +
			`<Gather input="dtmf speech" speechTimeout="auto" timeout="0"/></Response>`,
	}).place(line)
	want := []engine.Listening{
		{Keys: true, SpeechTimeout: s},
		{Speech: true, Language: "nl-NL", Hints: "ja, nee", SpeechTimeout: 2500 * ms},
		{Keys: true, Speech: true, SpeechTimeout: s},
	}
	if diff := cmp.Diff(want, line.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestAnswerCannotPrecedeItsQuestion(t *testing.T) {
	line := newHandset(keys("12", s, 2*s)...)
	_, events := against(t, responds{
		"/start": `<Response><Say>A long explanation.</Say><Gather numDigits="1" action="next"><Say>Now.</Say></Gather></Response>`,
		"/next":  `<Hangup/>`,
	}).place(line)
	if gathered := of[trace.Gather](events); len(gathered) != 1 || gathered[0].Digits != "2" {
		t.Errorf("gathered %+v", gathered)
	}
}

func TestNothingHeardGoesToTheAction(t *testing.T) {
	asked := &noting{Handler: responds{"/start": `<Gather action="next" timeout="1"/>`, "/next": `<Hangup/>`}}
	against(t, asked).place(newHandset())
	want := []string{"GET http://responder.example/start?NmsAni=1001", "GET http://responder.example/next?NmsAni=1001&Digits="}
	if diff := cmp.Diff(want, asked.notes); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}
