package dialog

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// callToUs runs a uas and writes down what is sent.
type callToUs struct {
	t    *testing.T
	uas  uas
	now  time.Duration
	wire []string
}

// invite begins a call with an INVITE that has the CSeq 7.
func invite(t *testing.T, i invited) *callToUs {
	i.cseq = 7
	u, do := newUAS(i, theFirst-1, 0, rfcTiming())
	c := &callToUs{t: t, uas: u}
	c.did("", do)
	return c
}

// did writes down what was to be done after an event.
func (c *callToUs) did(event string, do []uasAction) {
	for _, a := range do {
		line := event
		switch a.kind {
		case uasRespond:
			line += fmt.Sprint(a.status)
			if a.sdp {
				line += " sdp"
			}
			if a.rseq != 0 {
				line += fmt.Sprint(" rseq ", a.rseq)
			}
			if a.ending.reason != (reason{}) {
				line += " (" + a.ending.reason.String() + ")"
			}
		case uasRespondAgain:
			line += fmt.Sprint("again ", a.status)
		case uasBye:
			line += "BYE (" + a.ending.reason.String() + ")"
		case uasOver:
			line += "over, " + string(a.ending.cause)
		}
		c.wire = append(c.wire, line)
	}
}

func (c *callToUs) ring(status int, sdp bool) { c.did("", c.uas.ring(c.now, provisional{status, sdp})) }
func (c *callToUs) answer()                   { c.did("", c.uas.answer(c.now)) }
func (c *callToUs) hangup(cause engine.Cause) { c.did("", c.uas.hangup(endingOf(cause))) }

// ack and prack are requests of the caller; what their description means is
// written down.
func (c *callToUs) ack(sdp bool) {
	means, do := c.uas.ack(7, sdp)
	c.means(means)
	c.did("", do)
}

func (c *callToUs) prack(rseq uint32, sdp bool) {
	status, means, do := c.uas.prack(c.now, confirming(rseq), sdp)
	c.wire = append(c.wire, fmt.Sprint("PRACK ", status))
	c.means(means)
	c.did("", do)
}

func (c *callToUs) means(means sdpRole) {
	switch means {
	case isAnswer:
		c.wire = append(c.wire, "their answer")
	case isOffer:
		c.wire = append(c.wire, "their offer")
	}
}

// cancel is a CANCEL whose 200, and whose 487 if there is one, sipgo sends.
func (c *callToUs) cancel(reasons ...string) { c.did("", c.uas.cancel(parseReasons(reasons...))) }

func (c *callToUs) bye(reasons ...string) {
	status, do := c.uas.byeCame(parseReasons(reasons...))
	c.wire = append(c.wire, fmt.Sprint("BYE ", status))
	c.did("", do)
}

// wait lets the time pass, with ticks when they are due.
func (c *callToUs) wait(until time.Duration) {
	for {
		at, ok := c.uas.due()
		if !ok || at > until {
			break
		}
		c.now = max(c.now, at)
		do := c.uas.tick(c.now)
		if next, ok := c.uas.due(); ok && next <= c.now && len(do) == 0 {
			c.t.Fatalf("at %v nothing is done, and it is due again", c.now)
		}
		c.did(c.now.String()+": ", do)
	}
	c.now = until
}

// expect compares what was sent since the last time with what is wanted.
func (c *callToUs) expect(want ...string) {
	c.t.Helper()
	if diff := cmp.Diff(want, c.wire); diff != "" {
		c.t.Errorf("sent (-want +got):\n%s", diff)
	}
	c.wire = nil
}

func TestCallIsAnswered(t *testing.T) {
	c := invite(t, invited{})
	c.ring(180, false)
	c.ring(183, true)
	c.ring(180, false)
	c.answer()
	c.answer()
	c.ring(180, false)
	c.expect("100", "180", "183 sdp", "180", "200 sdp")
	c.ack(false)
	c.ack(false)
	c.wait(time.Hour)
	c.expect()
	c.hangup(engine.Normal)
	c.hangup(engine.Normal)
	c.expect(`BYE (Q.850;cause=16;text="normal call clearing")`, "over, normal")
}

func TestCallIsTurnedDown(t *testing.T) {
	for _, ring := range []bool{false, true} {
		c := invite(t, invited{})
		if ring {
			c.ring(180, false)
		}
		c.wire = nil
		c.hangup(engine.Busy)
		c.answer()
		c.ring(180, false)
		c.wait(time.Hour)
		c.expect(`486 (Q.850;cause=17;text="user busy")`, "over, busy")
	}
}

