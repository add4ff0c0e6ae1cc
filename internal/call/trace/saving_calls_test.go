package trace_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
)

// every is one event of each kind, with every field set, and the line of JSON
// that it is.
var every = []struct {
	event trace.Stamped
	line  string
}{
	{trace.Stamped{At: 0, Event: trace.Answer{From: "+19734321440", To: "2125551212"}},
		`{"at":0,"event":"answer","from":"+19734321440","to":"2125551212"}`},
	{trace.Stamped{At: 0, Event: trace.Request{Method: "GET", URL: "http://a.example/?a=1&b=<2>", Status: 200, Ms: 12}},
		`{"at":0,"event":"request","method":"GET","url":"http://a.example/?a=1&b=<2>","status":200,"ms":12}`},
	{trace.Stamped{At: 1500 * time.Millisecond, Event: trace.Request{Method: "POST", URL: "http://a.example/", Ms: 3000, Error: "no answer", Code: "SH302"}},
		`{"at":1.5,"event":"request","method":"POST","url":"http://a.example/","status":0,"ms":3000,"error":"no answer","code":"SH302"}`},
	{trace.Stamped{At: 4 * time.Second, Event: trace.Say{Text: "Hello.", Voice: "female", Language: "en-US"}},
		`{"at":4,"event":"say","text":"Hello.","voice":"female","language":"en-US","barged":false}`},
	{trace.Stamped{At: 5250 * time.Millisecond, Event: trace.Play{URL: "http://a.example/a.wav", Seconds: 1.2, Barged: true}},
		`{"at":5.25,"event":"play","url":"http://a.example/a.wav","seconds":1.2,"barged":true}`},
	{trace.Stamped{At: 6001 * time.Millisecond, Event: trace.Gather{Input: "dtmf", Digits: "123", Ended: trace.EndedNumDigits}},
		`{"at":6.001,"event":"gather","input":"dtmf","digits":"123","speech":"","ended":"numDigits"}`},
	{trace.Stamped{At: 7 * time.Second, Event: trace.Gather{Input: "dtmf speech", Speech: "two", Ended: trace.EndedFinishOnKey, FinishKey: "*"}},
		`{"at":7,"event":"gather","input":"dtmf speech","digits":"","speech":"two","ended":"finishOnKey","finishKey":"*"}`},
	{trace.Stamped{At: 8 * time.Second, Event: trace.Forward{To: "2001", ByCaller: false}},
		`{"at":8,"event":"forward","to":"2001","byCaller":false}`},
	{trace.Stamped{At: 9 * time.Second, Event: trace.Echo{Seconds: 5}}, `{"at":9,"event":"echo","seconds":5}`},
	{trace.Stamped{At: 10 * time.Second, Event: trace.Stream{Mode: "connect", URL: "wss://a.example/", Parameters: map[string]string{"b": "2", "a": "1"}}},
		`{"at":10,"event":"stream","mode":"connect","url":"wss://a.example/","parameters":{"a":"1","b":"2"}}`},
	{trace.Stamped{At: 10500 * time.Millisecond, Event: trace.Streamed{Mode: "connect", Sent: 1.7, Heard: 0.5, Words: "two", Keys: "12", Clears: 1, Marks: []string{"a"}, Ended: trace.StreamByProgram}},
		`{"at":10.5,"event":"streamed","mode":"connect","sent":1.7,"heard":0.5,"words":"two","keys":"12","clears":1,"marks":["a"],"ended":"program"}`},
	{trace.Stamped{At: 11 * time.Second, Event: trace.Record{URL: "http://a.example/1.wav", Seconds: 4.1}},
		`{"at":11,"event":"record","url":"http://a.example/1.wav","seconds":4.1}`},
	{trace.Stamped{At: 12 * time.Second, Event: trace.Warning{Code: "SH108", Line: 3, Text: "an &"}},
		`{"at":12,"event":"warning","code":"SH108","line":3,"text":"an &"}`},
	{trace.Stamped{Event: trace.Dial{From: "sip:100@a.example", To: "sip:200@b.example"}},
		`{"at":0,"event":"dial","from":"sip:100@a.example","to":"sip:200@b.example"}`},
	{trace.Stamped{At: time.Second, Event: trace.Ringing{}}, `{"at":1,"event":"ringing"}`},
	{trace.Stamped{At: time.Second, Event: trace.Press{Keys: "12#", By: "info"}}, `{"at":1,"event":"press","keys":"12#","by":"info"}`},
	{trace.Stamped{At: time.Second, Event: trace.Key{Key: "5", By: "rtp"}}, `{"at":1,"event":"key","key":"5","by":"rtp"}`},
	{trace.Stamped{At: time.Second, Event: trace.Hold{On: true, By: trace.ByCaller}}, `{"at":1,"event":"hold","on":true,"by":"caller"}`},
	{trace.Stamped{At: time.Second, Event: trace.Figures{Codec: "G722", Sent: 50, Received: 45, Lost: 5, JitterMs: 1.2, MOS: 3.6, Local: "192.0.2.1:4000", Remote: "192.0.2.2:5000"}},
		`{"at":1,"event":"figures","codec":"G722","sent":50,"received":45,"lost":5,"jitterMs":1.2,"mos":3.6,"local":"192.0.2.1:4000","remote":"192.0.2.2:5000"}`},
	{trace.Stamped{At: 600 * time.Second, Event: trace.Hangup{By: trace.ByResponder, Reason: "the responder hung up"}},
		`{"at":600,"event":"hangup","by":"responder","reason":"the responder hung up"}`},
}

