package voice

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

func sourceNumber(i int) netip.Prefix {
	return dialog.SourceOf(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
}

func TestCallsAreAdmittedWithinLimits(t *testing.T) {
	one, other, trusted := sourceNumber(1), sourceNumber(2), netip.Prefix{}
	type step struct {
		source netip.Prefix
		at     time.Duration
		leaves bool // a call of the source, in place of coming
		want   Refusal
	}
	for _, c := range []struct {
		name            string
		total, ofSource limits
		steps           []step
	}{
		{"as many at once as there may be", limits{2, 100}, limits{2, 100}, []step{
			{one, 0, false, taken}, {other, 0, false, taken}, {trusted, 0, false, Full}, {one, 0, true, taken}, {trusted, 0, false, taken},
		}},
		{"as many of a source as it may have", limits{9, 100}, limits{1, 100}, []step{
			{one, 0, false, taken}, {one, 0, false, SourceFull}, {other, 0, false, taken}, {one, 0, true, taken}, {one, 0, false, taken},
		}},
		{"those that are trusted have no share of their own", limits{9, 100}, limits{1, 1}, []step{
			{trusted, 0, false, taken}, {trusted, 0, false, taken}, {trusted, 0, false, taken},
		}},
		{"as many in a second as there may be", limits{9, 2}, limits{9, 9}, []step{
			{one, 0, false, taken}, {other, 0, false, taken}, {trusted, 0, false, TooFast},
			{trusted, 499 * time.Millisecond, false, TooFast}, {trusted, 500 * time.Millisecond, false, taken}, {one, 500 * time.Millisecond, false, TooFast},
			{one, time.Hour, false, taken}, {one, time.Hour, false, taken}, {one, time.Hour, false, TooFast},
		}},
		{"as many of a source in a second as it may have, also of calls that are over", limits{9, 9}, limits{9, 1}, []step{
			{one, 0, false, taken}, {one, 0, true, taken}, {one, time.Second - 1, false, SourceFast}, {other, time.Second - 1, false, taken}, {one, time.Second, false, taken},
		}},
		{"what a source is refused costs the others nothing", limits{9, 2}, limits{1, 9}, []step{
			{one, 0, false, taken}, {one, 0, false, SourceFull}, {one, 0, false, SourceFull}, {other, 0, false, taken},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAdmission(c.total, limits{}, c.ofSource)
			for i, s := range c.steps {
				if s.leaves {
					a.leave(s.source)
					continue
				}
				if got := a.admit(s.source, s.at); got != s.want {
					t.Errorf("step %d: the refusal is %q, want %q", i, got, s.want)
				}
			}
		})
	}
}

// A flood of strangers from any number of sources turns away no call of the carrier.
func TestStrangersLeaveRoomForThoseWhoAreTrusted(t *testing.T) {
	trusted := netip.Prefix{}
	takes := func(t *testing.T, a *admission, now time.Duration, want int, refused Refusal, source func(i int) netip.Prefix) {
		t.Helper()
		for i := range want + 1 {
			why := a.admit(source(i), now)
			if i < want && why != taken || i == want && why != refused {
				t.Fatalf("at %s: call %d of %d is refused for %q", now, i+1, want, why)
			}
		}
	}
	carrier := func(int) netip.Prefix { return trusted }
	t.Run("of those of a second", func(t *testing.T) {
		a := newAdmission(limits{1000, 20}, limits{100, 2}, limits{9, 9})
		for second := range 5 {
			now := time.Duration(second) * time.Second
			takes(t, &a, now, 18, TooFast, func(i int) netip.Prefix { return sourceNumber(100*second + i) })
			takes(t, &a, now, 2, TooFast, carrier)
		}
	})
	t.Run("of those at once", func(t *testing.T) {
		a := newAdmission(limits{20, 1000}, limits{2, 100}, limits{9, 9})
		takes(t, &a, 0, 18, Full, sourceNumber)
		takes(t, &a, 0, 2, Full, carrier)
	})
}

// Whatever comes and goes, no limit is passed, and sources without calls do not
// fill the memory.
func TestAdmissionKeepsItsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := limits{rapid.IntRange(1, 5).Draw(t, "calls"), rapid.IntRange(1, 5).Draw(t, "a second")}
		ofSource := limits{rapid.IntRange(1, 3).Draw(t, "calls of a source"), rapid.IntRange(1, 3).Draw(t, "a second of a source")}
		a := newAdmission(total, limits{}, ofSource)
		now := time.Duration(0)
		var began []time.Duration
		var calls []netip.Prefix
		of := make(map[netip.Prefix]int)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond
			if len(calls) > 0 && rapid.Bool().Draw(t, "leaves") {
				a.leave(calls[0])
				of[calls[0]]--
				calls = calls[1:]
				continue
			}
			source := sourceNumber(rapid.IntRange(0, 40).Draw(t, "source"))
			if a.admit(source, now) != taken {
				continue
			}
			calls, began = append(calls, source), append(began, now)
			of[source]++
			lately := 0
			for _, at := range began {
				if now-at < time.Second {
					lately++
				}
			}
			switch {
			case len(calls) > total.calls, of[source] > ofSource.calls, lately > 2*total.perSecond:
				t.Fatalf("%d calls, %d of the source, %d in a second", len(calls), of[source], lately)
			case len(a.sources) > total.calls+2*total.perSecond:
				t.Fatalf("%d sources are known", len(a.sources))
			}
		}
	})
}