func TestRingingIsRepeatedEveryMinute(t *testing.T) {
	c := invite(t, invited{})
	c.wait(65 * sec)
	c.ring(180, false)
	c.wait(190 * sec)
	c.expect("100", "1m0s: 183", "180", "2m5s: 180", "3m5s: 180")

	c = invite(t, invited{requires: true})
	c.ring(183, true)
	c.prack(theFirst, false)
	c.wait(70 * sec)
	c.expect("100", "183 sdp rseq 1000", "PRACK 200", "1m0s: 183 rseq 1001", "1m0.5s: again 183", "1m1.5s: again 183", "1m3.5s: again 183", "1m7.5s: again 183")
}

func TestINVITEExpires(t *testing.T) {
	c := invite(t, invited{expires: 30 * sec})
	c.wait(time.Hour)
	c.expect("100", `30s: 487 (Q.850;cause=19;text="no answer from the user")`, "30s: over, unavailable")

	c = invite(t, invited{expires: 30 * sec})
	c.answer()
	c.ack(false)
	c.wait(time.Hour)
	c.expect("100", "200 sdp")
}

func Test2xxWithoutACKEndsInBYE(t *testing.T) {
	c := invite(t, invited{})
	c.answer()
	c.wait(time.Hour)
	c.expect("100", "200 sdp", "500ms: again 200", "1.5s: again 200", "3.5s: again 200", "7.5s: again 200", "11.5s: again 200", "15.5s: again 200",
		"19.5s: again 200", "23.5s: again 200", "27.5s: again 200", "31.5s: again 200", `32s: BYE (SIP;cause=408;text="no ACK")`, "32s: over, failed")
}

func TestACKAtTheSameMomentAsThe2xxCounts(t *testing.T) {
	c := invite(t, invited{})
	c.wait(sec)
	c.answer()
	c.ack(false)
	c.wait(time.Hour)
	c.expect("100", "200 sdp")
}

func TestACKOfAnotherINVITEDoesNotCount(t *testing.T) {
	c := invite(t, invited{})
	if means, do := c.uas.ack(7, true); means != noRole || do != nil {
		t.Error("there is an ACK before the 2xx")
	}
	c.answer()
	c.uas.ack(8, false)
	c.wait(sec)
	c.expect("100", "200 sdp", "500ms: again 200")
}

// The caller may not have our 2xx yet: a BYE could come first.
func TestBYEWaitsForTheACK(t *testing.T) {
	c := invite(t, invited{})
	c.answer()
	c.hangup(engine.Failed)
	c.wait(sec)
	c.expect("100", "200 sdp", "500ms: again 200")
	c.ack(false)
	c.expect(`BYE (Q.850;cause=41;text="temporary failure")`, "over, failed")

	c = invite(t, invited{})
	c.answer()
	c.hangup(engine.Normal)
	c.wait(31600 * ms)
	c.wire = nil
	c.wait(time.Hour)
	c.expect(`32s: BYE (Q.850;cause=16;text="normal call clearing")`, "32s: over, normal")
}

func TestINVITEWithoutAnOfferIsAnsweredWithOurs(t *testing.T) {
	c := invite(t, invited{late: true, supports: true})
	c.ring(180, false)
	c.ring(183, true)
	c.answer()
	c.expect("100", "180", "183", "200 sdp")
	c.ack(true)
	c.expect("their answer")
	c.hangup(engine.Normal)
	c.expect(`BYE (Q.850;cause=16;text="normal call clearing")`, "over, normal")
}

func TestACKWithoutAnAnswerToOurOfferEndsInBYE(t *testing.T) {
	c := invite(t, invited{late: true})
	c.answer()
	c.ack(false)
	c.expect("100", "200 sdp", `BYE (SIP;cause=400;text="no answer to our offer")`, "over, failed")
}

func TestAnswerThatIsNoneOfOursIsNotTaken(t *testing.T) {
	c := invite(t, invited{})
	c.answer()
	c.ack(true)
	c.expect("100", "200 sdp")
}

