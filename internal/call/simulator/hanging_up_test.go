package simulator_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/simulator"
)

func TestCallerHangsUpWhateverGoesOn(t *testing.T) {
	const left = "hangs up: the caller hung up (caller)"
	listens := documents{"/": `<Gather input="dtmf speech" numDigits="5" timeout="4" action="end"><Say>Say it.</Say></Gather>`, "/end": `<Say>So be it.</Say>`} // 0.71 s
	for _, c := range []struct {
		name    string
		handler documents
		answer  string
		after   time.Duration
		want    []string
	}{
		{"in a prompt", listens, "none", 500 * time.Millisecond, []string{`0.00 "Say it."`, `0.50 gather "" "" hangup`, "0.50 " + left}},
		{"when a prompt ends", listens, "none", 710 * time.Millisecond, []string{`0.00 "Say it."`, `0.71 gather "" "" hangup`, "0.71 " + left}},
		{"in a Gather", listens, "none", 2 * time.Second, []string{`0.00 "Say it."`, `2.00 gather "" "" hangup`, "2.00 " + left}},
		{"between two keys", listens, "12345", 1200 * time.Millisecond, []string{`0.00 "Say it."`, `1.20 gather "123" "" hangup`, "1.20 " + left}},
		{"while speaking", listens, "say:this is what I have to say", 2 * time.Second, []string{`0.00 "Say it."`, `2.00 gather "" "" hangup`, "2.00 " + left}},
		{"when the words were understood", listens, "say:yes", 2120 * time.Millisecond, []string{
			`0.00 "Say it."`, `2.11 gather "" "yes" speech`, `2.11 "So be it."`, "2.12 " + left,
		}},
		{"at once", listens, "none", time.Nanosecond, []string{`0.00 "Say it."`, `0.00 gather "" "" hangup`, "0.00 " + left}},
		{"in an Echo", documents{"/": `<Echo timeout="10"/>`}, "none", 3 * time.Second, []string{"0.00 echoes for 3 s", "3.00 " + left}},
		{"in an Echo without an end", documents{"/": `<Echo/>`}, "none", 3 * time.Second, []string{"0.00 echoes for 3 s", "3.00 " + left}},
		{"after an hour", documents{"/": `<Echo/>`}, "none", 0, []string{"0.00 echoes for 3600 s", "3600.00 " + left}},
		{"after the call has ended", documents{"/": `<Say>Bye.</Say>`}, "none", time.Minute, []string{`0.00 "Bye."`, "0.40 hangs up: the document ended (end)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, c.want, place(t, simulator.Options{Handler: c.handler, Answers: answers(t, c.answer), HangupAfter: c.after}))
		})
	}
}
