package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// twoQuestions asks for up to four keys, and then for keys or words.
var twoQuestions = documents{
	"/":    `<Response><Say>Welcome to us.</Say><Gather numDigits="4" timeout="3" action="two"><Say>Enter your code, please.</Say><Say>Now.</Say></Gather></Response>`,
	"/two": `<Gather input="dtmf speech" timeout="3" action="end"><Say>Why do you call?</Say></Gather>`,
	"/end": `<Say>Bye.</Say>`,
}

// When the prompts of twoQuestions end, by the pace of speech.
const (
	welcome = `0.00 "Welcome to us."`           // 1.06 s
	code    = `1.06 "Enter your code, please."` // 1.41 s
	now     = `2.47 "Now."`                     // 0.4 s
)

func TestCallerAnswersEachGather(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []string
		barge   bool
		want    []string
	}{
		{"with keys, a hand's width apart", []string{"1234", "5#"}, false, []string{
			welcome, code, now, `3.47 gather "1234" "" numDigits`,
			`3.47 "Why do you call?"`, `5.08 gather "5" "" finishOnKey`, `5.08 "Bye."`, "5.48 hangs up: the document ended (end)",
		}},
		{"with too few keys", []string{"12"}, false, []string{
			welcome, code, now, `6.07 gather "12" "" digitEndTimeout`,
			`6.07 "Why do you call?"`, `10.48 gather "" "" timeout`, `10.48 "Bye."`, "10.88 hangs up: the document ended (end)",
		}},
		{"with too many keys, of which the rest is dropped", []string{"123456", "none"}, false, []string{
			welcome, code, now, `3.47 gather "1234" "" numDigits`,
			`3.47 "Why do you call?"`, `7.88 gather "" "" timeout`, `7.88 "Bye."`, "8.28 hangs up: the document ended (end)",
		}},
		{"with silence, then with words", []string{"none", "say:my line is dead"}, false, []string{
			welcome, code, now, `5.87 gather "" "" timeout`,
			`5.87 "Why do you call?"`, `9.69 gather "" "my line is dead" speech`, `9.69 "Bye."`, "10.09 hangs up: the document ended (end)",
		}},
		{"with words that nobody listens for", []string{"say:hello"}, false, []string{
			welcome, code, now, `5.87 gather "" "" timeout`,
			`5.87 "Why do you call?"`, `10.28 gather "" "" timeout`, `10.28 "Bye."`, "10.68 hangs up: the document ended (end)",
		}},
		{"not at all", nil, true, []string{
			welcome, code, now, `5.87 gather "" "" timeout`,
			`5.87 "Why do you call?"`, `10.28 gather "" "" timeout`, `10.28 "Bye."`, "10.68 hangs up: the document ended (end)",
		}},
		{"during the prompts", []string{"1234", "say:dead"}, true, []string{
			welcome, code + ", cut short by the caller", `2.16 gather "1234" "" numDigits`,
			`2.16 "Why do you call?", cut short by the caller`, `4.06 gather "" "dead" speech`, `4.06 "Bye."`, "4.46 hangs up: the document ended (end)",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, c.want, place(t, simulator.Options{Handler: twoQuestions, Answers: answers(t, c.answers...), Barge: c.barge}))
		})
	}
}

func TestCallerWhoInterruptsHearsHalfOfAShortPrompt(t *testing.T) {
	result := place(t, simulator.Options{
		Handler: documents{"/": `<Gather numDigits="1"><Say>Yes?</Say></Gather>`}, Answers: answers(t, "1"), Barge: true,
	})
	same(t, []string{
		"0.00 warning SH210: line 1: this Gather has no action, so what the caller enters goes nowhere (the next verb runs and the input is lost)",
		`0.00 "Yes?", cut short by the caller`, `0.20 gather "1" "" numDigits`, "0.20 hangs up: the document ended (end)",
	}, result)
}

func TestCallerHurriesWhereTimeIsShort(t *testing.T) {
	result := place(t, simulator.Options{Handler: documents{
		"/":    `<Gather numDigits="4" timeout="0" digitEndTimeout="0.1" action="end"><Say>Code?</Say></Gather>`,
		"/end": `<Hangup/>`,
	}, Answers: answers(t, "1234")})
	same(t, []string{
		`0.00 "Code?"`, `0.70 gather "1234" "" numDigits`, "0.70 hangs up: the responder hung up (responder)",
	}, result)
}

func TestTelephoneHasNoKeysWhereWordsAreWanted(t *testing.T) {
	result := place(t, simulator.Options{Handler: documents{
		"/": `<Gather input="speech" timeout="2" action="/"><Say>Who are you?</Say></Gather>`,
	}, Answers: answers(t, "123", "say:me"), Barge: true, MaxDocuments: 2})
	same(t, []string{
		`0.00 "Who are you?"`, `3.06 gather "" "" timeout`,
		`3.06 "Who are you?", cut short by the caller`, `4.96 gather "" "me" speech`,
		"4.96 warning SH311: the call asked for more than 2 documents; a responder that leads back to itself does that",
		`4.96 "We are sorry, this service is not available at the moment. Please try again later."`,
		"10.25 hangs up: the call asked for more than 2 documents; a responder that leads back to itself does that (engine)",
	}, result)
}

func TestFactsOfTheCall(t *testing.T) {
	var asked []string
	handler := documents{"/": `<Hangup/>`}
	o := simulator.Options{Handler: recorded(&asked, handler), From: "+19734321440", To: "1001", Method: "POST", Secret: "s"}
	result := place(t, o)
	if e, ok := result.Events[0].Event.(trace.Answer); !ok || e.From != "+19734321440" || e.To != "1001" {
		t.Errorf("answer %+v", result.Events[0])
	}
	if len(asked) != 1 || !strings.HasPrefix(asked[0], "POST /?NmsAni=%2B19734321440&NmsDnis=1001&AccountUser=8000&AccountDomain=example.net&OrigCallID=") ||
		!strings.Contains(asked[0], " signed") {
		t.Errorf("asked %q", asked)
	}
	if first, second := simulator.Facts("", ""), simulator.Facts("", ""); first.OrigCallID == second.OrigCallID || first.OrigCallID == first.TermCallID {
		t.Errorf("ids %+v %+v", first, second)
	}
}

func TestRecordIsToldOfEventsAsTheyHappen(t *testing.T) {
	var got []trace.Stamped
	result := place(t, simulator.Options{Handler: twoQuestions, Record: func(e trace.Stamped) { got = append(got, e) }})
	if len(got) != len(result.Events) || got[0] != result.Events[0] {
		t.Errorf("told of %d events of %d", len(got), len(result.Events))
	}
}

// TestTenMinutesTakeNoTime checks that waiting is free: if it were not, this
// test would be the slowest of all.
func TestTenMinutesTakeNoTime(t *testing.T) {
	result := place(t, simulator.Options{Handler: documents{"/": `<Gather timeout="58" action="/"><Say>Please hold the line.</Say></Gather>`}, HangupAfter: 10 * time.Minute})
	if last := result.Events[len(result.Events)-1]; last.At != 10*time.Minute || result.Outcome.By != trace.ByCaller {
		t.Errorf("ended at %v, %+v", last.At, result.Outcome)
	}
}