func TestCANCELEndsTheCall(t *testing.T) {
	for _, state := range []func(*callToUs){
		func(*callToUs) {},
		func(c *callToUs) { c.ring(180, false) },
		func(c *callToUs) { c.ring(183, true); c.answer() }, // which waits for the PRACK
	} {
		c := invite(t, invited{supports: true})
		state(c)
		c.wire = nil
		c.cancel(`SIP;cause=200;text="Call completed elsewhere"`)
		c.expect("over, elsewhere")
		c.cancel()
		c.cancel()
		c.answer()
		c.hangup(engine.Normal)
		c.wait(time.Hour)
		c.expect()
	}
}

func TestCANCELAfterTheFinalResponseDoesNothing(t *testing.T) {
	c := invite(t, invited{})
	c.answer()
	c.cancel()
	c.wait(sec)
	c.ack(false)
	c.cancel()
	c.bye()
	c.expect("100", "200 sdp", "500ms: again 200", "BYE 200", "over, normal")

	c = invite(t, invited{})
	c.hangup(engine.Busy)
	c.wire = nil
	c.cancel()
	c.expect()
}

// sipgo has sent the 487 before ours came, and would repeat ours from now on.
func TestResponseThatCrossesACANCELIsReplaced(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(*callToUs)
		want []string
	}{
		{"18x", func(c *callToUs) { c.ring(180, false) }, []string{"180", "487", "over, normal"}},
		{"2xx", func(c *callToUs) { c.answer() }, []string{"200 sdp", "487", "over, normal"}},
		{"486", func(c *callToUs) { c.hangup(engine.Busy) }, []string{`486 (Q.850;cause=17;text="user busy")`, "over, busy", "487"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := invite(t, invited{})
			call.wire = nil
			c.send(call)
			call.did("", call.uas.crossed())
			call.cancel()
			call.wait(time.Hour)
			call.expect(c.want...)
		})
	}
}

func TestBYEOfTheCallerEndsTheCall(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*callToUs)
		want   []string
	}{
		{"while it rings", func(c *callToUs) { c.ring(180, false) }, []string{"BYE 200", "487", "over, normal"}},
		{"before the ACK", func(c *callToUs) { c.answer() }, []string{"BYE 200", "over, normal"}},
		{"after the ACK", func(c *callToUs) { c.answer(); c.ack(false) }, []string{"BYE 200", "over, normal"}},
		{"crossing ours", func(c *callToUs) { c.answer(); c.ack(false); c.hangup(engine.Normal) }, []string{"BYE 200"}},
		{"before the ACK, when we want to hang up", func(c *callToUs) { c.answer(); c.hangup(engine.Normal) }, []string{"BYE 200", "over, normal"}},
		{"after we turned it down", func(c *callToUs) { c.hangup(engine.Busy) }, []string{"BYE 481"}},
		{"after its CANCEL", func(c *callToUs) { c.cancel() }, []string{"BYE 481"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := invite(t, invited{})
			c.before(call)
			call.wire = nil
			call.bye()
			call.wait(time.Hour)
			call.ack(false)
			call.expect(c.want...)
		})
	}
}

func TestReasonOfABYEIsTold(t *testing.T) {
	c := invite(t, invited{})
	c.answer()
	c.ack(false)
	c.bye("Q.850;cause=38")
	c.expect("100", "200 sdp", "BYE 200", "over, failed")
}

func TestLostTransactionEndsTheCall(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*callToUs)
		want   []string
	}{
		{"while it rings", func(c *callToUs) { c.ring(180, false) }, []string{"over, failed"}},
		{"before the ACK", func(c *callToUs) { c.answer() }, []string{`BYE (Q.850;cause=38;text="network out of order")`, "over, failed"}},
		{"after the ACK, as each ends", func(c *callToUs) { c.answer(); c.ack(false) }, nil},
		{"after the end", func(c *callToUs) { c.hangup(engine.Busy) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := invite(t, invited{})
			c.before(call)
			call.wire = nil
			call.did("", call.uas.lost(call.now))
			call.wait(time.Hour)
			call.expect(c.want...)
		})
	}
}

// sipgo ends the transaction of an INVITE 64·T1 after the 2xx too.
func TestTransactionThatEndsWithTheWaitForTheACKIsNotLost(t *testing.T) {
	call := invite(t, invited{})
	call.answer()
	call.now = rfcTiming().limit()
	call.wire = nil
	call.did("", call.uas.lost(call.now))
	call.expect(`BYE (SIP;cause=408;text="no ACK")`, "over, failed")
}
