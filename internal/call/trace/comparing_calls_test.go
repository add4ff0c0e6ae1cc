package trace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/trace"
)

// call is a call of events, a second apart.
func call(events ...trace.Event) *trace.Saved {
	saved := &trace.Saved{Target: "http://a.example/ivr"}
	for i, e := range events {
		saved.Events = append(saved.Events, trace.Stamped{At: time.Duration(i) * time.Second, Event: e})
	}
	return saved
}

func TestCallsThatAreTheSame(t *testing.T) {
	hangup, left := trace.Hangup{By: trace.ByEnd, Reason: "the document ended"}, trace.Hangup{By: trace.ByCaller, Reason: "the caller hung up"}
	other := call(trace.Play{URL: "http://127.0.0.1:8080/a.wav", Seconds: 1}, trace.Forward{To: "http://127.0.0.1:8080/next"})
	other.Target = "http://127.0.0.1:8080/another/path"
	for _, c := range []struct {
		name    string
		was, is *trace.Saved
	}{
		{"nothing at all", call(), call()},
		{"times", call(trace.Say{Text: "Hello."}, hangup), &trace.Saved{Events: []trace.Stamped{{At: 9 * time.Second, Event: trace.Say{Text: "Hello."}}, {At: time.Hour, Event: hangup}}}},
		{"requests and warnings", call(trace.Answer{From: "1"}, trace.Request{URL: "x", Status: 200}, hangup),
			call(trace.Answer{From: "2"}, trace.Request{URL: "y", Error: "z"}, trace.Warning{Code: "SH308"}, trace.Request{}, hangup)},
		{"the origin", call(trace.Play{URL: "http://a.example/a.wav", Seconds: 1}, trace.Forward{To: "http://a.example/next"}), other},
		{"how a stream went", call(trace.Stream{Mode: "start"}, trace.Echo{Seconds: 3}, trace.Streamed{Mode: "start", Sent: 3, Ended: trace.StreamByCaller}, trace.Hangup{By: trace.ByCaller}),
			call(trace.Stream{Mode: "start"}, trace.Echo{Seconds: 4}, trace.Hangup{By: trace.ByCaller})},
		{"where recordings and streams are", call(trace.Record{URL: "http://a/1", Seconds: 1.5}, trace.Stream{Mode: "start", URL: "wss://a/1", Parameters: map[string]string{"id": "1"}}),
			call(trace.Record{URL: "http://b/2", Seconds: 3}, trace.Stream{Mode: "start", URL: "ws://b/2"})},
		{"why it ended", call(trace.Hangup{By: trace.ByEngine, Reason: "no answer in 15 s"}), call(trace.Hangup{By: trace.ByEngine, Reason: "it answered 500"})},
		{"when a file was cut short", call(trace.Play{URL: "a", Seconds: 1.5, Barged: true}, trace.Gather{Digits: "1"}, hangup),
			call(trace.Play{URL: "a", Seconds: 0.5, Barged: true}, trace.Gather{Digits: "1"}, hangup)},
		{"when the caller left", call(trace.Play{URL: "a", Seconds: 1.5}, trace.Gather{Ended: trace.EndedHangup}, left),
			call(trace.Play{URL: "a", Seconds: 0.5}, trace.Gather{Ended: trace.EndedHangup}, left)},
		{"how long an echo was borne", call(trace.Echo{Seconds: 5}, left), call(trace.Echo{Seconds: 50}, left)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := trace.Diff(c.was, c.is); diff != "" {
				t.Errorf("differences:\n%s", diff)
			}
		})
	}
}

