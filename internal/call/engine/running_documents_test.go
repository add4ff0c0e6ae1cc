package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/responder"
)

// sound is a WAV file of a second: 8 kHz, one channel, µ-law.
var sound = func() string {
	header := "RIFF\x46\x1f\x00\x00WAVEfmt \x12\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00\x00\x00data\x40\x1f\x00\x00"
	samples := make([]byte, 8000)
	for i := range samples {
		samples[i] = 0xFF
	}
	return header + string(samples)
}()

func TestDocumentsRun(t *testing.T) {
	const end = "hangs up: the document ended (end)"
	for _, c := range []struct {
		name      string
		responder responds
		line      *deskPhone
		want      []string
	}{
		{"verbs in order to the end", responds{
			"/start": `<Response><Say voice="female" language="en-US">One.</Say><Play>two.wav</Play><Say>Three.</Say></Response>`, "/two.wav": sound,
		}, nil, []string{`"One." (female, en-US)`, "plays http://responder.example/two.wav (1 s)", `"Three."`, end}},
		{"an action ends the document", responds{
			"/start": `<Response><Say>One.</Say><Say action="next">Two.</Say><Say>Never.</Say></Response>`,
			"/next":  `<Response><Say>Three.</Say></Response>`,
		}, nil, []string{
			`warning SH209: line 1: nothing after this Say with an action is ever run (it is never run)`, `"One."`, `"Two."`, `"Three."`, end,
		}},
		{"a Play's action too", responds{
			"/start": `<Play action="next">two.wav</Play>`, "/two.wav": sound, "/next": `<Say>Three.</Say>`,
		}, nil, []string{"plays http://responder.example/two.wav (1 s)", `"Three."`, end}},
		{"a bare verb ends the application", responds{"/start": `<Say>One.</Say>`}, nil, []string{`"One."`, end}},
		{"a bare Gather without action ends it", responds{"/start": `<Gather timeout="1"><Say>One.</Say></Gather>`}, nil, []string{
			"warning SH210: line 1: this Gather has no action, so what the caller enters goes nowhere (the next verb runs and the input is lost)",
			`"One."`, `gather "" "" timeout`, end,
		}},
		{"a Gather without action runs the next verb", responds{
			"/start": `<Response><Gather numDigits="1"><Say>One.</Say></Gather><Say>Two.</Say></Response>`,
		}, newDeskPhone(keys("5", time.Second, 0)...), []string{
			"warning SH210: line 1: this Gather has no action, so what the caller enters goes nowhere (the next verb runs and the input is lost)",
			`"One.", cut short by the caller`, `gather "5" "" numDigits`, `"Two."`, end,
		}},
		{"a nested action never fires", responds{
			"/start": `<Gather timeout="1" action="next"><Say action="never">One.</Say><Play action="never">two.wav</Play></Gather>`,
			"/next":  `<Say>Three.</Say>`, "/never": `<Say>Never.</Say>`, "/two.wav": sound,
		}, nil, []string{
			"warning SH208: line 1: the action of a Say inside a Gather never gets control (it is ignored; the Gather's own action gets control)",
			"warning SH208: line 1: the action of a Play inside a Gather never gets control (it is ignored; the Gather's own action gets control)",
			`"One."`, "plays http://responder.example/two.wav (1 s)", `gather "" "" timeout`, `"Three."`, end,
		}},
		{"a Response's action instead of the end", responds{
			"/start": `<Response action="next"><Say>One.</Say></Response>`, "/next": `<Say>Two.</Say>`,
		}, nil, []string{`"One."`, `"Two."`, end}},
		{"a Response's action alone", responds{
			"/start": `<Response action="next"/>`, "/next": `<Say>Two.</Say>`,
		}, nil, []string{`"Two."`, end}},
		{"a Response's action not after Hangup", responds{
			"/start": `<Response action="next"><Hangup/></Response>`, "/next": `<Say>Never.</Say>`,
		}, nil, []string{"hangs up: the responder hung up (responder)"}},
		{"an empty document hangs up", responds{"/start": `<Response></Response>`}, nil, []string{
			"warning SH212: line 1: the document has no verbs (the call is hung up)", "hangs up: the document is empty (end)",
		}},
		{"Hangup", responds{"/start": `<Response><Say>Bye.</Say><Hangup/><Say>Never.</Say></Response>`}, nil, []string{
			"warning SH209: line 1: nothing after this Hangup is ever run (it is never run)",
			`"Bye."`, "hangs up: the responder hung up (responder)",
		}},
		{"an unknown verb is skipped", responds{"/start": "<Response>\n<Dance>now</Dance>\n<Say>Two.</Say></Response>"}, nil, []string{
			"warning SH201: line 2: there is no verb <Dance> (it is skipped with all that is in it)", `"Two."`, end,
		}},
		{"names in any case", responds{"/start": `<RESPONSE><say ACTION="next">One.</say></RESPONSE>`, "/next": `<hangup/>`}, nil, []string{
			"warning SH203: line 1: <RESPONSE> is spelled <Response> (it is read all the same; other phone systems may skip it)",
			"warning SH203: line 1: <say> is spelled <Say> (it is read all the same; other phone systems may skip it)",
			"warning SH203: line 1: the attribute ACTION is spelled action (it is read all the same; other phone systems may skip it)",
			`"One."`,
			"warning SH203: line 1: <hangup> is spelled <Hangup> (it is read all the same; other phone systems may skip it)",
			"hangs up: the responder hung up (responder)",
		}},
		{"Forward", responds{"/start": `<Response><Say>One moment.</Say><Forward>2125551212</Forward></Response>`}, nil,
			[]string{`"One moment."`, "forwards to 2125551212"}},
		{"Forward by the caller's dial plan", responds{"/start": `<Forward ByCaller="no"> sip:19728240064@* </Forward>`}, nil,
			[]string{"forwards to sip:19728240064@* by the caller's dial plan"}},
		{"Echo", responds{"/start": `<Response><Echo timeout="2.5"/><Say>That was you.</Say></Response>`}, nil,
			[]string{"echoes for 2.5 s", `"That was you."`, end}},
		{"Echo until hang-up", responds{"/start": `<Response><Echo/><Say>Never.</Say></Response>`},
			&deskPhone{handset: &handset{leaves: 90 * time.Second}},
			[]string{"echoes for 90 s", "hangs up: the caller hung up (caller)"}},
		{"nothing after the caller hangs up", responds{"/start": `<Response><Say>One.</Say><Say>Two.</Say><Say>Three.</Say></Response>`},
			&deskPhone{handset: &handset{leaves: 3 * time.Second}},
			[]string{`"One."`, `"Two."`, "hangs up: the caller hung up (caller)"}},
		{"nothing of what begins when the caller has gone", responds{"/start": `<Response><Say>One.</Say><Say>Two.</Say></Response>`},
			&deskPhone{handset: &handset{leaves: 2 * time.Second}},
			[]string{`"One."`, "hangs up: the caller hung up (caller)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.line == nil {
				c.line = newDeskPhone()
			}
			outcome, events := against(t, c.responder).place(c.line)
			if diff := cmp.Diff(c.want, story(events)); diff != "" {
				t.Errorf("the call (-want +got):\n%s", diff)
			}
			if outcome.Failed {
				t.Errorf("outcome %+v", outcome)
			}
			hungUp, byCaller := of[trace.Hangup](events), outcome.By == trace.ByCaller
			if wants := len(hungUp) == 1 && !byCaller; wants != (c.line.hungUp == 1) {
				t.Errorf("the line was hung up %d times, events %+v", c.line.hungUp, hungUp)
			}
		})
	}
}

