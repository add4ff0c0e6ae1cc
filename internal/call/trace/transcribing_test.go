package trace_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/trace"
)

func TestTranscript(t *testing.T) {
	for _, c := range []struct {
		event trace.Event
		want  string
	}{
		{trace.Answer{From: "+12125550123", To: "2125550100"}, "answered, from +12125550123 to 2125550100"},
		{trace.Answer{}, "answered, from – to –"},
		{trace.Request{Method: "GET", URL: "http://a.example/", Status: 200, Ms: 12}, "GET http://a.example/  200  12 ms"},
		{trace.Request{Method: "POST", URL: "http://a.example/", Status: 500, Ms: 3, Error: "it answered 500 Internal Server Error"}, "POST http://a.example/  500  3 ms  failed: it answered 500 Internal Server Error"},
		{trace.Request{Method: "GET", URL: "http://a.example/", Ms: 3000, Error: "no answer"}, "GET http://a.example/  failed: no answer"},
		{trace.Say{Text: "Hello."}, `"Hello."`},
		{trace.Say{Text: `Say "yes", c:\`, Voice: "male"}, `"Say \"yes\", c:\\" (male)`},
		{trace.Say{Text: "Grüße, 你好 – «oui »", Language: "de-DE", Barged: true}, "\"Grüße, 你好 – «oui »\" (de-DE), cut short by the caller"},
		{trace.Play{URL: "http://a.example/a.wav", Seconds: 1.2}, "plays http://a.example/a.wav (1.2 s)"},
		{trace.Play{URL: "http://a.example/a.wav", Seconds: 1, Barged: true}, "plays http://a.example/a.wav (1 s), cut short by the caller"},
		{trace.Gather{Digits: "123", Ended: trace.EndedNumDigits}, "> presses 123"},
		{trace.Gather{Digits: "12", Ended: trace.EndedFinishOnKey}, "> presses 12, then the finish key"},
		{trace.Gather{Ended: trace.EndedFinishOnKey}, "> presses the finish key"},
		{trace.Gather{Ended: trace.EndedTimeout}, "> enters nothing"},
		{trace.Gather{Ended: trace.EndedExecutionTimeout}, "> enters nothing"},
		{trace.Gather{Digits: "12", Ended: trace.EndedDigitEndTimeout}, "> presses 12, then no more"},
		{trace.Gather{Digits: "12", Ended: trace.EndedExecutionTimeout}, "> presses 12, until the time was up"},
		{trace.Gather{Speech: "a table", Ended: trace.EndedSpeech}, `> says "a table"`},
		{trace.Gather{Ended: trace.EndedHangup}, "> enters nothing and hangs up"},
		{trace.Gather{Digits: "1", Ended: trace.EndedHangup}, "> presses 1, then hangs up"},
		{trace.Gather{Digits: "1", Ended: "a later version's"}, "> presses 1"},
		{trace.Forward{To: "2001"}, "forwards to 2001"},
		{trace.Forward{To: "+14165550100", ByCaller: true}, "forwards to +14165550100 by the caller's dial plan"},
		{trace.Echo{Seconds: 5}, "echoes for 5 s"},
		{trace.Stream{Mode: "connect", URL: "wss://a.example/"}, "media stream (connect) wss://a.example/"},
		{trace.Streamed{Mode: "start", Sent: 9, Ended: trace.StreamByCall}, "media stream (start) ended by the call: 9 s sent"},
		{trace.Streamed{Mode: "connect", Sent: 1.7, Heard: 0.5, Keys: "12", Words: "a table", Ended: trace.StreamByProgram}, `media stream (connect) ended by the program: 1.7 s sent, 0.5 s heard, presses 12, says "a table"`},
		{trace.Streamed{Mode: "connect", Sent: 1.7, Ended: trace.StreamByError}, "media stream (connect) broke: 1.7 s sent"},
		{trace.Record{URL: "http://a.example/1.wav", Seconds: 4.1}, "> records 4.1 s, http://a.example/1.wav"},
		{trace.Warning{Code: "SH108", Line: 3, Text: "an &"}, "warning SH108: line 3: an &"},
		{trace.Warning{Code: "SH308", Text: "asked again"}, "warning SH308: asked again"},
		{trace.Hangup{By: trace.ByEnd, Reason: "the document ended"}, "hangs up: the document ended (end)"},
		{trace.Hangup{By: trace.ByCaller}, "hangs up (caller)"},
		{trace.Dial{From: "sip:100@a.example", To: "sip:200@b.example"}, "calls sip:200@b.example as sip:100@a.example"},
		{trace.Ringing{}, "rings"},
		{trace.Press{Keys: "12#", By: "info"}, "> presses 12# (info)"},
		{trace.Key{Key: "5", By: "rtp"}, "presses 5 (rtp)"},
		{trace.Hold{On: true, By: trace.ByResponder}, "puts the caller on hold"},
		{trace.Hold{By: trace.ByCaller}, "> takes them off hold"},
		{trace.Figures{}, "no sound was agreed on"},
		{trace.Figures{Codec: "G722", Sent: 50, Received: 45, Lost: 5, JitterMs: 1.25, MOS: 3.61, Local: "192.0.2.1:4000", Remote: "192.0.2.2:5000"},
			"G722, 50 packets sent, 45 received, 5 lost, jitter 1.2 ms, MOS 3.6, 192.0.2.1:4000 to 192.0.2.2:5000"},
	} {
		if got := trace.Transcript(c.event); got != c.want {
			t.Errorf("%+v\n%s\nwant\n%s", c.event, got, c.want)
		}
	}
}

// TestTranscriptChangesNoTerminal puts terminal controls into every text that
// comes from outside.
func TestTranscriptChangesNoTerminal(t *testing.T) {
	const hostile, shown = "\x1b]0;x\a\u009b2J\r\n\u202eé\xff\x00", `\x1b]0;x\a\u009b2J\r\n\u202eé\xff\x00`
	for _, c := range []struct {
		event trace.Event
		want  string
	}{
		{trace.Answer{From: hostile, To: hostile}, "answered, from " + shown + " to " + shown},
		{trace.Request{Method: hostile, URL: hostile, Error: hostile}, shown + " " + shown + "  failed: " + shown},
		{trace.Say{Text: hostile, Voice: hostile, Language: hostile}, `"` + shown + `" (` + shown + `, ` + shown + `)`},
		{trace.Play{URL: hostile}, "plays " + shown + " (0 s)"},
		{trace.Gather{Digits: hostile}, "> presses " + shown},
		{trace.Gather{Speech: hostile}, `> says "` + shown + `"`},
		{trace.Forward{To: hostile}, "forwards to " + shown},
		{trace.Stream{Mode: hostile, URL: hostile}, "media stream (" + shown + ") " + shown},
		{trace.Streamed{Mode: hostile, Keys: hostile, Words: hostile, Ended: hostile}, "media stream (" + shown + ") ended by the " + shown + `: 0 s sent, presses ` + shown + `, says "` + shown + `"`},
		{trace.Record{URL: hostile}, "> records 0 s, " + shown},
		{trace.Warning{Code: hostile, Text: hostile}, "warning " + shown + ": " + shown},
		{trace.Hangup{By: hostile, Reason: hostile}, "hangs up: " + shown + " (" + shown + ")"},
	} {
		if got := trace.Transcript(c.event); got != c.want {
			t.Errorf("%T\n%q\nwant\n%q", c.event, got, c.want)
		}
	}
}

func TestClock(t *testing.T) {
	for at, want := range map[time.Duration]string{
		0: "0:00.0", 49 * time.Millisecond: "0:00.0", 50 * time.Millisecond: "0:00.1", 59950 * time.Millisecond: "1:00.0",
		62500 * time.Millisecond: "1:02.5", 10 * time.Minute: "10:00.0", 2 * time.Hour: "120:00.0",
	} {
		if got := trace.Clock(at); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
}

func TestSecondsAreMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]float64{
		0: 0, time.Second: 1, 1499 * time.Microsecond: 0.001, 1500 * time.Microsecond: 0.002, 90*time.Second + 7*time.Millisecond: 90.007,
	} {
		if got := trace.Seconds(d); got != want {
			t.Errorf("%v: %v, want %v", d, got, want)
		}
	}
}
