package dialog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// accepted returns the accept of an INVITE with the CSeq 1 whose 2xx is sent at 0.
func accepted() accept {
	a := accept{cseq: 1}
	a.begin(0, rfcTiming())
	return a
}

func Test2xxIsSentUntilItsACK(t *testing.T) {
	a := accepted()
	var at []time.Duration
	for range 4 {
		now, ok := a.due()
		if !ok || a.tick(now) != sendAgain {
			t.Fatalf("at %v it is not sent again", now)
		}
		at = append(at, now)
	}
	if diff := cmp.Diff([]time.Duration{500 * ms, 1500 * ms, 3500 * ms, 7500 * ms}, at); diff != "" {
		t.Errorf("sent again (-want +got):\n%s", diff)
	}
	if a.ack(2) {
		t.Error("the ACK of another INVITE counts")
	}
	if !a.ack(1) || a.ack(1) {
		t.Error("an ACK counts once")
	}
	if now, ok := a.due(); ok {
		t.Errorf("after the ACK it is due at %v", now)
	}
	if got := a.tick(time.Hour); got != keepWaiting {
		t.Errorf("after the ACK there is %v to do", got)
	}
}

func Test2xxWithoutACKIsGivenUp(t *testing.T) {
	a := accepted()
	for {
		now, ok := a.due()
		if !ok {
			t.Fatal("it waits for ever")
		}
		if a.tick(now) != noACK {
			continue
		}
		if now != 32*sec {
			t.Errorf("given up at %v", now)
		}
		break
	}
	if _, ok := a.due(); ok || a.ack(1) || a.tick(time.Hour) != keepWaiting {
		t.Error("what was given up goes on")
	}
}

func TestACKThatComesBeforeTheTimerCounts(t *testing.T) {
	a := accept{cseq: 1}
	if !a.ack(1) {
		t.Error("it does not count")
	}
	a.begin(0, rfcTiming())
	if now, ok := a.due(); ok {
		t.Errorf("the 2xx is sent again at %v", now)
	}
}

// TestAcceptingEnds: whatever happens in whatever order, little is sent, and
// nothing after the ACK or the end.
func TestAcceptingEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accept{cseq: 1}
		now, over, begun, sent := time.Duration(0), false, false, 0
		check := func(got acceptAction) {
			if got != keepWaiting && (over || !begun) {
				t.Fatalf("at %v there is %v to do", now, got)
			}
			if got == sendAgain {
				sent++
			}
			over = over || got == noACK
		}
		t.Repeat(map[string]func(*rapid.T){
			"begin": func(*rapid.T) { a.begin(now, rfcTiming()); begun = true },
			"ack": func(t *rapid.T) {
				if a.ack(rapid.Uint32Range(1, 2).Draw(t, "cseq")) {
					if over {
						t.Fatal("an ACK counts after the end")
					}
					over = true
				}
			},
			"wait": func(t *rapid.T) {
				now += time.Duration(rapid.Int64Range(1, int64(10*sec)).Draw(t, "wait"))
				check(a.tick(now))
			},
			"when due": func(*rapid.T) {
				if at, ok := a.due(); ok {
					now = max(now, at)
					check(a.tick(now))
				}
			},
			"": func(t *rapid.T) {
				if at, ok := a.due(); ok != (begun && !over) {
					t.Fatalf("due at %v: %v, begun %v, over %v", at, ok, begun, over)
				}
				if sent > 10 {
					t.Fatalf("sent again %d times", sent)
				}
			},
		})
	})
}