func TestEventsBeginWhenThingsBegin(t *testing.T) {
	line := newDeskPhone(keys("12", 6*time.Second, 1500*time.Millisecond)...)
	_, events := against(t, responds{
		"/start": `<Response><Say>One.</Say><Gather numDigits="2" action="next"><Say>Two.</Say></Gather></Response>`,
		"/next":  `<Response><Echo timeout="3"/><Play>two.wav</Play></Response>`, "/two.wav": sound,
	}).place(line)
	type moment struct {
		At   time.Duration
		Kind string
	}
	var got []moment
	for _, e := range events {
		got = append(got, moment{e.At, e.Event.Kind()})
	}
	const s = time.Second
	want := []moment{
		{0, "answer"}, {0, "request"},
		{0, "say"}, {2 * s, "say"}, {7500 * time.Millisecond, "gather"}, // its prompt ended at 4 s
		{7500 * time.Millisecond, "request"}, {7500 * time.Millisecond, "echo"}, {10500 * time.Millisecond, "play"},
		{11500 * time.Millisecond, "hangup"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestLineSaysThatItCannot(t *testing.T) {
	const sorry = `"` + apology + `"`
	broken := &deskPhone{handset: newHandset(), refuses: errors.New("the wire is cut")}
	for _, c := range []struct {
		name, document string
		line           engine.Line
		want           []string
	}{
		{"Echo", "<Response>\n<Echo timeout='1'/><Say>Two.</Say></Response>", newHandset(), []string{
			"warning SH322: line 2: this line cannot play the caller's sound back", `"Two."`, "hangs up: the document ended (end)",
		}},
		{"Echo after all", `<Response><Echo timeout='1'/><Say>Two.</Say></Response>`, broken, []string{
			"warning SH322: line 1: the caller's sound cannot be played back: the wire is cut", `"Two."`, "hangs up: the document ended (end)",
		}},
		{"Record", `<Record action="next"/>`, newHandset(), []string{
			"warning SH322: line 1: this line cannot record", `"Next."`, "hangs up: the document ended (end)",
		}},
		{"Record after all", `<Record action="next"/>`, broken, []string{
			"warning SH322: line 1: the caller cannot be recorded: the wire is cut", `"Next."`, "hangs up: the document ended (end)",
		}},
		{"Start", `<Response><Start><Stream url="wss://a.example/"/></Start><Say>Two.</Say></Response>`, newHandset(), []string{
			"warning SH322: line 1: this line cannot carry media streams", `"Two."`, "hangs up: the document ended (end)",
		}},
		{"Connect", `<Connect action="next"><Stream url="wss://a.example/"/></Connect>`, newHandset(), []string{
			"warning SH322: line 1: this line cannot carry media streams", `"Next."`, "hangs up: the document ended (end)",
		}},
		{"Forward", `<Forward>2001</Forward>`, newHandset(), []string{
			"warning SH322: line 1: this line cannot forward calls", sorry, "hangs up: this line cannot forward calls (engine)",
		}},
		{"Forward after all", `<Forward>2001</Forward>`, broken, []string{
			"warning SH322: line 1: the call cannot be forwarded to 2001: the wire is cut", sorry,
			"hangs up: the call cannot be forwarded to 2001: the wire is cut (engine)",
		}},
		{"a call that would be silent", `<Echo timeout="1"/>`, newHandset(), []string{
			"warning SH322: line 1: this line cannot play the caller's sound back", sorry,
			"hangs up: this line cannot play the caller's sound back (engine)",
		}},
		{"speech", `<Response><Say>One.</Say><Play>two.wav</Play></Response>`, &handset{leaves: never, mute: errors.New("no voice")}, []string{
			"warning SH321: line 1: the text cannot be spoken: no voice", `"One."`, "plays http://responder.example/two.wav (1 s)",
			"hangs up: the document ended (end)",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, events := against(t, responds{"/start": c.document, "/next": `<Say>Next.</Say>`, "/two.wav": sound}).place(c.line)
			if diff := cmp.Diff(c.want, story(events)); diff != "" {
				t.Errorf("the call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	closing := errors.New("the switchboard closes")
	for _, c := range []struct {
		name  string
		cause error
		want  engine.Outcome
		hangs int
	}{
		{"the caller hung up", engine.ErrHungUp, engine.Outcome{By: trace.ByCaller, Reason: "the caller hung up"}, 0},
		{"whoever runs the line ends it", closing, engine.Outcome{By: trace.ByEngine, Reason: "the call was ended: the switchboard closes"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			responds := responds{"/start": `<Response action="next"><Say>One.</Say></Response>`, "/next": `<Say>Never.</Say>`}
			line := newHandset()
			var events []trace.Stamped
			got := against(t, responds).engine.Run(ctx, line, engine.Call{URL: at(start), Facts: facts}, func(e trace.Stamped) {
				if events = append(events, e); e.Event.Kind() == "say" {
					cancel(c.cause)
				}
			})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			want := []string{`"One."`, "hangs up: " + c.want.Reason + " (" + string(c.want.By) + ")"}
			if diff := cmp.Diff(want, story(events)); diff != "" {
				t.Errorf("the call (-want +got):\n%s", diff)
			}
			if line.hungUp != c.hangs {
				t.Errorf("the line was hung up %d times, want %d", line.hungUp, c.hangs)
			}
		})
	}
}

func TestApologyIsTheOperatorsOwn(t *testing.T) {
	own := engine.Config{Apology: responder.Say{Text: "Désolé.", Voice: "female", Language: "fr-CA"}}
	_, events := over(t, &network{handler: responds{}}, own).place(newHandset())
	if diff := cmp.Diff([]trace.Say{{Text: "Désolé.", Voice: "female", Language: "fr-CA"}}, of[trace.Say](events)); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}
