package rtp_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

func TestSequenceNumbersAreFollowed(t *testing.T) {
	const (
		next, late, twice = rtp.Next, rtp.Late, rtp.Duplicate
		jumped, restarted = rtp.Jumped, rtp.Restarted
	)
	for _, c := range []struct {
		name     string
		numbers  []uint16
		orders   []rtp.Order
		expected uint32
		lost     uint32
	}{
		{"one after another", []uint16{5, 6, 7}, []rtp.Order{next, next, next}, 3, 0},
		{"over the end of 16 bits", []uint16{65534, 65535, 0, 1}, []rtp.Order{next, next, next, next}, 4, 0},
		{"a gap", []uint16{1, 4}, []rtp.Order{next, next}, 4, 2},
		{"the longest gap", []uint16{1, 3000}, []rtp.Order{next, next}, 3000, 2998},
		{"a gap that fills", []uint16{1, 3, 2}, []rtp.Order{next, next, late}, 3, 0},
		{"late over the end", []uint16{65535, 1, 0}, []rtp.Order{next, next, late}, 3, 0},
		{"the first comes late", []uint16{2, 1, 3}, []rtp.Order{next, late, next}, 3, 0},
		{"the first comes late, of a cycle before", []uint16{0, 65535}, []rtp.Order{next, late}, 2, 0},
		{"twice", []uint16{1, 1, 2, 1}, []rtp.Order{next, twice, next, twice}, 2, 0},
		{"a late one twice", []uint16{1, 3, 2, 2}, []rtp.Order{next, next, late, twice}, 3, 0},
		{"latest", []uint16{1000, 900}, []rtp.Order{next, late}, 101, 99},
		{"too late", []uint16{1000, 899}, []rtp.Order{next, jumped}, 1, 0},
		{"a stray", []uint16{1, 40000, 2}, []rtp.Order{next, jumped, next}, 2, 0},
		{"two strays", []uint16{1, 40000, 2, 40001}, []rtp.Order{next, jumped, next, jumped}, 2, 0},
		{"a restart", []uint16{1, 40000, 40001, 40002}, []rtp.Order{next, jumped, restarted, next}, 2, 0},
		{"a restart at the end of 16 bits", []uint16{1, 65535 - 20000, 45536}, []rtp.Order{next, jumped, restarted}, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s rtp.Sequence
			var orders []rtp.Order
			for _, n := range c.numbers {
				orders = append(orders, s.Step(n).Order)
			}
			if diff := cmp.Diff(c.orders, orders); diff != "" {
				t.Errorf("orders (-want +got):\n%s", diff)
			}
			if s.Expected() != c.expected || s.Lost() != c.lost {
				t.Errorf("expected %d, lost %d; want %d, %d", s.Expected(), s.Lost(), c.expected, c.lost)
			}
		})
	}
}

func TestNothingIsExpectedBeforeTheFirstPacket(t *testing.T) {
	var s rtp.Sequence
	if s.Expected() != 0 || s.Lost() != 0 {
		t.Errorf("expected %d, lost %d, want 0", s.Expected(), s.Lost())
	}
}

// TestExtendedNumbersCountOn: whatever is lost, doubled or out of order, a
// packet's extended number is its place, and each is told once.
func TestExtendedNumbersCountOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Uint16().Draw(t, "first")
		sent := shuffled(t, rapid.IntRange(1, 400).Draw(t, "packets"))
		var s rtp.Sequence
		var places []int
		var base uint32
		for i, place := range sent {
			a := s.Step(first + uint16(place))
			if i == 0 {
				base = a.Number - uint32(place)
			}
			if got := int(a.Number - base); got != place {
				t.Fatalf("packet %d has the place %d", place, got)
			}
			if a.Order == rtp.Duplicate != slices.Contains(places, place) {
				t.Fatalf("packet %d: order %d", place, a.Order)
			}
			if a.Order != rtp.Duplicate {
				places = append(places, place)
			}
		}
		missing := slices.Max(places) - slices.Min(places) + 1 - len(places)
		if int(s.Lost()) != missing {
			t.Fatalf("%d are lost, want %d", s.Lost(), missing)
		}
	})
}

// shuffled draws the places of n packets as they arrive: some never, some
// twice, some up to twenty later.
func shuffled(t *rapid.T, n int) []int {
	type arrival struct{ place, at int }
	var arrivals []arrival
	for place := range n {
		for range rapid.SampledFrom([]int{0, 1, 1, 1, 1, 2}).Draw(t, "copies") {
			arrivals = append(arrivals, arrival{place, place + rapid.IntRange(0, 20).Draw(t, "delay")})
		}
	}
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return a.at - b.at })
	places := []int{}
	for _, a := range arrivals {
		places = append(places, a.place)
	}
	if len(places) == 0 {
		places = append(places, 0)
	}
	return places
}