// everyEvent are the events of every alone.
func everyEvent() []trace.Stamped {
	events := make([]trace.Stamped, len(every))
	for i := range every {
		events[i] = every[i].event
	}
	return events
}

func TestEventsAreTheLinesOfTheContract(t *testing.T) {
	kinds := map[string]bool{}
	for _, e := range every {
		kinds[e.event.Event.Kind()] = true
		line, err := e.event.AppendJSON([]byte("before "))
		if err != nil || string(line) != "before "+e.line {
			t.Errorf("%v\n%s\n%s", err, line, "before "+e.line)
		}
		back, err := trace.ParseEvent([]byte(e.line))
		if err != nil {
			t.Errorf("%s: %v", e.line, err)
		}
		if diff := cmp.Diff(e.event, back); diff != "" {
			t.Errorf("read again (-want +got):\n%s", diff)
		}
	}
	if len(kinds) != 18 {
		t.Errorf("%d kinds of events are tested", len(kinds))
	}
}

func TestEventsHoldNothingOfTheWire(t *testing.T) {
	line, err := trace.Stamped{Event: trace.Request{Exchange: &trace.Exchange{Sent: "NmsAni=+1973", Body: []byte("<Say>")}}}.AppendJSON(nil)
	if err != nil || strings.Contains(string(line), "1973") || strings.Contains(string(line), "Say") {
		t.Errorf("%s, %v", line, err)
	}
}

func TestStreamWithoutParametersHasAnEmptyObject(t *testing.T) {
	line, err := trace.Stamped{Event: trace.Stream{Mode: "start", URL: "wss://a.example/"}}.AppendJSON(nil)
	if want := `{"at":0,"event":"stream","mode":"start","url":"wss://a.example/","parameters":{}}`; err != nil || string(line) != want {
		t.Errorf("%s, %v", line, err)
	}
}

// TestEventsChangeNoTerminal prints what a hostile responder said, and reads it
// again.
func TestEventsChangeNoTerminal(t *testing.T) {
	const hostile = "a\x1b[31mb\u009bc\x7fd\u0085e\x00\r\n\u2028"
	for _, text := range []string{hostile, strings.Repeat("\u009b", 300_000)} {
		line, err := trace.Stamped{Event: trace.Say{Text: text}}.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(string(line), func(r rune) bool { return r < ' ' || 0x7F <= r && r <= 0x9F || r == '\u2028' }); i >= 0 {
			t.Errorf("the line holds %q", line[i:i+4])
		}
		back, err := trace.ParseEvent(line)
		if diff := cmp.Diff(trace.Event(trace.Say{Text: text}), back.Event); diff != "" || err != nil {
			t.Errorf("%v, read again (-want +got):\n%s", err, diff)
		}
	}
}

func TestEventThatIsNoJSONIsAnError(t *testing.T) {
	if _, err := (trace.Stamped{Event: trace.Echo{Seconds: math.NaN()}}).AppendJSON(nil); err == nil || !strings.Contains(err.Error(), "write event echo") {
		t.Errorf("error %v", err)
	}
	saved := &trace.Saved{Target: "http://a.example/", Events: []trace.Stamped{{Event: trace.Echo{Seconds: math.Inf(1)}}}}
	if err := saved.Write(&bytes.Buffer{}); err == nil {
		t.Error("it was written")
	}
}

// savedCall is a call with every event and every flag.
func savedCall() *trace.Saved {
	return &trace.Saved{
		Target: "http://a.example/ivr?x=1",
		Flags: trace.Flags{
			From: "+19734321440", To: "2125551212", Method: "POST", Answers: []string{"12#", "say:yes & no", "none"},
			Script: []string{"press 1"}, Barge: true, HangupAfter: 2.5, MaxDocuments: 7,
		},
		Events: everyEvent(),
	}
}

