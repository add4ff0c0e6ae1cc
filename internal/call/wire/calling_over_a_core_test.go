package wire_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/fault"
)

// essence returns events without the real time that requests took.
func essence(t *testing.T, events []trace.Stamped) []string {
	t.Helper()
	lines := make([]string, len(events))
	for i, event := range events {
		if request, ok := event.Event.(trace.Request); ok {
			request.Ms = 0
			event.Event = request
		}
		line, err := event.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = string(line)
	}
	return lines
}

// TestACallOverACoreIsAsADirectOne compares what scripted callers get over a
// Core with what they get directly.
func TestACallOverACoreIsAsADirectOne(t *testing.T) {
	menu := documents{
		"/":     `<Gather numDigits="2" timeout="3" action="/next"><Say>Press two keys.</Say><Play>4s.wav</Play></Gather>`,
		"/next": `<Response><Say voice="female" language="en-GB">Thank you.</Say><Hangup/></Response>`,
	}
	spoken := documents{
		"/":     `<Gather input="dtmf speech" timeout="5" action="/next"><Say>What shall it be?</Say></Gather>`,
		"/next": `<Say>It shall.</Say>`,
	}
	for _, c := range []struct {
		name      string
		responder documents
		options   simulator.Options
	}{
		{"a prompt", documents{"/": `<Say>Good day.</Say>`}, simulator.Options{}},
		{"a file", documents{"/": `<Response><Play>2500ms.wav</Play><Play>/missing.wav</Play><Say>Bye.</Say></Response>`}, simulator.Options{}},
		{"keys after the prompt", menu, simulator.Options{Answers: answers(t, "12")}},
		{"keys during the prompt", menu, simulator.Options{Answers: answers(t, "12"), Barge: true}},
		{"no keys", menu, simulator.Options{Answers: answers(t, "none")}},
		{"one key too few", menu, simulator.Options{Answers: answers(t, "1")}},
		{"speech", spoken, simulator.Options{Answers: answers(t, "say:the usual")}},
		{"speech during the prompt", spoken, simulator.Options{Answers: answers(t, "say:the usual"), Barge: true}},
		{"a script", menu, simulator.Options{Script: script(t, "expect Press two\nwait 1\npress 12\nexpect Thank")}},
		{"two Gathers", documents{
			"/":       `<Gather numDigits="1" action="/second"><Say>First?</Say></Gather>`,
			"/second": `<Gather numDigits="1" action="/third"><Say>Second?</Say></Gather>`,
			"/third":  `<Say>Done.</Say>`,
		}, simulator.Options{Answers: answers(t, "1", "2"), Barge: true}},
		{"a forward", documents{"/": `<Forward>2125551212</Forward>`}, simulator.Options{}},
		{"an Echo", documents{"/": `<Response><Echo timeout="30"/><Say>That was you.</Say></Response>`}, simulator.Options{}},
		{"an Echo that the caller leaves", documents{"/": `<Echo/>`}, simulator.Options{HangupAfter: 90 * time.Second}},
		{"a caller who hangs up on a prompt", documents{"/": `<Play>60s.wav</Play>`}, simulator.Options{HangupAfter: 7 * time.Second}},
		{"a caller who hangs up on a Gather", menu, simulator.Options{HangupAfter: 7 * time.Second}},
		{"a responder that fails", documents{}, simulator.Options{}},
		{"a document that is none", documents{"/": `<html/>`}, simulator.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			core := start(t, c.responder)
			direct := c.options
			direct.Target = core.responder.String()
			want, err := simulator.Call(t.Context(), direct)
			if err != nil {
				t.Fatal(err)
			}
			over := c.options
			var routed, told []string
			dialer := core.dialer()
			dialer.Route = func(steps []string) { routed = steps }
			over.Place = dialer.Place
			over.Record = func(event trace.Stamped) { told = append(told, event.Event.Kind()) }
			got, err := simulator.Call(t.Context(), over)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(essence(t, want.Events), essence(t, got.Events)); diff != "" {
				t.Errorf("events (-direct +over the Core):\n%s", diff)
			}
			if diff := cmp.Diff(want.Outcome, got.Outcome); diff != "" {
				t.Errorf("outcome (-direct +over the Core):\n%s", diff)
			}
			if len(routed) != 1 || len(told) != len(got.Events) {
				t.Errorf("routed %q, told %q", routed, told)
			}
			if !slices.ContainsFunc(got.Events, func(e trace.Stamped) bool {
				request, ok := e.Event.(trace.Request)
				return ok && request.Exchange != nil
			}) {
				t.Error("no request tells what went over the wire")
			}
		})
	}
}

func TestWhoIsHeardAndCalledIsTold(t *testing.T) {
	core := start(t, documents{"/": `<Say>Good day.</Say>`})
	got, err := simulator.Call(t.Context(), simulator.Options{From: "+31201234567", To: "2125551212", Place: core.dialer().Place})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(trace.Event(trace.Answer{From: "+31201234567", To: "2125551212"}), got.Events[0].Event); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutTheTokenNothingIsPlaced(t *testing.T) {
	core := start(t, documents{"/": `<Say>Good day.</Say>`})
	for _, wrong := range []string{"", "nss_another", token + "x"} {
		_, err := simulator.Call(t.Context(), simulator.Options{Place: (&wire.Dialer{Core: core.url, Token: wrong}).Place})
		if fault.CodeOf(err) != fault.Refused || fault.HintOf(err) == "" {
			t.Errorf("with the token %q: %v", wrong, err)
		}
	}
	core.door.Token = ""
	if _, err := simulator.Call(t.Context(), simulator.Options{Place: (&wire.Dialer{Core: core.url}).Place}); fault.CodeOf(err) != fault.Refused {
		t.Errorf("a Core without a token: %v", err)
	}
	select {
	case outcome := <-core.outcomes:
		t.Errorf("a call was placed: %+v", outcome)
	default:
	}
}

// TestALiveClockGoesOnWhileAResponderIsAsked has a terminal on real time: after
// a slow answer the Core's events are later by that much.
func TestALiveClockGoesOnWhileAResponderIsAsked(t *testing.T) {
	const slow = 300 * time.Millisecond
	core := start(t, later(slow, documents{"/": `<Response><Echo timeout="1"/></Response>`}))
	got, err := simulator.Live(t.Context(), simulator.Options{Place: core.dialer().Place}, &simulator.Handset{})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range got.Events {
		if echo, ok := event.Event.(trace.Echo); ok {
			if event.At < slow || echo.Seconds < 0.9 {
				t.Errorf("the Echo began at %v and took %v s", event.At, echo.Seconds)
			}
			return
		}
	}
	t.Errorf("no Echo: %q", essence(t, got.Events))
}
