package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/simulator"
)

func TestCallerFollowsAScript(t *testing.T) {
	const bye = `"Bye."`
	for _, c := range []struct {
		name   string
		script string
		barge  bool
		want   []string
		unmet  string
	}{
		{"keys go to the next Gather", "press 12#\nsay dead", false, []string{
			welcome, code, now, `3.27 gather "12" "" finishOnKey`,
			`3.27 "Why do you call?"`, `6.08 gather "" "dead" speech`, `6.08 ` + bye, "6.48 hangs up: the document ended (end)",
		}, ""},
		{"an expectation waits for its prompt", "expect why do you\npress 7", false, []string{
			welcome, code, now, `5.87 gather "" "" timeout`,
			`5.87 "Why do you call?"`, `10.28 gather "7" "" digitEndTimeout`, `10.28 ` + bye, "10.68 hangs up: the document ended (end)",
		}, ""},
		{"a wait begins when the prompt has ended", "expect now\nwait 2\npress 12\nwait 1\npress 34", false, []string{
			welcome, code, now, `6.27 gather "1234" "" numDigits`,
			`6.27 "Why do you call?"`, `10.68 gather "" "" timeout`, `10.68 ` + bye, "11.08 hangs up: the document ended (end)",
		}, ""},
		{"a wait may outlast a Gather", "expect now\nwait 5\npress 5#", false, []string{
			welcome, code, now, `5.87 gather "" "" timeout`,
			`5.87 "Why do you call?"`, `8.07 gather "5" "" finishOnKey`, `8.07 ` + bye, "8.47 hangs up: the document ended (end)",
		}, ""},
		{"two expectations of one prompt", "expect ENTER\nexpect code, please\npress 1#", false, []string{
			welcome, code, now, `3.07 gather "1" "" finishOnKey`,
			`3.07 "Why do you call?"`, `7.48 gather "" "" timeout`, `7.48 ` + bye, "7.88 hangs up: the document ended (end)",
		}, ""},
		{"what was heard is not heard again", "expect code\nexpect your code\npress 1", false, []string{
			welcome, code, now, `5.87 gather "" "" timeout`,
			`5.87 "Why do you call?"`, `10.28 gather "" "" timeout`, `10.28 ` + bye, "10.68 hangs up: the document ended (end)",
		}, "expect your code"},
		{"an expectation that is not met", "press 1#\nexpect goodbye", false, []string{
			welcome, code, now, `3.07 gather "1" "" finishOnKey`,
			`3.07 "Why do you call?"`, `7.48 gather "" "" timeout`, `7.48 ` + bye, "7.88 hangs up: the document ended (end)",
		}, "expect goodbye"},
		{"who interrupts does so during the prompt", "press 1#", true, []string{
			welcome, code + ", cut short by the caller", `1.76 gather "1" "" finishOnKey`,
			`1.76 "Why do you call?"`, `6.17 gather "" "" timeout`, `6.17 ` + bye, "6.57 hangs up: the document ended (end)",
		}, ""},
		{"who interrupts has heard what was expected", "expect enter your\npress 1#", true, []string{
			welcome, code + ", cut short by the caller", `1.85 gather "1" "" finishOnKey`,
			`1.85 "Why do you call?"`, `6.26 gather "" "" timeout`, `6.26 ` + bye, "6.66 hangs up: the document ended (end)",
		}, ""},
		{"who expects all of a prompt interrupts the next one", "expect code, please.\npress 1#", true, []string{
			welcome, code, now + ", cut short by the caller", `2.87 gather "1" "" finishOnKey`,
			`2.87 "Why do you call?"`, `7.28 gather "" "" timeout`, `7.28 ` + bye, "7.68 hangs up: the document ended (end)",
		}, ""},
		{"a hang-up when a prompt has ended", "expect code\nhangup", false, []string{
			welcome, code, `2.47 gather "" "" hangup`, "2.47 hangs up: the caller hung up (caller)",
		}, ""},
		{"a hang-up at once", "hangup", false, []string{"0.00 hangs up: the caller hung up (caller)"}, ""},
		{"a hang-up in a prompt", "wait 0.5\nhangup", false, []string{welcome, "0.50 hangs up: the caller hung up (caller)"}, ""},
		{"a hang-up with keys pressed", "press 12\nhangup", false, []string{
			welcome, code, now, `3.07 gather "12" "" hangup`, "3.07 hangs up: the caller hung up (caller)",
		}, ""},
		{"what is said comes before a hang-up", "expect why\nsay it is dead\nhangup", false, []string{
			welcome, code, now, `5.87 gather "" "" timeout`,
			`5.87 "Why do you call?"`, `9.34 gather "" "it is dead" speech`, "9.34 hangs up: the caller hung up (caller)",
		}, ""},
		{"nothing", "", false, []string{
			welcome, code, now, `5.87 gather "" "" timeout`,
			`5.87 "Why do you call?"`, `10.28 gather "" "" timeout`, `10.28 ` + bye, "10.68 hangs up: the document ended (end)",
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps := script(t, c.script)
			if steps == nil {
				steps = []simulator.Step{}
			}
			result := place(t, simulator.Options{Handler: twoQuestions, Script: steps, Barge: c.barge})
			same(t, c.want, result)
			got := ""
			if result.Unmet != nil {
				got = result.Unmet.String()
			}
			if got != c.unmet {
				t.Errorf("not met: %q, want %q", got, c.unmet)
			}
		})
	}
}