func TestSavedCallIsReadAsItWasWritten(t *testing.T) {
	for _, c := range []struct {
		name  string
		saved *trace.Saved
		first string
	}{
		{"everything", savedCall(), `{"event":"call","target":"http://a.example/ivr?x=1","flags":{"from":"+19734321440","to":"2125551212","method":"POST",` +
			`"answer":["12#","say:yes & no","none"],"script":["press 1"],"barge":true,"hangup-after":2.5,"max-documents":7}}`},
		{"nothing", &trace.Saved{Target: "http://a.example/"}, `{"event":"call","target":"http://a.example/","flags":{}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := c.saved.Write(&b); err != nil {
				t.Fatal(err)
			}
			if first, _, _ := strings.Cut(b.String(), "\n"); first != c.first {
				t.Errorf("begins with\n%s\nwant\n%s", first, c.first)
			}
			back, err := trace.ReadSaved(&b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.saved, back, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
		})
	}
}

const header = `{"event":"call","target":"http://a.example/","flags":{}}` + "\n"

func TestReadersIgnoreWhatTheyDoNotKnow(t *testing.T) {
	saved, err := trace.ReadSaved(strings.NewReader("\n \n" +
		`{"event":"call","target":"http://a.example/","flags":{"from":"1001","colour":"red"},"version":3}` + "\r\n" +
		`{"at":0,"event":"dance","partner":{"name":"x"}}` + "\n\n" +
		`{"event":"say","text":"Hello.","at":1,"pitch":0.5}` + "\n" +
		`{"event":"say"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &trace.Saved{Target: "http://a.example/", Flags: trace.Flags{From: "1001"}, Events: []trace.Stamped{
		{At: time.Second, Event: trace.Say{Text: "Hello."}}, {Event: trace.Say{}},
	}}
	if diff := cmp.Diff(want, saved); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoSavedCallIsNamed(t *testing.T) {
	const notBegun = " is not the beginning of a saved call"
	for _, c := range []struct{ name, text, want, hint string }{
		{"nothing", "", "the file is empty", "--save"},
		{"white space", " \n\n", "the file is empty", "--save"},
		{"text", "hello", "line 1" + notBegun, `begins with {"event":"call"`},
		{"after empty lines", "\n\n[]", "line 3" + notBegun, `begins with {"event":"call"`},
		{"an event first", `{"at":0,"event":"answer"}`, "line 1" + notBegun, `begins with {"event":"call"`},
		{"no target", `{"event":"call","flags":{}}`, "line 1" + notBegun, `begins with {"event":"call"`},
		{"flags of another kind", `{"event":"call","target":"x","flags":{"answer":"12"}}`, "line 1" + notBegun, `begins with {"event":"call"`},
		{"an event that is no JSON", header + "{", "line 2 is not an event", ""},
		{"an event that is no object", header + "7", "line 2 is not an event", ""},
		{"an event without a name", header + `{"at":0}`, "line 2 is not an event", ""},
		{"a field of another kind", header + `{"at":0,"event":"say","text":7}`, "line 2 is not an event", ""},
		{"before the answer", header + `{"at":-1,"event":"say"}`, "line 2 is not an event", ""},
		{"after a week", header + `{"at":604801,"event":"say"}`, "line 2 is not an event", ""},
		{"a long line", header + `{"event":"say","text":"` + strings.Repeat("a", 5<<20) + `"}`, "line 2 has more than 4194304 bytes", ""},
		{"a long call", header + strings.Repeat("{\"event\":\"say\"}\n", 100_001), "line 100002: the call has more than 100000 events", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			saved, err := trace.ReadSaved(strings.NewReader(c.text))
			known, ok := errors.AsType[*fault.Error](err)
			if !ok || saved != nil {
				t.Fatalf("read %v, %v", saved, err)
			}
			if known.Message != c.want || known.Code != fault.Invalid || !strings.Contains(known.Hint, c.hint) || (c.hint == "") != (known.Hint == "") {
				t.Errorf("error %+v", known)
			}
		})
	}
}

func TestFileThatCannotBeReadIsNoFaultOfTheFile(t *testing.T) {
	_, err := trace.ReadSaved(&brokenReader{})
	if _, ok := errors.AsType[*fault.Error](err); ok || !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
}

type brokenReader struct{}

var errBroken = errors.New("the disk is gone")

func (*brokenReader) Read([]byte) (int, error) { return 0, errBroken }

// FuzzReadSaved checks that what is read can be written and read again, and is
// the same then, and that neither a diff nor a transcript of it panics.
func FuzzReadSaved(f *testing.F) {
	var b bytes.Buffer
	if err := savedCall().Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(header))
	for _, e := range every {
		f.Add([]byte(header + e.line))
	}
	f.Add([]byte(header + `{"at":1e-7,"event":"say","text":"\ud800"}` + "\n" + `{"at":604800,"event":"play","seconds":-0}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		saved, err := trace.ReadSaved(bytes.NewReader(text))
		if err != nil {
			if _, ok := errors.AsType[*fault.Error](err); !ok {
				t.Fatalf("no error for people: %v", err)
			}
			return
		}
		var b bytes.Buffer
		if err := saved.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := trace.ReadSaved(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		// An object of parameters is written where there was none, and what was
		// not UTF-8 was replaced as it was read.
		if diff := cmp.Diff(saved, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("read again (-first +second):\n%s", diff)
		}
		if diff := trace.Diff(saved, again); diff != "" {
			t.Fatalf("differs from itself:\n%s", diff)
		}
		masked := saved.Masked()
		if diff := trace.Diff(masked, masked.Masked()); diff != "" {
			t.Fatalf("masked twice differs:\n%s", diff)
		}
		for _, e := range saved.Events {
			if line := trace.Transcript(e.Event); strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || 0x7F <= r && r <= 0x9F }) {
				t.Fatalf("the transcript holds a control character: %q", line)
			}
		}
	})
}
