package simulator_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
)

// switchboard is a responder with something of everything that can be replayed.
// What is entered decides where the call goes.
var switchboard = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	write := func(document string) { _, _ = io.WriteString(w, document) }
	switch digits := query.Get("Digits"); {
	case strings.HasSuffix(r.URL.Path, ".wav"):
		_ = audio.WriteWAV(w, audio.Silence(1500*time.Millisecond))
	case r.URL.Path == "/":
		write(`<Response><Say>Welcome.</Say><Gather numDigits="2" timeout="3" action="menu"><Say>Choose, please.</Say><Play>choices.wav</Play><Say>Now.</Say></Gather></Response>`)
	case r.URL.Path == "/menu" && digits == "1":
		write(`<Response><Say>One moment.</Say><Echo timeout="4"/><Gather input="speech" timeout="2" action="said"/></Response>`)
	case r.URL.Path == "/menu" && digits == "2":
		write(`<Response><Play>beep.wav</Play><Record action="recorded" timeout="3" finishOnKey="*"/></Response>`)
	case r.URL.Path == "/menu" && digits == "3":
		write(`<Response><Say>I connect you.</Say><Forward>2001</Forward></Response>`)
	case r.URL.Path == "/menu" && digits == "4":
		write(`<Response><Say>I am gone.</Say><Hangup/></Response>`)
	case r.URL.Path == "/menu" && digits == "5":
		write(`<Response action="/no/such/page"><Say>This fails.</Say></Response>`)
	case r.URL.Path == "/menu" && digits == "6":
		write(`<Response><Say>Stay as long as you like.</Say><Echo/></Response>`)
	case r.URL.Path == "/menu" && digits == "7":
		write(`<Gather input="dtmf,speech" finishOnKey="" numDigits="9" digitEndTimeout="1.5" executionTimeout="4" action="said"><Say>Anything goes.</Say></Gather>`)
	case r.URL.Path == "/menu":
		write(`<Gather numDigits="1" timeout="2" action="menu"><Say>Once more.</Say></Gather>`)
	case r.URL.Path == "/said":
		write(`<Response><Say>You said ` + query.Get("SpeechResult") + digits + `.</Say><Gather action="/" timeout="1"/></Response>`)
	case r.URL.Path == "/recorded":
		write(`<Say>Thank you.</Say>`)
	default:
		http.NotFound(w, r)
	}
})

// byHand saves a call as one that a person made, where only the events show
// what the caller did, and reads it again.
func byHand(t interface{ Fatal(...any) }, events []trace.Stamped) *trace.Saved {
	var b bytes.Buffer
	if err := (&trace.Saved{Target: target, Events: events}).Write(&b); err != nil {
		t.Fatal(err)
	}
	saved, err := trace.ReadSaved(&b)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestCallMadeByHandIsReplayed(t *testing.T) {
	for _, c := range []struct {
		name   string
		script string
		barge  bool
		leaves time.Duration
		ends   string
	}{
		{"to the end of a document", "press 2#\nsay a message\npress *", false, 0, "(end)"},
		{"to a Hangup", "press 4#", false, 0, "(responder)"},
		{"to a forward", "press 3#", false, 0, "forwards to 2001"},
		{"to a failure", "press 5#", false, 0, "(engine)"},
		{"with silence, and then an answer", "wait 12\npress 4", false, 0, "(responder)"},
		{"with words", "press 1#\nsay it rains\nhangup", false, 0, "(caller)"},
		{"with keys that another finish key ends", "press 2#\nsay hello\nwait 5\npress *", false, 0, "(end)"},
		{"in which the caller interrupts", "press 7#\npress 12345", true, 22 * time.Second, "(caller)"},
		{"in which the caller interrupts a file", "expect choose\nexpect choices.wav\npress 4#", true, 0, "(responder)"},
		{"in which the caller interrupts the last prompt", "expect now\npress 4#", true, 0, "(responder)"},
		{"in which the time for keys runs out", "press 7#\npress 1\nwait 1\npress 2\nwait 1\npress 3\nwait 1\npress 4\nwait 1\npress 5\nwait 1\nhangup", false, 0, "(caller)"},
		{"with a hang-up in the first word", "", false, 300 * time.Millisecond, "(caller)"},
		{"with a hang-up in a Gather's prompt", "", false, 1 * time.Second, "(caller)"},
		{"with a hang-up in a Gather's file", "", false, 2 * time.Second, "(caller)"},
		{"with a hang-up in a Gather's silence", "", false, 5 * time.Second, "(caller)"},
		{"with a hang-up between two keys", "press 1", false, 4500 * time.Millisecond, "(caller)"},
		{"with a hang-up in an Echo", "press 1#", false, 7 * time.Second, "(caller)"},
		{"with a hang-up in an Echo without an end", "press 6#", false, 50 * time.Second, "(caller)"},
		{"with a hang-up in a recording", "press 2#", false, 6 * time.Second, "(caller)"},
		{"with a hang-up after a long message", "press 2#\nsay " + strings.Repeat("on and on ", 20), false, 20 * time.Second, "(caller)"},
		{"with a hang-up in the second question", "", false, 8 * time.Second, "(caller)"},
		{"with a hang-up after an interruption", "press 7#\nhangup", true, 0, "(caller)"},
		{"with a hang-up after the words", "press 7#\nsay hello\nhangup", false, 0, "(caller)"},
		{"with a hang-up in what was said", "press 7#\nsay hello\nexpect you said\nhangup", false, 0, "(caller)"},
		{"with a hang-up while speaking over a prompt", "press 7#\nsay " + strings.Repeat("on and on ", 9), true, 3 * time.Second, "(caller)"},
		{"with a hang-up while speaking", "press 1#\nsay " + strings.Repeat("on and on ", 9), false, 14 * time.Second, "(caller)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps := script(t, c.script)
			if steps == nil {
				steps = []simulator.Step{}
			}
			first := place(t, simulator.Options{Handler: switchboard, Script: steps, Barge: c.barge, HangupAfter: c.leaves})
			if story := told(first.Events); !strings.Contains(story[len(story)-1], c.ends) {
				t.Fatalf("the call ended otherwise: %s", strings.Join(story, "\n"))
			}
			again, diff, err := simulator.Replay(t.Context(), byHand(t, first.Events), simulator.Options{Handler: switchboard})
			if err != nil {
				t.Fatal(err)
			}
			if diff != "" {
				t.Errorf("replayed otherwise:\n%s\nwas\n%s\n\nis\n%s", diff, strings.Join(told(first.Events), "\n"), strings.Join(told(again.Events), "\n"))
			}
		})
	}
}

