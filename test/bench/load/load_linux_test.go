package main

import (
	"testing"
	"time"
)

func TestSearchFindsTheMostThatIsWell(t *testing.T) {
	for _, limit := range []int{0, 9, 10, 11, 100, 333, 1279, 5000} {
		tried := 0
		got, err := search(10, 1280, func(calls int) (bool, error) {
			tried++
			return calls <= limit, nil
		})
		most := min(limit, 1280)
		if limit < 10 {
			most = 0 // the first was too many
		}
		if err != nil || got > most || most-got > max(1, got/10) {
			t.Errorf("up to %d calls are well: the limit is %d, %v", limit, got, err)
		}
		if tried > 14 {
			t.Errorf("up to %d calls are well: it took %d trials", limit, tried)
		}
	}
}

func TestStreamsCountWhatIsLateAndLost(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	var s stream
	for _, p := range []struct {
		sequence uint16
		at       time.Duration
		counting bool
	}{
		{65530, 0, false},
		{65533, 500 * time.Millisecond, true}, // what was before does not count
		{65534, 520 * time.Millisecond, true},
		{65535, 551 * time.Millisecond, true}, // late
		{1, 570 * time.Millisecond, true},     // 0 is lost
		{2, 611 * time.Millisecond, true},     // very late
		{5, 900 * time.Millisecond, false},
	} {
		s.count(p.sequence, began.Add(p.at), p.counting)
	}
	s.measured = false
	if want := (counts{received: 5, lost: 1, late: 2, veryLate: 1}); s.counts != want {
		t.Errorf("counted %+v, want %+v", s.counts, want)
	}
	if !s.first.Equal(began) {
		t.Errorf("the first packet came at %v, want %v", s.first, began)
	}
}