func TestDifferencesCanBeRead(t *testing.T) {
	hangup := trace.Hangup{By: trace.ByEnd, Reason: "the document ended"}
	var long []trace.Event
	for word := range strings.FieldsSeq("one two three four five six seven eight nine ten eleven twelve") {
		long = append(long, trace.Say{Text: word})
	}
	changed := append([]trace.Event(nil), long...)
	changed[0], changed[11] = trace.Say{Text: "uno"}, trace.Say{Text: "doce"}
	for _, c := range []struct {
		name    string
		was, is *trace.Saved
		want    string
	}{
		{"a text", call(trace.Say{Text: "One."}, trace.Say{Text: "Two."}, hangup), call(trace.Say{Text: "One."}, trace.Say{Text: "Too."}, hangup), `
    "One."
  - "Two."
  + "Too."
    hangs up (end)
`},
		{"a voice", call(trace.Say{Text: "One.", Voice: "male"}), call(trace.Say{Text: "One.", Voice: "female", Language: "fr-CA"}), `
  - "One." (male)
  + "One." (female, fr-CA)
`},
		{"a file", call(trace.Play{URL: "http://a.example/a.wav", Seconds: 1}), call(trace.Play{URL: "http://b.example/a.wav", Seconds: 1}), `
  - plays /a.wav (1 s)
  + plays http://b.example/a.wav (1 s)
`},
		{"the length of a file that was heard to its end", call(trace.Play{URL: "a", Seconds: 1}, hangup), call(trace.Play{URL: "a", Seconds: 2}, hangup), `
  - plays a (1 s)
  + plays a (2 s)
    hangs up (end)
`},
		{"input", call(trace.Gather{Digits: "12", Ended: trace.EndedFinishOnKey}), call(trace.Gather{Digits: "12", Ended: trace.EndedDigitEndTimeout}), `
  - > presses 12, then the finish key
  + > presses 12, then no more
`},
		{"a destination", call(trace.Forward{To: "2001"}), call(trace.Forward{To: "2001", ByCaller: true}), `
  - forwards to 2001
  + forwards to 2001 by the caller's dial plan
`},
		{"the end", call(hangup), call(trace.Hangup{By: trace.ByEngine, Reason: "it answered 500"}), `
  - hangs up (end)
  + hangs up (engine)
`},
		{"nothing any more", call(trace.Say{Text: "One."}), call(), `
  - "One."
`},
		{"something at last", call(), call(trace.Say{Text: "--- a"}, trace.Say{Text: "@@ b"}), `
  + "--- a"
  + "@@ b"
`},
		{"two places", call(long...), call(changed...), `
  - "one"
  + "uno"
    "two"
    "three"
    "four"
    …
    "nine"
    "ten"
    "eleven"
  - "twelve"
  + "doce"
`},
		{"what a terminal would obey", call(trace.Say{Text: "One."}), call(trace.Say{Text: "\x1b[2J"}, trace.Play{URL: "\u009b2J"}, trace.Forward{To: "2001\nhangs up (end)"}), `
  - "One."
  + "\x1b[2J"
  + plays \u009b2J
  + forwards to 2001\nhangs up (end)
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), trace.Diff(c.was, c.is)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMaskedCallHoldsNoNumber(t *testing.T) {
	const number, masked = "+19734321440", "+1973•••1440"
	saved := &trace.Saved{
		Target: "http://a.example/?did=" + number, Flags: trace.Flags{From: number, To: number, Answers: []string{"12#"}},
		Events: []trace.Stamped{
			{Event: trace.Answer{From: number, To: number}},
			{Event: trace.Request{URL: "http://a.example/?n=" + number, Error: "of " + number, Exchange: &trace.Exchange{Sent: number}}},
			{Event: trace.Say{Text: "You call from " + number + "."}},
			{Event: trace.Play{URL: "/" + number + ".wav"}},
			{Event: trace.Gather{Digits: "123", Ended: trace.EndedNumDigits}},
			{Event: trace.Echo{Seconds: 1}},
			{Event: trace.Stream{URL: "wss://a.example/" + number, Parameters: map[string]string{"caller": number}}},
			{Event: trace.Record{URL: "http://a.example/" + number}},
			{Event: trace.Warning{Text: number}},
			{Event: trace.Forward{To: "sip:" + number + "@a.example"}},
			{Event: trace.Hangup{By: trace.ByEngine, Reason: "the call cannot be forwarded to " + number}},
		},
	}
	var text, before strings.Builder
	if err := saved.Write(&before); err != nil {
		t.Fatal(err)
	}
	hidden := saved.Masked()
	if err := hidden.Write(&text); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "73432") || strings.Count(text.String(), masked) != strings.Count(before.String(), number) {
		t.Errorf("masked:\n%s", text.String())
	}
	if hidden.Events[1].Event.(trace.Request).Exchange != nil {
		t.Error("what went over the wire is still there")
	}
	if hidden.Flags.Answers[0] != "12#" || hidden.Events[4].Event.(trace.Gather).Digits != "123" {
		t.Errorf("what the caller did is lost: %+v", hidden)
	}
	var after strings.Builder
	if err := saved.Write(&after); err != nil || after.String() != before.String() {
		t.Error("the call itself was changed")
	}
	if diff := trace.Diff(hidden, saved); diff != "" {
		t.Errorf("a masked call differs from itself:\n%s", diff)
	}
	changed := *saved
	changed.Events = append([]trace.Stamped{{Event: trace.Say{Text: "New."}}}, saved.Events...)
	if diff := trace.Diff(hidden, &changed); !strings.Contains(diff, `+ "New."`) || strings.Contains(diff, "73432") {
		t.Errorf("differences:\n%s", diff)
	}
}
