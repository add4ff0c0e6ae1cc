package softphone

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// unit is how many units the packets of these tests have.
const unit = 160

// packet returns the n-th packet of a stream whose timestamps overflow.
func packet(n int) rtp.Packet {
	return rtp.Packet{
		Header:  rtp.Header{SSRC: 7, Timestamp: uint32(n*unit) - 3*unit},
		Payload: bytes.Repeat([]byte{byte(n)}, unit),
	}
}

// lay puts packets in order, and returns their numbers; a gap is a row of -1.
func lay(numbers ...int) []int {
	var line timeline
	var ready []piece
	for _, n := range numbers {
		ready = line.step(ready, sdp.PCMU, packet(n))
	}
	var got []int
	for _, p := range line.flush(ready) {
		for range p.gap / unit {
			got = append(got, -1)
		}
		got = append(got, int(p.payload[0]))
	}
	return got
}

func TestPacketsComeInTheOrderOfTheirTimestamps(t *testing.T) {
	for _, c := range []struct {
		name      string
		came, got []int
	}{
		{"in order", []int{0, 1, 2, 3, 4}, []int{0, 1, 2, 3, 4}},
		{"two changed places", []int{0, 2, 1, 3}, []int{0, 1, 2, 3}},
		{"one came twice", []int{0, 1, 1, 3, 3, 2}, []int{0, 1, 2, 3}},
		{"one is lost", []int{0, 1, 3, 4}, []int{0, 1, -1, 3, 4}},
		{"one comes too late", []int{0, 2, 30, 1, 31}, append(append([]int{0, -1, 2}, rows(27)...), 30, 31)},
	} {
		if got := lay(c.came...); !slices.Equal(got, c.got) {
			t.Errorf("%s: %v came as %v", c.name, c.came, got)
		}
	}
}

func rows(n int) []int {
	return slices.Repeat([]int{-1}, n)
}

func TestAnotherStreamFollowsWithoutAGap(t *testing.T) {
	var line timeline
	ready := line.step(nil, sdp.PCMU, packet(0))
	ready = line.step(ready, sdp.PCMU, packet(2)) // waits for 1
	other := packet(9)
	other.SSRC = 8
	ready = line.step(ready, sdp.PCMU, other)
	far := packet(longestGap)
	far.SSRC = 8
	ready = line.step(ready, sdp.PCMU, far)
	var gaps []int
	for _, p := range ready {
		gaps = append(gaps, p.gap)
	}
	if !slices.Equal(gaps, []int{0, unit, 0, 0}) {
		t.Errorf("the gaps are %v", gaps)
	}
}

// TestNearlyOrderedPacketsAreAllHeard: whatever overtakes what within the
// lateness, all that came is there once, and what did not come is a gap.
func TestNearlyOrderedPacketsAreAllHeard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = lateness / unit
		came := []int{0}
		var want []int
		for last := 0; last < 100; { // of what is lost in a row, less than is waited for
			last += 1 + max(0, rapid.IntRange(-10, most/4).Draw(t, "lost"))
			came = append(came, last)
		}
		next := 0
		for _, n := range came {
			want = append(want, rows(n-next)...)
			want = append(want, n)
			next = n + 1
		}
		for i := 1; i+1 < len(came); i++ {
			j := rapid.IntRange(i, min(i+2, len(came)-1)).Draw(t, "overtakes")
			if came[j]-came[i] < most/4 {
				came[i], came[j] = came[j], came[i]
			}
		}
		if got := lay(came...); !slices.Equal(got, want) {
			t.Fatalf("%v came as %v", came, got)
		}
	})
}
