package dialog

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/engine"
)

func TestResponsesAreReliableWhereItMatters(t *testing.T) {
	c := invite(t, invited{supports: true})
	c.ring(180, false)
	c.ring(183, true)
	c.ring(180, true)
	c.expect("100", "180", "183 sdp rseq 1000", "180")

	c = invite(t, invited{requires: true})
	c.ring(180, false)
	c.ring(183, true)
	c.ring(183, true)
	c.ring(182, true)
	c.expect("100", "180 rseq 1000")
	c.prack(theFirst, false)
	c.prack(theFirst, false)
	c.prack(theFirst+1, false)
	c.expect("PRACK 200", "183 sdp rseq 1001", "PRACK 481", "PRACK 200", "182 rseq 1002")
}

func Test2xxWaitsForThePRACKOfTheDescription(t *testing.T) {
	c := invite(t, invited{supports: true})
	c.ring(183, true)
	c.answer()
	c.wait(sec)
	c.expect("100", "183 sdp rseq 1000", "500ms: again 183")
	c.prack(theFirst, false)
	c.expect("PRACK 200", "200")
	c.ack(false)
	c.wait(time.Hour)
	c.expect()
}

func Test2xxDoesNotWaitForOtherPRACKs(t *testing.T) {
	c := invite(t, invited{requires: true})
	c.ring(180, false)
	c.ring(183, true) // is never sent
	c.answer()
	c.prack(theFirst, false)
	c.ack(false)
	c.wait(time.Hour)
	c.expect("100", "180 rseq 1000", "200 sdp", "PRACK 200")
}

func TestINVITEIsRejectedWhenNoPRACKComes(t *testing.T) {
	for _, answers := range []bool{false, true} {
		c := invite(t, invited{supports: true})
		c.ring(183, true)
		if answers {
			c.answer()
		}
		c.wait(20 * sec)
		c.expect("100", "183 sdp rseq 1000", "500ms: again 183", "1.5s: again 183", "3.5s: again 183", "7.5s: again 183", "15.5s: again 183")
		c.wait(time.Hour)
		c.expect("31.5s: again 183", `32s: 504 (SIP;cause=504;text="no PRACK")`, "32s: over, failed")
		c.prack(theFirst, false) // at last
		c.expect("PRACK 200")
	}
}

func TestOurOfferInAReliableResponseIsAnsweredByPRACK(t *testing.T) {
	c := invite(t, invited{late: true, requires: true})
	c.ring(180, true)
	c.ring(183, true)
	c.answer()
	c.expect("100", "180 sdp rseq 1000")
	c.prack(theFirst, true)
	c.expect("PRACK 200", "their answer")
	c.did("", c.uas.agreed(c.now))
	c.expect("200")
	c.ack(false)
	c.expect()
	c.hangup(engine.Normal)
	c.expect(`BYE (Q.850;cause=16;text="normal call clearing")`, "over, normal")
}

// All responses to such a caller are reliable, and the first of them is where our
// offer belongs.
func TestNothingIsReliableBeforeOurOffer(t *testing.T) {
	c := invite(t, invited{late: true, requires: true})
	c.ring(180, false)
	c.wait(keepRinging)
	c.expect("100")
	c.ring(180, true)
	c.prack(theFirst, true)
	c.did("", c.uas.agreed(c.now))
	c.ring(180, false)
	c.expect("180 sdp rseq 1000", "PRACK 200", "their answer", "180 rseq 1001")
}

func TestPRACKWithoutAnAnswerToOurOfferEndsTheCall(t *testing.T) {
	c := invite(t, invited{late: true, requires: true})
	c.ring(180, true)
	c.prack(theFirst, false)
	c.expect("100", "180 sdp rseq 1000", "PRACK 200", `400 (SIP;cause=400;text="no answer to our offer")`, "over, failed")
}

