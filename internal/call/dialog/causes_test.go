package dialog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
)

func TestCausesAreWrittenAsPhoneSystemsReadThem(t *testing.T) {
	for _, c := range []struct {
		cause      engine.Cause
		status     int
		retryAfter time.Duration
		reason     string
	}{
		{engine.Normal, 480, 0, `Q.850;cause=16;text="normal call clearing"`},
		{engine.Rejected, 603, 0, `Q.850;cause=21;text="call rejected"`},
		{engine.Busy, 486, 0, `Q.850;cause=17;text="user busy"`},
		{engine.Nowhere, 404, 0, `Q.850;cause=1;text="unallocated number"`},
		{engine.Unavailable, 480, 0, `Q.850;cause=20;text="subscriber absent"`},
		{engine.Failed, 500, 0, `Q.850;cause=41;text="temporary failure"`},
		{engine.Overloaded, 503, 5 * sec, `Q.850;cause=42;text="switching equipment congestion"`},
		{engine.Elsewhere, 480, 0, `SIP;cause=200;text="Call completed elsewhere"`},
		{"unheard of", 500, 0, `Q.850;cause=41;text="temporary failure"`},
	} {
		t.Run(string(c.cause), func(t *testing.T) {
			e := endingOf(c.cause)
			if e.status != c.status || e.retryAfter != c.retryAfter {
				t.Errorf("status %d, Retry-After %v, want %d, %v", e.status, e.retryAfter, c.status, c.retryAfter)
			}
			if got := e.reason.String(); got != c.reason {
				t.Errorf("Reason: %s, want %s", got, c.reason)
			}
		})
	}
}

// TestCausesComeBack: what we write is read as the same cause, which two of us
// need who call each other.
func TestCausesComeBack(t *testing.T) {
	for _, m := range meanings {
		e := endingOf(m.cause)
		reasons := parseReasons(e.reason.String())
		if got := causeOfFinal(e.status, reasons); got != m.cause {
			t.Errorf("%s comes back from a call that was turned down as %s", m.cause, got)
		}
		if got := causeOfEnd(reasons); got != m.cause {
			t.Errorf("%s comes back from a BYE as %s", m.cause, got)
		}
	}
}

func TestStatusesAndReasonsOfOthersHaveACause(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		reason string
		want   engine.Cause
	}{
		{"busy", 486, "", engine.Busy},
		{"busy everywhere", 600, "", engine.Busy},
		{"declined", 603, "", engine.Rejected},
		{"forbidden", 403, "", engine.Rejected},
		{"our credentials are refused", 407, "", engine.Rejected},
		{"unwanted", 607, "", engine.Rejected},
		{"no such number", 404, "", engine.Nowhere},
		{"gone", 410, "", engine.Nowhere},
		{"a number too short", 484, "", engine.Nowhere},
		{"not registered", 480, "", engine.Unavailable},
		{"no answer in time", 408, "", engine.Unavailable},
		{"moved, which we do not follow", 302, "", engine.Unavailable},
		{"full", 503, "", engine.Overloaded},
		{"no codec in common", 488, "", engine.Failed},
		{"an internal error", 500, "", engine.Failed},
		{"a status nobody knows", 499, "", engine.Failed},

		{"a gateway that says little, and the network's busy", 480, "Q.850;cause=17", engine.Busy},
		{"a gateway's 503, and a number that is unallocated", 503, "Q.850;cause=1", engine.Nowhere},
		{"a gateway's 500, and an incomplete number", 500, "Q.850;cause=28", engine.Nowhere},
		{"a gateway's 500, and no channel free", 500, "Q.850;cause=34", engine.Overloaded},
		{"a clear status stays, whatever the network says", 486, "Q.850;cause=16", engine.Busy},
		{"the network before SIP", 480, "SIP;cause=503, Q.850;cause=17", engine.Busy},
		{"SIP, where the network does not specify", 500, "Q.850;cause=31, SIP;cause=486", engine.Busy},
		{"a cause of the network nobody knows", 480, "Q.850;cause=99", engine.Failed},
		{"a protocol nobody knows", 480, "X.25;cause=17", engine.Unavailable},
		{"no cause, but a text", 480, `Q.850;text="busy"`, engine.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := causeOfFinal(c.status, parseReasons(c.reason)); got != c.want {
				t.Errorf("%d with Reason %q is %s, want %s", c.status, c.reason, got, c.want)
			}
		})
	}
}

