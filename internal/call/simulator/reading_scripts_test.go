package simulator_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestScriptIsReadLineByLine(t *testing.T) {
	const text = "\uFEFF# An appointment.\r\n" +
		"expect  make an  appointment\r\n\r\n" +
		"press 12#\n" +
		"press 1 2 *\n" +
		"press\t#\n" +
		"  press abcd  \n" +
		"say # is a key\n" +
		"wait 3\n" +
		"wait 0.25\n" +
		"wait 0.0004\n" +
		"hangup\n" +
		"# the end"
	got, err := simulator.ParseScript(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []simulator.Step{
		{Do: simulator.Expect, Text: "make an  appointment", Line: 2},
		{Do: simulator.Press, Text: "12#", Line: 4},
		{Do: simulator.Press, Text: "12*", Line: 5},
		{Do: simulator.Press, Text: "#", Line: 6},
		{Do: simulator.Press, Text: "ABCD", Line: 7},
		{Do: simulator.Say, Text: "# is a key", Line: 8},
		{Do: simulator.Wait, For: 3 * time.Second, Line: 9},
		{Do: simulator.Wait, For: 250 * time.Millisecond, Line: 10},
		{Do: simulator.Wait, Line: 11},
		{Do: simulator.Hangup, Line: 12},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(simulator.Step{})); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestScriptThatCannotBeRead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an unknown step", "press 1\n\ndial 3", `line 3 of the script: there is no step "dial"`},
		{"a step in another case", "Press 1", `line 1 of the script: there is no step "Press"`},
		{"no keys", "press", "line 1 of the script: press which keys?"},
		{"no keys but spaces", "press  \t", "line 1 of the script: press which keys?"},
		{"no key of a telephone", "press 1x", `line 1 of the script: "1x" has something that is not a telephone key (0 to 9, *, #, A to D)`},
		{"too many keys", "press " + strings.Repeat("1", 256), "line 1 of the script: more than 255 keys"},
		{"nothing to say", "say", "line 1 of the script: say what?"},
		{"nothing to expect", "expect ", "line 1 of the script: expect what?"},
		{"no time", "wait", `line 1 of the script: wait takes a number of seconds from 0 to 86400, not ""`},
		{"a word for a time", "wait long", `line 1 of the script: wait takes a number of seconds from 0 to 86400, not "long"`},
		{"a negative time", "wait -1", `line 1 of the script: wait takes a number of seconds from 0 to 86400, not "-1"`},
		{"no number", "wait NaN", `line 1 of the script: wait takes a number of seconds from 0 to 86400, not "NaN"`},
		{"an endless time", "wait Inf", `line 1 of the script: wait takes a number of seconds from 0 to 86400, not "Inf"`},
		{"more than a day", "wait 86401", `line 1 of the script: wait takes a number of seconds from 0 to 86400, not "86401"`},
		{"more than a day in all", "wait 86400\nwait 1", "line 2 of the script: the script waits for more than 86400 seconds in all"},
		{"a hangup with something after it", "hangup now", `line 1 of the script: hangup takes nothing after it, not "now"`},
		{"another encoding", "say caf\xe9", "line 1 of the script: it is not UTF-8"},
		{"too many steps", strings.Repeat("press 1\n", 10_001), "line 10001 of the script: a script has at most 10000 steps"},
		{"a long line", "press 1\nsay " + strings.Repeat("a", 70_000), "line 2 of the script has more than 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps, err := simulator.ParseScript(strings.NewReader(c.text))
			known, ok := errors.AsType[*fault.Error](err)
			if !ok || known.Message != c.want || known.Code != fault.Invalid || steps != nil {
				t.Errorf("%v, error %+v", steps, err)
			}
		})
	}
}

func TestAnswersAreKeysWordsOrSilence(t *testing.T) {
	for value, want := range map[string]simulator.Step{
		"3": {Do: simulator.Press, Text: "3"}, "12#": {Do: simulator.Press, Text: "12#"}, "1 2": {Do: simulator.Press, Text: "12"},
		"d*": {Do: simulator.Press, Text: "D*"}, "say:yes": {Do: simulator.Say, Text: "yes"}, "say: none ": {Do: simulator.Say, Text: "none"},
		"say:say:x": {Do: simulator.Say, Text: "say:x"}, "none": {Do: simulator.Wait}, " none ": {Do: simulator.Wait},
	} {
		got, err := simulator.ParseAnswer(value)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(simulator.Step{})); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", value, err, diff)
		}
	}
	for value, want := range map[string]string{
		"": `the answer "": press which keys?`, "x": `the answer "x": "x" has something that is not a telephone key (0 to 9, *, #, A to D)`,
		"say:": `the answer "say:" says nothing`, "say:\t": `the answer "say:\t" says nothing`, "say:\xff": `the answer "say:\xff" is not UTF-8`,
		"None": `the answer "None": "None" has something that is not a telephone key (0 to 9, *, #, A to D)`,
	} {
		_, err := simulator.ParseAnswer(value)
		if known, ok := errors.AsType[*fault.Error](err); !ok || known.Message != want {
			t.Errorf("%q: error %+v", value, err)
		}
	}
}

// FuzzParseScript checks that a valid script is the same when its steps are
// written and read again, as a saved call does.
func FuzzParseScript(f *testing.F) {
	f.Add("expect press one\npress 1\nwait 2.5\nsay yes, please\nhangup")
	f.Add("# nothing\n\n\uFEFFpress 1")
	f.Add("\uFEFFpress *#\r\nwait 1e-9\nwait 0x1p4\nexpect \u00a0a\u2028b")
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := simulator.ParseScript(strings.NewReader(text))
		if err != nil {
			if _, ok := errors.AsType[*fault.Error](err); !ok {
				t.Fatalf("no error for people: %v", err)
			}
			return
		}
		var lines []string
		for _, step := range steps {
			lines = append(lines, step.String())
		}
		again, err := simulator.ParseScript(strings.NewReader(strings.Join(lines, "\n")))
		if err != nil {
			t.Fatalf("%q cannot be read again: %v", lines, err)
		}
		ignore := cmp.Options{cmpopts.IgnoreUnexported(simulator.Step{}), cmpopts.IgnoreFields(simulator.Step{}, "Line")}
		if diff := cmp.Diff(steps, again, ignore); diff != "" {
			t.Fatalf("read again (-first +second):\n%s", diff)
		}
		if !slices.IsSortedFunc(steps, func(a, b simulator.Step) int { return a.Line - b.Line }) {
			t.Fatalf("lines are out of order: %+v", steps)
		}
	})
}

// FuzzParseAnswer checks that every answer can be a line of a script too.
func FuzzParseAnswer(f *testing.F) {
	for _, value := range []string{"12#", "say:yes", "none", "say:\u00a0 x\ny", " 1 2 ", "say:say:"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		step, err := simulator.ParseAnswer(value)
		if err != nil {
			if _, ok := errors.AsType[*fault.Error](err); !ok {
				t.Fatalf("no error for people: %v", err)
			}
			return
		}
		if step.Do == simulator.Say && strings.ContainsAny(step.Text, "\r\n") {
			return // words of two lines are no line
		}
		again, err := simulator.ParseScript(strings.NewReader(step.String()))
		if err != nil || len(again) != 1 || fmt.Sprint(again[0].Do, again[0].Text, again[0].For) != fmt.Sprint(step.Do, step.Text, step.For) {
			t.Fatalf("%q: %+v, %v", step, again, err)
		}
	})
}