func TestResponseThatWasNeverSentHasNoPRACK(t *testing.T) {
	c := invite(t, invited{late: true, requires: true})
	c.ring(180, true)
	c.ring(183, false) // waits for the PRACK of the first, and the call ends before
	c.prack(theFirst, false)
	c.prack(theFirst+1, false)
	c.expect("100", "180 sdp rseq 1000", "PRACK 200", `400 (SIP;cause=400;text="no answer to our offer")`, "over, failed", "PRACK 481")
}

func TestAnswerInAPRACKThatIsRefusedEndsTheCall(t *testing.T) {
	c := invite(t, invited{late: true, requires: true})
	c.ring(180, true)
	c.answer()
	c.prack(theFirst, true)
	c.hangup(engine.Failed)
	c.did("", c.uas.agreed(c.now))
	c.expect("100", "180 sdp rseq 1000", "PRACK 200", "their answer", `500 (Q.850;cause=41;text="temporary failure")`, "over, failed")
}

func TestAnswerToACallThatIsOverIsNotTaken(t *testing.T) {
	c := invite(t, invited{late: true, requires: true})
	c.ring(180, true)
	c.hangup(engine.Busy)
	c.prack(theFirst, true)
	c.expect("100", "180 sdp rseq 1000", `486 (Q.850;cause=17;text="user busy")`, "over, busy", "PRACK 200")
}

func TestPRACKMayBringAnotherOffer(t *testing.T) {
	c := invite(t, invited{requires: true})
	c.ring(180, false)
	c.prack(theFirst, true) // theirs is not answered yet: it may not
	c.ring(183, true)
	c.prack(theFirst+1, true)
	c.expect("100", "180 rseq 1000", "PRACK 200", "183 sdp rseq 1001", "PRACK 200", "their offer")
}

// TestCallsToUsKeepTheRules: whatever happens in whatever order, with ticks late
// or in time.
func TestCallsToUsKeepTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := invited{
			cseq: 7, late: rapid.Bool().Draw(t, "late"), supports: rapid.Bool().Draw(t, "supports"), requires: rapid.Bool().Draw(t, "requires"),
			expires: time.Duration(rapid.IntRange(0, 1).Draw(t, "expires")) * 100 * sec,
		}
		u, do := newUAS(i, theFirst-1, 0, rfcTiming())
		w := watched{t: t, invite: i}
		w.check(do)
		now := time.Duration(0)
		events := map[string]func(*rapid.T){
			"ring": func(t *rapid.T) {
				w.check(u.ring(now, provisional{rapid.SampledFrom([]int{180, 182, 183}).Draw(t, "status"), rapid.Bool().Draw(t, "sdp")}))
			},
			"answer": func(*rapid.T) { w.check(u.answer(now)) },
			"hangup": seldom(func(*rapid.T) { w.check(u.hangup(endingOf(engine.Normal))) }),
			"ack": func(t *rapid.T) {
				if w.sent2xx {
					w.acked = true
				}
				_, do := u.ack(7, rapid.Bool().Draw(t, "sdp"))
				w.check(do)
			},
			"prack": func(t *rapid.T) {
				rseq := theFirst + rapid.Uint32Range(0, 3).Draw(t, "rseq")
				open, held := w.open, w.openSDP
				status, means, do := u.prack(now, confirming(rseq), rapid.Bool().Draw(t, "sdp"))
				if (status == 200) != (open != 0 && open == rseq) {
					t.Fatalf("the PRACK of %d is answered %d, %d is open", rseq, status, open)
				}
				if status == 200 {
					w.open, w.openSDP = 0, false
				}
				w.check(do)
				if means == isAnswer {
					if !held || !i.late {
						t.Fatal("an answer to nothing")
					}
					if rapid.Bool().Draw(t, "acceptable") {
						w.check(u.agreed(now))
					} else {
						w.check(u.hangup(endingOf(engine.Failed)))
					}
				}
			},
			"cancel": seldom(func(*rapid.T) {
				if w.final == 0 {
					w.final = 487 // of sipgo
				}
				w.check(u.cancel(nil))
			}),
			"bye": seldom(func(*rapid.T) {
				status, do := u.byeCame(nil)
				if (status == 200) != (w.sent2xx || !w.over) {
					t.Fatalf("a BYE is answered %d", status)
				}
				w.check(do)
			}),
			"lost": seldom(func(*rapid.T) { w.lost = true; w.check(u.lost(now)) }),
			"wait": func(t *rapid.T) {
				now += time.Duration(rapid.Int64Range(0, int64(40*sec)).Draw(t, "wait"))
				w.late = w.sent2xx && now >= w.at2xx+32*sec
				w.check(u.tick(now))
			},
			"": func(t *rapid.T) {
				if w.sent2xx && w.at2xx < 0 {
					w.at2xx = now
				}
				if at, ok := u.sender.due(); ok && w.final != 0 {
					t.Fatalf("after the final response a provisional one is due at %v", at)
				}
				if at, ok := u.due(); ok && w.over {
					t.Fatalf("after the end it is due at %v", at)
				}
			},
		}
		w.at2xx = -1
		t.Repeat(events)
		// In the end it is over, if only we hang up.
		w.check(u.hangup(endingOf(engine.Normal)))
		for i := 0; ; i++ {
			at, ok := u.due()
			if !ok || w.over {
				break
			}
			if i > 100 {
				t.Fatal("it never ends")
			}
			now = max(now, at)
			w.late = w.sent2xx && now >= w.at2xx+32*sec
			w.check(u.tick(now))
		}
		if !w.over {
			t.Fatal("it is not over, and waits for nothing")
		}
	})
}

