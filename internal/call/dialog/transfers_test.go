package dialog

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// referred returns what steps do, one word or two each.
func referred(steps []referStep) string {
	var all []string
	for _, s := range steps {
		text := [...]string{"answer", "NOTIFY", "progress", "done", "refused", "BYE"}[s.do]
		if s.status != 0 {
			text += fmt.Sprintf(" %d", s.status)
		}
		if s.do == referNotify {
			text += " " + s.reason + " " + s.state.String()
		}
		if s.silent {
			text += " Refer-Sub false"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func expectReferred(t testing.TB, what string, steps []referStep, want string) {
	t.Helper()
	if got := referred(steps); got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// told is a NOTIFY about our REFER with CSeq 7.
func told(status int, state string) notify {
	return notify{event: "refer;id=7", state: parseSubscription(state), status: status}
}

// askedToTransfer returns the machine of a REFER that was sent at 1 s.
func askedToTransfer() *transferor {
	r := newTransferor(rfcTiming(), 7, sec)
	return &r
}

func TestTransferIsReported(t *testing.T) {
	r := askedToTransfer()
	expectReferred(t, "202", r.response(202, false, 2*sec), "")
	expectReferred(t, "trying", r.notify(told(100, "active;expires=60"), 3*sec), "answer 200, progress 100")
	expectReferred(t, "ringing", r.notify(told(180, "active;expires=60"), 4*sec), "answer 200, progress 180")
	expectReferred(t, "answered", r.notify(told(200, "terminated;reason=noresource"), 5*sec), "answer 200, done 200")
	expectReferred(t, "one more", r.notify(told(200, "terminated;reason=noresource"), 6*sec), "answer 481")
	expectReferred(t, "BYE", r.ended(), "")
	if _, ok := r.due(); ok {
		t.Error("it waits for more")
	}
}

func TestNotifyBeforeTheResponse(t *testing.T) {
	r := askedToTransfer()
	expectReferred(t, "trying", r.notify(told(100, "active;expires=60"), 2*sec), "answer 200, progress 100")
	expectReferred(t, "the response is lost", r.response(408, false, 3*sec), "")
	expectReferred(t, "failed", r.notify(told(486, "terminated;reason=noresource"), 4*sec), "answer 200, done 486")

	r = askedToTransfer()
	expectReferred(t, "all of it", r.notify(told(200, "terminated;reason=noresource"), 2*sec), "answer 200, done 200")
	expectReferred(t, "202", r.response(202, false, 3*sec), "")
}

func TestReferIsRefused(t *testing.T) {
	for _, status := range []int{403, 405, 420, 486, 501} {
		r := askedToTransfer()
		expectReferred(t, "refused", r.response(status, false, 2*sec), fmt.Sprintf("refused %d", status))
		expectReferred(t, "NOTIFY all the same", r.notify(told(100, "active"), 3*sec), "answer 481")
		expectReferred(t, "BYE", r.ended(), "")
	}
	for _, silent := range []bool{false, true} {
		expectReferred(t, "declined", askedToTransfer().response(603, silent, 2*sec), "refused 603")
	}
	for _, status := range []int{408, 481} {
		r := askedToTransfer()
		expectReferred(t, "nobody there", r.response(status, false, 2*sec), "BYE")
	}
}

func TestTransferWithoutReports(t *testing.T) {
	r := askedToTransfer()
	expectReferred(t, "202 with Refer-Sub: false", r.response(202, true, 2*sec), "done")
	expectReferred(t, "NOTIFY all the same", r.notify(told(200, "terminated"), 3*sec), "answer 481")

	r = askedToTransfer()
	r.response(202, false, 2*sec)
	expectReferred(t, "reports end without a final one", r.notify(told(180, "terminated;reason=timeout"), 3*sec), "answer 200, progress 180, done")

	r = askedToTransfer()
	r.response(202, false, 2*sec)
	expectReferred(t, "a body that says nothing", r.notify(told(0, "active;expires=60"), 3*sec), "answer 200")
	expectReferred(t, "BYE before the final report", r.ended(), "done")
	expectReferred(t, "ringing after it", r.notify(told(180, "active;expires=60"), 4*sec), "answer 200")
	expectReferred(t, "the report after it", r.notify(told(200, "terminated;reason=noresource"), 4*sec), "answer 200")
}

func TestReportsAfterTheEndOfTheCallAreAwaited(t *testing.T) {
	r := askedToTransfer()
	r.response(202, false, 2*sec)
	expectReferred(t, "BYE before any report", r.ended(), "done")
	if at, ok := r.due(); at != 34*sec || !ok {
		t.Errorf("due at %v, %t", at, ok)
	}
	expectReferred(t, "a report", r.notify(told(100, "active;expires=60"), 3*sec), "answer 200")
	expectReferred(t, "no other in time", r.tick(63*sec), "")
	if _, ok := r.due(); ok {
		t.Error("it waits for more")
	}

	r = askedToTransfer()
	r.response(202, false, 2*sec)
	r.ended()
	expectReferred(t, "the last report", r.notify(told(200, "terminated;reason=noresource"), 3*sec), "answer 200")
	if _, ok := r.due(); ok {
		t.Error("it waits after the last report")
	}
}

func TestReportsThatDoNotComeAreNotWaitedFor(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(*transferor)
		want time.Duration
	}{
		{"no response", func(*transferor) {}, 65 * sec},
		{"no report", func(r *transferor) { r.response(202, false, 2*sec) }, 34 * sec},
		{"one with an expiry", func(r *transferor) { r.notify(told(100, "active;expires=60"), 3*sec) }, 63 * sec},
		{"one that expires at once", func(r *transferor) { r.notify(told(100, "active;expires=1"), 3*sec) }, 35 * sec},
		{"one that expires in a year", func(r *transferor) { r.notify(told(100, "active;expires=31536000"), 3*sec) }, 183 * sec},
		{"one without", func(r *transferor) { r.notify(told(100, "active"), 3*sec) }, 183 * sec},
	} {
		r := askedToTransfer()
		c.take(r)
		if at, ok := r.due(); at != c.want || !ok {
			t.Errorf("%s: due at %v, %t, want %v", c.name, at, ok, c.want)
		}
		expectReferred(t, c.name+", too early", r.tick(c.want-1), "")
		expectReferred(t, c.name, r.tick(c.want), "done")
		expectReferred(t, c.name+", late", r.notify(told(200, "terminated"), c.want+sec), "answer 200")
	}
}

func TestNotifyOfSomethingElse(t *testing.T) {
	r := askedToTransfer()
	expectReferred(t, "another event", r.notify(notify{event: "presence", status: 200}, sec), "answer 489")
	expectReferred(t, "another REFER", r.notify(notify{event: "refer;id=8", status: 200}, sec), "answer 481")
	expectReferred(t, "without an id", r.notify(notify{event: "refer", status: 200}, sec), "answer 200, done 200")
}

// takenTransfer returns the machine of a REFER of theirs that came at time 0, and whose
// first NOTIFY is answered.
func takenTransfer(t testing.TB) *transferee {
	t.Helper()
	r, steps := newTransferee(rfcTiming(), false, 0)
	expectReferred(t, "REFER", steps, "answer 202, NOTIFY 100 Trying active;expires=180")
	expectReferred(t, "response to NOTIFY", r.notified(200, 0), "")
	return &r
}

func TestWeReportOurTransfer(t *testing.T) {
	r := takenTransfer(t)
	expectReferred(t, "100", r.progress(100, "Giving a try", sec), "")
	expectReferred(t, "180", r.progress(180, "Ringing", sec), "NOTIFY 180 Ringing active;expires=179")
	if _, ok := r.due(); ok {
		t.Error("it is due before the response")
	}
	expectReferred(t, "183 before the response", r.progress(183, "Session Progress", sec), "")
	expectReferred(t, "another 180 before it", r.progress(180, "Ringing", sec), "")
	expectReferred(t, "response", r.notified(200, 2*sec), "NOTIFY 180 Ringing active;expires=178")
	expectReferred(t, "answered before the response", r.progress(200, "OK", 3*sec), "")
	expectReferred(t, "response", r.notified(200, 4*sec), "NOTIFY 200 OK terminated;reason=noresource")
	expectReferred(t, "another final", r.progress(486, "Busy Here", 4*sec), "")
	if _, ok := r.due(); ok || r.over() {
		t.Error("it does not wait for the response to its last NOTIFY")
	}
	expectReferred(t, "the last response", r.notified(200, 5*sec), "")
	if at, ok := r.due(); at != 9*sec || !ok {
		t.Errorf("due at %v, %t", at, ok)
	}
	expectReferred(t, "a tick too early", r.tick(9*sec-1), "")
	expectReferred(t, "they do not hang up", r.tick(9*sec), "BYE")
	if !r.over() {
		t.Error("it is not over")
	}
}

func TestTransferThatFailedKeepsTheCall(t *testing.T) {
	r := takenTransfer(t)
	expectReferred(t, "busy", r.progress(486, "Busy Here", sec), "NOTIFY 486 Busy Here terminated;reason=noresource")
	expectReferred(t, "response", r.notified(200, sec), "")
	if _, ok := r.due(); ok || !r.over() {
		t.Error("it is not over")
	}
}

// The transferor that hangs up 280 ms after our 202 does not end the transfer, and
// neither do its 481s to our NOTIFYs.
func TestTransferGoesOnWithoutTheTransferor(t *testing.T) {
	r, _ := newTransferee(rfcTiming(), false, 0)
	r.ended()
	expectReferred(t, "481", r.notified(481, 300*ms), "")
	expectReferred(t, "ringing", r.progress(180, "Ringing", sec), "")
	if r.over() {
		t.Error("it is over while the target rings")
	}
	expectReferred(t, "answered", r.progress(200, "OK", 2*sec), "")
	if _, ok := r.due(); ok || !r.over() {
		t.Error("it is not over")
	}

	listens := takenTransfer(t)
	listens.ended()
	expectReferred(t, "answered, to one that listens", listens.progress(200, "OK", sec), "NOTIFY 200 OK terminated;reason=noresource")
	expectReferred(t, "response", listens.notified(200, sec), "")
	if !listens.over() {
		t.Error("it is not over")
	}
}

func TestTransferThatNobodyWantsReported(t *testing.T) {
	r, steps := newTransferee(rfcTiming(), true, 0)
	expectReferred(t, "REFER with Refer-Sub: false", steps, "answer 202 Refer-Sub false")
	expectReferred(t, "ringing", r.progress(180, "Ringing", sec), "")
	expectReferred(t, "answered", r.progress(200, "OK", 2*sec), "")
	expectReferred(t, "they do not hang up", r.tick(6*sec), "BYE")
}

func TestReportsEndWhileTheTargetRings(t *testing.T) {
	r := takenTransfer(t)
	r.progress(180, "Ringing", sec)
	r.notified(200, sec)
	expectReferred(t, "100 after 180", r.progress(100, "Trying", sec), "")
	if at, ok := r.due(); at != referLife || !ok {
		t.Errorf("due at %v, %t", at, ok)
	}
	expectReferred(t, "too early", r.tick(referLife-1), "")
	expectReferred(t, "at the end", r.tick(referLife), "NOTIFY 180 Ringing terminated;reason=timeout")
	expectReferred(t, "response", r.notified(200, referLife), "")
	expectReferred(t, "answered", r.progress(200, "OK", referLife+sec), "")
	expectReferred(t, "they do not hang up", r.tick(referLife+5*sec), "BYE")
}
