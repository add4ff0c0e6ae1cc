package dialog

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var (
	ringing  = provisional{180, false}
	progress = provisional{183, true}
)

// theFirst is the number of the first response of sender.
const theFirst = 1000

// sender returns the sender for an INVITE with the CSeq 7.
func sender() reliableSender { return newReliableSender(7, theFirst-1, rfcTiming()) }

func confirming(rseq uint32) rack { return rack{rseq, 7, "INVITE"} }

func TestFirstNumberLeavesRoomForOthers(t *testing.T) {
	for _, random := range []uint32{0, 1, 1<<31 - 2, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		s := newReliableSender(7, random, rfcTiming())
		s.send(0, ringing)
		if s.rseq < 1 || s.rseq > 1<<31-1 {
			t.Errorf("of %d it is %d", random, s.rseq)
		}
	}
}

func TestReliableResponsesAreSentUntilTheirPRACK(t *testing.T) {
	s := sender()
	if !s.send(sec, ringing) {
		t.Fatal("the first waits")
	}
	var at []time.Duration
	for range 3 {
		now, ok := s.due()
		if again, giveUp := s.tick(now); !ok || !again || giveUp {
			t.Fatalf("at %v it is not sent again", now)
		}
		at = append(at, now)
	}
	if diff := cmp.Diff([]time.Duration{1500 * ms, 2500 * ms, 4500 * ms}, at); diff != "" {
		t.Errorf("sent again (-want +got):\n%s", diff)
	}
	if !s.prack(confirming(theFirst)) || s.next(5*sec) {
		t.Error("the PRACK does not confirm it, or there is another")
	}
	if at, ok := s.due(); ok {
		t.Errorf("it is sent again at %v", at)
	}
}

func TestReliableResponsesAreGivenUp(t *testing.T) {
	s := sender()
	s.send(sec, ringing)
	for {
		now, ok := s.due()
		if !ok {
			t.Fatal("it waits for ever")
		}
		if _, giveUp := s.tick(now); giveUp {
			if now != 33*sec {
				t.Errorf("given up at %v", now)
			}
			if at, ok := s.due(); ok || s.send(now, ringing) {
				t.Errorf("what was given up goes on, at %v", at)
			}
			return
		}
	}
}

func TestReliableResponsesWaitForEachOther(t *testing.T) {
	s := sender()
	s.send(0, ringing)
	for _, p := range []provisional{progress, progress, ringing} {
		if s.send(ms, p) {
			t.Fatalf("%+v does not wait", p)
		}
	}
	for _, want := range []struct {
		rseq    uint32
		current provisional
		next    bool
	}{
		{theFirst, progress, true},
		{theFirst + 1, ringing, true},
		{theFirst + 2, ringing, false},
	} {
		confirms, next := s.prack(confirming(want.rseq)), s.next(sec)
		if !confirms || next != want.next || s.current != want.current {
			t.Fatalf("the PRACK of %d confirms %v; next %v, which is %+v", want.rseq, confirms, next, s.current)
		}
	}
}

func TestPRACKOfNothingIsRefused(t *testing.T) {
	for name, r := range map[string]rack{
		"another number":  {theFirst + 1, 7, "INVITE"},
		"another request": {theFirst, 8, "INVITE"},
		"another method":  {theFirst, 7, "UPDATE"},
		"no number":       {},
	} {
		t.Run(name, func(t *testing.T) {
			s := sender()
			if s.prack(r) {
				t.Error("it confirms what was not sent")
			}
			s.send(0, ringing)
			if s.prack(r) {
				t.Error("it confirms another")
			}
		})
	}
	s := sender()
	s.send(0, ringing)
	s.prack(confirming(theFirst))
	if s.prack(confirming(theFirst)) {
		t.Error("a response is confirmed twice")
	}
}

func TestFinalResponseEndsTheReliableOnes(t *testing.T) {
	s := sender()
	s.send(0, progress)
	s.send(0, ringing)
	if !s.holds2xx() {
		t.Error("a 2xx would overtake the session description")
	}
	s.stop()
	if at, ok := s.due(); ok {
		t.Errorf("one is sent again at %v", at)
	}
	if again, giveUp := s.tick(time.Hour); again || giveUp || s.send(0, ringing) {
		t.Error("one is sent after the final response")
	}
	if !s.prack(confirming(theFirst)) || s.next(sec) {
		t.Error("a PRACK that comes late does not count, or brings another response")
	}
}

func TestDescriptionIsSentOnce(t *testing.T) {
	s := sender()
	s.send(0, progress)
	s.send(0, progress)
	s.prack(confirming(theFirst))
	s.next(0)
	if want := (provisional{183, false}); s.current != want {
		t.Errorf("the second is %+v", s.current)
	}
}

func TestResponsesWithoutADescriptionHoldNo2xx(t *testing.T) {
	s := sender()
	s.send(0, ringing)
	s.send(0, progress)
	if s.holds2xx() {
		t.Error("a 2xx waits, though no session description was sent")
	}
	s.prack(confirming(theFirst))
	s.next(0)
	if !s.holds2xx() {
		t.Error("a 2xx would overtake the session description")
	}
	s.prack(confirming(theFirst + 1))
	s.next(0)
	if s.holds2xx() {
		t.Error("a 2xx waits for what has arrived")
	}
}