func TestExpectationsMindNeitherCaseNorSpace(t *testing.T) {
	for _, c := range []struct {
		says, expect string
		met          bool
	}{
		{"Press   one.", "press one", true},
		{"Für Größe drücken Sie 1.", "GRÖSSE", false}, // one letter is not another
		{"Für Größe drücken Sie 1.", "für größe", true},
		{"İstanbul için bire basın.", "istanbul", false}, // its letters change their length with their case
		{"İstanbul için bire basın.", "için bire", true},
		{"请按一", "按一", true},
		{"Press one.", "press two", false},
	} {
		result := place(t, simulator.Options{Handler: documents{"/": "<Say>" + c.says + "</Say>"}, Script: script(t, "expect "+c.expect)})
		if met := result.Unmet == nil; met != c.met {
			t.Errorf("%q is heard in %q: %v", c.expect, c.says, met)
		}
	}
}

func TestExpectationsHearFiles(t *testing.T) {
	result := place(t, simulator.Options{Handler: documents{"/": `<Response><Play>1s.wav</Play><Play>2s.wav</Play></Response>`}, Script: script(t, "expect 2S.WAV\nhangup")})
	same(t, []string{
		"0.00 plays http://responder.example/1s.wav (1 s)", "1.00 plays http://responder.example/2s.wav (2 s)", "3.00 hangs up: the caller hung up (caller)",
	}, result)
}

func TestScriptMayWaitLongerThanAnHour(t *testing.T) {
	for _, document := range []string{`<Gather timeout="600" action="/"/>`, `<Echo/>`} {
		result := place(t, simulator.Options{Handler: documents{"/": document}, Script: script(t, "wait 7200\nhangup"), MaxDocuments: 1000})
		if last := result.Events[len(result.Events)-1]; last.At != 2*time.Hour {
			t.Errorf("%s: ended at %v", document, last.At)
		}
	}
	result := place(t, simulator.Options{Handler: documents{"/": `<Echo/>`}, Script: script(t, "wait 7200")})
	if last := result.Events[len(result.Events)-1]; last.At != 3*time.Hour {
		t.Errorf("a caller with nothing left to do stays until %v", last.At)
	}
}

func TestRunScriptSaysWhatWentWrong(t *testing.T) {
	for _, c := range []struct {
		name, script string
		handler      documents
		want         string
	}{
		{"no script", "sing", twoQuestions, `line 1 of the script: there is no step "sing"`},
		{"an expectation", "\nexpect pizza", twoQuestions, `line 2 of the script: the caller never heard "pizza"`},
		{"the responder", "press 1", documents{}, "the responder failed: it answered 404 Not Found"},
	} {
		err := simulator.RunScript(t.Context(), c.script, simulator.Options{Target: target, Handler: c.handler})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", c.name, err)
		}
		if c.name != "no script" && !strings.Contains(err.Error(), "\n    0:00.0  answered, from +12125550123 to 2125550100\n") {
			t.Errorf("%s: no transcript: %v", c.name, err)
		}
	}
	if err := simulator.RunScript(t.Context(), "expect welcome\npress 1#\nexpect bye", simulator.Options{Target: target, Handler: twoQuestions}); err != nil {
		t.Error(err)
	}
}