// TestAnyCallEndsAndIsReplayed makes calls that we did not think of: whatever
// a caller does, the call ends, and a replay of its events is the same call.
func TestAnyCallEndsAndIsReplayed(t *testing.T) {
	steps := rapid.Custom(func(t *rapid.T) simulator.Step {
		switch do := rapid.SampledFrom([]simulator.Action{simulator.Press, simulator.Press, simulator.Say, simulator.Wait, simulator.Expect, simulator.Hangup}).Draw(t, "do"); do {
		case simulator.Press:
			return simulator.Step{Do: do, Text: rapid.StringOfN(rapid.RuneFrom([]rune("1234567#*")), 1, 4, -1).Draw(t, "keys")}
		case simulator.Say:
			return simulator.Step{Do: do, Text: rapid.SampledFrom([]string{"yes", "a longer message that takes its time", "?"}).Draw(t, "words")}
		case simulator.Wait:
			return simulator.Step{Do: do, For: time.Duration(rapid.IntRange(0, 80).Draw(t, "wait")) * 100 * time.Millisecond}
		case simulator.Expect:
			return simulator.Step{Do: do, Text: rapid.SampledFrom([]string{"welcome", "choose", "now", "once more", "you said", "beep.wav"}).Draw(t, "expect")}
		}
		return simulator.Step{Do: simulator.Hangup}
	})
	rapid.Check(t, func(t *rapid.T) {
		o := simulator.Options{
			Target: target, Handler: switchboard, MaxDocuments: 12,
			Script: rapid.SliceOfN(steps, 0, 10).Draw(t, "script"),
			Barge:  rapid.Bool().Draw(t, "barge"), HangupAfter: time.Duration(rapid.IntRange(0, 60).Draw(t, "leaves")) * 700 * time.Millisecond,
		}
		first, err := simulator.Call(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		switch last := first.Events[len(first.Events)-1].Event.(type) {
		case trace.Hangup, trace.Forward:
		default:
			t.Fatalf("the call ended with %+v", last)
		}
		saved := byHand(t, first.Events)
		saved.Flags.MaxDocuments = o.MaxDocuments
		again, diff, err := simulator.Replay(ctx, saved, simulator.Options{Handler: switchboard})
		if err != nil {
			t.Fatal(err)
		}
		if diff != "" {
			t.Fatalf("replayed otherwise:\n%s\nwas\n%s\n\nis\n%s", diff, strings.Join(told(first.Events), "\n"), strings.Join(told(again.Events), "\n"))
		}
	})
}

func TestReplayHasTheSavedCallsFlags(t *testing.T) {
	var asked []string
	saved := &trace.Saved{Target: target + "menu?Digits=1", Flags: trace.Flags{
		From: "+19734321440", To: "1001", Method: "post", Answers: []string{"say:hello", "none"}, HangupAfter: 30, MaxDocuments: 9,
	}}
	result, diff, err := simulator.Replay(t.Context(), saved, simulator.Options{
		Target: "http://127.0.0.1:8080", Handler: recorded(&asked, switchboard), Secret: "s", Answers: answers(t, "9"), From: "nobody",
	})
	if err != nil || !strings.HasPrefix(asked[0], "POST /menu?Digits=1&NmsAni=%2B19734321440&NmsDnis=1001&") || !strings.HasSuffix(asked[0], " signed") {
		t.Errorf("%v, asked %q", err, asked)
	}
	if gathered := result.Events; !strings.Contains(strings.Join(told(gathered), "\n"), `"hello" speech`) || diff == "" {
		t.Errorf("the call %q, differences %q", told(gathered), diff)
	}
}

func TestReplayFollowsTheSavedScript(t *testing.T) {
	first := place(t, simulator.Options{Handler: switchboard, Script: script(t, "expect now\nwait 1\npress 4#")})
	saved := byHand(t, first.Events)
	saved.Flags.Script = []string{"expect now", "wait 1", "press 3#"}
	_, diff, err := simulator.Replay(t.Context(), saved, simulator.Options{Handler: switchboard})
	if err != nil || !strings.Contains(diff, "  + forwards to 2001\n") || !strings.Contains(diff, "  - hangs up (responder)\n") {
		t.Errorf("%v, differences:\n%s", err, diff)
	}
}

func TestReplayOfAChangedResponderDiffers(t *testing.T) {
	first := place(t, simulator.Options{Handler: twoQuestions, Answers: answers(t, "1234", "none")})
	changed := documents{"/": twoQuestions["/"], "/two": twoQuestions["/two"], "/end": `<Response><Say>See you.</Say><Forward>2001</Forward></Response>`}
	_, diff, err := simulator.Replay(t.Context(), byHand(t, first.Events), simulator.Options{Handler: changed})
	want := "    > presses 1234\n    \"Why do you call?\"\n    > enters nothing\n  - \"Bye.\"\n  - hangs up (end)\n  + \"See you.\"\n  + forwards to 2001\n"
	if err != nil || diff != want {
		t.Errorf("%v, differences:\n%s\nwant:\n%s", err, diff, want)
	}
}

func TestReplayMovesToAnotherOrigin(t *testing.T) {
	first := place(t, simulator.Options{Handler: switchboard, Script: script(t, "press 1#\nhangup")})
	server := httptest.NewServer(switchboard)
	defer server.Close()
	for _, origin := range []string{server.URL, server.URL + "/"} {
		_, diff, err := simulator.Replay(t.Context(), byHand(t, first.Events), simulator.Options{Target: origin})
		if err != nil || diff != "" {
			t.Errorf("%s: %v, differences:\n%s", origin, err, diff)
		}
	}
	for _, origin := range []string{"127.0.0.1:8080", "ftp://a.example", "http://a.example/path", "http://a.example/?x", "http://me@a.example", "http://a.example#x", "http://", "%"} {
		_, _, err := simulator.Replay(t.Context(), byHand(t, first.Events), simulator.Options{Target: origin})
		if known, ok := errors.AsType[*fault.Error](err); !ok || !strings.HasSuffix(known.Message, " is not an origin") {
			t.Errorf("%s: error %v", origin, err)
		}
	}
}

func TestSavedCallThatCannotBeReplayed(t *testing.T) {
	for _, c := range []struct {
		name  string
		saved trace.Saved
		want  string
	}{
		{"no target", trace.Saved{Target: "%"}, `the saved target "%" is not a URL`},
		{"a target that is no responder", trace.Saved{Target: "2001"}, `"2001" is not the URL of a responder`},
		{"an answer", trace.Saved{Target: target, Flags: trace.Flags{Answers: []string{"x"}}}, `the answer "x": "x" has something that is not a telephone key (0 to 9, *, #, A to D)`},
		{"a script", trace.Saved{Target: target, Flags: trace.Flags{Script: []string{"press 1", "sing"}}}, `line 2 of the script: there is no step "sing"`},
		{"a hang-up", trace.Saved{Target: target, Flags: trace.Flags{HangupAfter: -1}}, "the saved hangup-after -1 is not a number of seconds from 0 to 86400"},
		{"a method", trace.Saved{Target: target, Flags: trace.Flags{Method: "PUT"}}, `the saved method "PUT" is neither GET nor POST`},
		{"documents", trace.Saved{Target: target, Flags: trace.Flags{MaxDocuments: -1}}, "the saved max-documents -1 is not a number of documents"},
	} {
		_, _, err := simulator.Replay(t.Context(), &c.saved, simulator.Options{Handler: switchboard})
		if known, ok := errors.AsType[*fault.Error](err); !ok || known.Message != c.want {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
	if _, err := simulator.ReplayFile(t.Context(), []byte("nonsense"), simulator.Options{}); err == nil {
		t.Error("nonsense was replayed")
	}
}

func TestReplayWithoutAResponderSaysSo(t *testing.T) {
	first := place(t, simulator.Options{Handler: switchboard, Script: script(t, "press 4#")})
	server := httptest.NewServer(switchboard)
	server.Close()
	_, diff, err := simulator.Replay(t.Context(), byHand(t, first.Events), simulator.Options{Target: server.URL})
	if err != nil || !strings.HasPrefix(diff, "  the responder cannot be asked: 127.0.0.1:") || !strings.Contains(diff, "refused the connection") {
		t.Errorf("%v, differences:\n%s", err, diff)
	}
	// A call that never had an answer is replayed like any other.
	_, diff, err = simulator.Replay(t.Context(), &trace.Saved{Target: server.URL, Events: place(t, simulator.Options{Target: server.URL}).Events}, simulator.Options{})
	if err != nil || diff != "" {
		t.Errorf("%v, differences:\n%s", err, diff)
	}
}