func TestRAckIsReadAndWritten(t *testing.T) {
	for text, want := range map[string]rack{
		"776656 1 INVITE":              {776656, 1, "INVITE"},
		"  4294967295\t4294967295  X ": {1<<32 - 1, 1<<32 - 1, "X"},
		"0 0 INVITE":                   {0, 0, "INVITE"},
	} {
		got, ok := parseRAck(text)
		if !ok || got != want {
			t.Errorf("%q is read %+v, %v", text, got, ok)
		}
		if again, ok := parseRAck(got.String()); !ok || again != want {
			t.Errorf("%+v is written %s", got, got)
		}
	}
	for _, text := range []string{"", "1", "1 2", "1 2 INVITE 3", "x 2 INVITE", "1 -2 INVITE", "4294967296 1 INVITE"} {
		if got, ok := parseRAck(text); ok {
			t.Errorf("%q is read %+v", text, got)
		}
	}
}

func TestReliableResponsesAreConfirmedInOrder(t *testing.T) {
	type response struct {
		status int
		tag    string
		rseq   uint32
		want   received1xx
	}
	for _, c := range []struct {
		name      string
		responses []response
	}{
		{"not reliable", []response{{100, "a", 0, takeIt}, {180, "a", 0, takeIt}, {180, "a", 0, takeIt}}},
		{"in order, after any first", []response{{180, "a", 77, confirmIt}, {183, "a", 78, confirmIt}}},
		{"repeated", []response{{180, "a", 77, confirmIt}, {180, "a", 77, discardIt}, {183, "a", 78, confirmIt}, {180, "a", 77, discardIt}}},
		{"before its turn", []response{{180, "a", 77, confirmIt}, {183, "a", 79, discardIt}, {183, "a", 78, confirmIt}, {183, "a", 79, confirmIt}}},
		{"forked", []response{{180, "a", 77, confirmIt}, {180, "b", 77, confirmIt}, {183, "b", 78, confirmIt}, {183, "a", 78, confirmIt}}},
		{"reliable and not", []response{{180, "a", 77, confirmIt}, {181, "a", 0, takeIt}, {183, "a", 78, confirmIt}}},
		{"a 100 that claims to be", []response{{100, "a", 77, takeIt}}},
		{"without a tag", []response{{180, "", 77, takeIt}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reliableReceiver{}
			for i, one := range c.responses {
				got := r.take(one.status, one.tag, one.rseq)
				if got != one.want {
					t.Fatalf("response %d: %v, want %v", i, got, one.want)
				}
			}
		})
	}
}

func TestForksWithoutEndAreDiscarded(t *testing.T) {
	r := reliableReceiver{}
	for i := range 40 {
		got := r.take(180, string(rune('A'+i)), 1)
		if want := i < maxEarlyDialogs; (got == confirmIt) != want {
			t.Errorf("fork %d: %v", i, got)
		}
	}
	if got := r.take(183, "A", 2); got != confirmIt {
		t.Error("a fork that is known is no longer followed")
	}
}

// TestReliableResponsesArrive: one of us sends, the other confirms, and the
// network between them loses, repeats and delays. Unless we give up, all arrive,
// once and in order.
func TestReliableResponsesArrive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := sender(), reliableReceiver{}
		now, gaveUp := time.Duration(0), false
		var sent, arrived []int
		var pracks []rack
		type copied struct {
			p    provisional
			rseq uint32
		}
		var network []copied // all that was ever sent: any of it may arrive at any time
		emit := func() { network = append(network, copied{s.current, s.rseq}) }
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				p := rapid.SampledFrom([]provisional{ringing, progress}).Draw(t, "response")
				queued := len(s.queue)
				atOnce := s.send(now, p)
				if atOnce {
					emit()
				}
				if atOnce || len(s.queue) > queued {
					sent = append(sent, p.status)
				}
			},
			"arrive": func(t *rapid.T) {
				if len(network) == 0 {
					return
				}
				c := rapid.SampledFrom(network).Draw(t, "response")
				if r.take(c.p.status, "a", c.rseq) == confirmIt {
					arrived = append(arrived, c.p.status)
					pracks = append(pracks, confirming(c.rseq))
				}
			},
			"prack": func(t *rapid.T) {
				if len(pracks) == 0 {
					return
				}
				if s.prack(rapid.SampledFrom(pracks).Draw(t, "PRACK")) && s.next(now) {
					emit()
				}
			},
			"wait": func(t *rapid.T) {
				now += time.Duration(rapid.Int64Range(0, int64(20*sec)).Draw(t, "wait"))
				again, giveUp := s.tick(now)
				if again {
					emit()
				}
				gaveUp = gaveUp || giveUp
			},
			"": func(t *rapid.T) {
				if len(arrived) > len(sent) || !slices.Equal(arrived, sent[:len(arrived)]) {
					t.Fatalf("sent %v, arrived %v", sent, arrived)
				}
				if s.open && len(arrived) > 0 && s.rseq < theFirst+uint32(len(arrived))-1 {
					t.Fatalf("number %d is open after %d arrived", s.rseq, len(arrived))
				}
			},
		})
		for !gaveUp && (s.open || len(arrived) < len(sent)) { // at last the network is kind
			for _, c := range network {
				if r.take(c.p.status, "a", c.rseq) == confirmIt {
					arrived = append(arrived, c.p.status)
					pracks = append(pracks, confirming(c.rseq))
				}
			}
			if s.prack(pracks[len(pracks)-1]) && s.next(now) {
				emit()
			}
		}
		if !gaveUp && len(arrived) != len(sent) {
			t.Fatalf("%d sent, %d arrived", len(sent), len(arrived))
		}
	})
}