// seldom does what ends a call one time in five, so that there is a call.
func seldom(do func(*rapid.T)) func(*rapid.T) {
	return func(t *rapid.T) {
		if rapid.IntRange(0, 4).Draw(t, "at all") == 0 {
			do(t)
		}
	}
}

// watched checks what a uas does.
type watched struct {
	t       *rapid.T
	invite  invited
	final   int
	sent2xx bool
	at2xx   time.Duration
	sdp     bool // our description was sent, in a response that must arrive
	acked   bool
	late    bool // the ACK is
	lost    bool
	over    bool
	rseq    uint32 // of the last reliable response
	open    uint32 // the one that has no PRACK
	openSDP bool   // and it has a description
}

func (w *watched) check(do []uasAction) {
	for _, a := range do {
		if w.over {
			w.t.Fatalf("after the end: %+v", a)
		}
		switch a.kind {
		case uasRespond:
			w.responds(a)
		case uasRespondAgain:
			if a.status == 200 && (!w.sent2xx || w.acked) || a.status < 200 && (w.open == 0 || w.final != 0) {
				w.t.Fatalf("a %d is sent again", a.status)
			}
		case uasBye:
			if !w.sent2xx || !w.acked && !w.late && !w.lost {
				w.t.Fatalf("a BYE too early: %+v", w)
			}
		case uasOver:
			w.over = true
		}
	}
}

func (w *watched) responds(a uasAction) {
	if w.final != 0 {
		w.t.Fatalf("after %d: %+v", w.final, a)
	}
	if a.sdp && w.sdp {
		w.t.Fatalf("our description for the second time: %+v", a)
	}
	switch {
	case a.status >= 300:
		w.final = a.status
		return
	case a.status >= 200:
		if w.openSDP {
			w.t.Fatal("a 2xx before the PRACK")
		}
		if !a.sdp && !w.sdp {
			w.t.Fatal("a 2xx without our description, which was never sent")
		}
		w.final, w.sent2xx = a.status, true
	case a.rseq != 0:
		if w.open != 0 || w.rseq != 0 && a.rseq != w.rseq+1 || !w.invite.supports && !w.invite.requires {
			w.t.Fatalf("%d was open, and the last number %d: %+v", w.open, w.rseq, a)
		}
		if w.invite.late && !a.sdp && !w.sdp {
			w.t.Fatal("a first reliable response without our offer")
		}
		w.rseq, w.open, w.openSDP = a.rseq, a.rseq, a.sdp
	case w.invite.requires && a.status > 100:
		w.t.Fatalf("a response that should be reliable: %+v", a)
	}
	if a.sdp && (a.rseq != 0 || w.sent2xx) {
		w.sdp = true
	}
}