func TestEndsOfOthersHaveACause(t *testing.T) {
	for header, want := range map[string]engine.Cause{
		"":                        engine.Normal,
		"Q.850;cause=16":          engine.Normal,
		"Q.850;cause=31":          engine.Normal,
		"Q.850;cause=102":         engine.Unavailable,
		"SIP;cause=488":           engine.Failed,
		"SIP;cause=487":           engine.Normal,
		"Q.850;cause=26":          engine.Elsewhere,
		"SIP;cause=600":           engine.Busy,
		"SIP;text=\"Terminated\"": engine.Normal,
		`SIP ;cause=200 ;text="Call completed elsewhere"`: engine.Elsewhere,
	} {
		if got := causeOfEnd(parseReasons(header)); got != want {
			t.Errorf("Reason %q is %s, want %s", header, got, want)
		}
	}
}

func TestReasonsAreReadAsTheyAreWritten(t *testing.T) {
	q850 := reason{protocolQ850, 16, "Terminated"}
	for _, c := range []struct {
		name    string
		headers []string
		want    []reason
	}{
		{"none", nil, nil},
		{"empty", []string{""}, nil},
		{"as the RFC writes it", []string{`Q.850 ;cause=16 ;text="Terminated"`}, []reason{q850}},
		{"small letters, and no quotation marks", []string{`q.850;CAUSE=16;Text=Terminated`}, []reason{q850}},
		{"spaces everywhere", []string{`  Q.850 ; cause = 16 ; text = "Terminated" `}, []reason{q850}},
		{"the text first, and a parameter nobody knows", []string{`Q.850;text="Terminated";location=LN;cause=16`}, []reason{q850}},
		{"a quoted cause", []string{`Q.850;cause="16";text="Terminated"`}, []reason{q850}},
		{"two values", []string{`SIP;cause=200;text="Call completed elsewhere", Q.850;cause=16;text="Terminated"`},
			[]reason{{protocolSIP, 200, "Call completed elsewhere"}, q850}},
		{"two headers", []string{`SIP;cause=600`, `Q.850;cause=16;text="Terminated"`}, []reason{{protocolSIP, 600, ""}, q850}},
		{"the first of a protocol", []string{`SIP;cause=600, SIP;cause=200`}, []reason{{protocolSIP, 600, ""}}},
		{"the first of a protocol that can be read", []string{`SIP;cause=x, SIP;cause=200`}, []reason{{protocolSIP, 200, ""}}},
		{"separators in the text", []string{`SIP;text="one; two, three";cause=600`}, []reason{{protocolSIP, 600, "one; two, three"}}},
		{"quotation marks in the text", []string{`SIP;cause=600;text="\"so\" \\ they say"`}, []reason{{protocolSIP, 600, `"so" \ they say`}}},
		{"a quotation mark too few", []string{`SIP;cause=600;text="so, they say;`}, []reason{{protocolSIP, 600, `"so, they say;`}}},
		{"no cause", []string{`SIP;text="so"`}, []reason{{protocolSIP, 0, "so"}}},
		{"causes out of range", []string{`Q.850;cause=128;text="a"`, `SIP;cause=99999999999999999999;text="b"`}, []reason{{protocolQ850, 0, "a"}, {protocolSIP, 0, "b"}}},
		{"a negative cause", []string{`SIP;cause=-200`}, nil},
		{"a protocol nobody knows", []string{`preemption;cause=1;text="UA Preemption"`}, nil},
		{"only separators", []string{`;;,,;="`}, nil},
		{"a text with what cannot be shown", []string{"SIP;cause=600;text=\"a\x00\x1b[31mb\xff\u202ec\""}, []reason{{protocolSIP, 600, "a[31mbc"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, parseReasons(c.headers...), cmp.AllowUnexported(reason{})); diff != "" {
				t.Errorf("%q (-want +got):\n%s", c.headers, diff)
			}
		})
	}
}

// FuzzReasons reads anything, keeps little of it, and reads again what it writes
// of it.
func FuzzReasons(f *testing.F) {
	f.Add(`Q.850 ;cause=16 ;text="Terminated"`)
	f.Add(`SIP;cause=200;text="Call completed elsewhere", Q.850;cause=26`)
	f.Add(`SIP;text="\"a\\";cause="600"`)
	f.Fuzz(func(t *testing.T, header string) {
		reasons := parseReasons(header)
		if len(reasons) > 2 {
			t.Fatalf("%d reasons of two protocols", len(reasons))
		}
		for _, r := range reasons {
			if len(r.text) > maxReasonText+len("…") {
				t.Fatalf("a text of %d bytes", len(r.text))
			}
			if len(r.text) > maxReasonText {
				continue // clipped again, it ends with two ellipses
			}
			if again := parseReasons(r.String()); len(again) != 1 || again[0] != r {
				t.Fatalf("%+v is written %s, and read %+v", r, r, again)
			}
		}
		causeOfEnd(reasons)
		causeOfFinal(480, reasons)
	})
}
