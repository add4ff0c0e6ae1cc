package dialog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// sentAgain runs r until it gives up, ticked at the very times that it is due.
func sentAgain(r resends) (at []time.Duration, gaveUp time.Duration) {
	for {
		now := r.due()
		again, giveUp := r.tick(now)
		if giveUp {
			return at, now
		}
		if again {
			at = append(at, now)
		}
	}
}

func TestMessagesAreSentAgainAtTheTimesOfTheRFCs(t *testing.T) {
	for _, c := range []struct {
		name string
		r    resends
		want []time.Duration
	}{
		{"2xx", rfcTiming().resendsOf2xx(sec), []time.Duration{
			1500 * ms, 2500 * ms, 4500 * ms, 8500 * ms, 12500 * ms, 16500 * ms, 20500 * ms, 24500 * ms, 28500 * ms, 32500 * ms,
		}},
		{"reliable 1xx", rfcTiming().resendsOf1xx(sec), []time.Duration{1500 * ms, 2500 * ms, 4500 * ms, 8500 * ms, 16500 * ms, 32500 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, gaveUp := sentAgain(c.r)
			if diff := cmp.Diff(c.want, at); diff != "" {
				t.Errorf("sent again (-want +got):\n%s", diff)
			}
			if gaveUp != 33*sec {
				t.Errorf("given up at %v", gaveUp)
			}
		})
	}
}

// Ticks that come at odd times send no more than exact ones, and give up no
// later than the first that comes after the end.
func TestLateTicksSendOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rfcTiming().resendsOf2xx(0)
		exact, end := sentAgain(r)
		sent, now := 0, time.Duration(0)
		for {
			now += time.Duration(rapid.Int64Range(0, int64(5*sec)).Draw(t, "later"))
			again, giveUp := r.tick(now)
			if giveUp != (now >= end) {
				t.Fatalf("at %v: gives up %v", now, giveUp)
			}
			if giveUp {
				break
			}
			if again {
				sent++
			}
			if r.due() <= now {
				t.Fatalf("at %v it is due at %v", now, r.due())
			}
		}
		if sent > len(exact) {
			t.Fatalf("sent %d times, not %d", sent, len(exact))
		}
	})
}
