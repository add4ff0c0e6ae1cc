package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/server"
)

// TestSuspectsAreLookedAtAtABoundedPace has strangers request ten thousand
// entries without their keys, again and again.
func TestSuspectsAreLookedAtAtABoundedPace(t *testing.T) {
	s := server.NewSuspects()
	began := time.Unix(1_800_000_000, 0)
	looks := map[string]int{}
	for round := range 200 { // ten minutes
		now := began.Add(time.Duration(round) * server.SuspectsEvery)
		for i := range 10_000 {
			s.Add(fmt.Sprint(i), now)
		}
		taken := s.Take(now)
		if len(taken) != server.SuspectsAtOnce {
			t.Fatalf("%d are looked at in a round", len(taken))
		}
		for _, id := range taken {
			looks[id]++
		}
	}
	if len(looks) != 400 {
		t.Errorf("%d entries are looked at, some more than once before others", len(looks))
	}
	for now := began.Add(time.Hour); len(s.Take(now)) > 0; now = now.Add(server.SuspectsEvery) {
	}
	if s.Take(began.Add(24 * time.Hour)); s.Known() > 0 {
		t.Errorf("%d are remembered for ever", s.Known())
	}
}

func TestASuspectIsLookedAtOnceAMinute(t *testing.T) {
	s := server.NewSuspects()
	began := time.Unix(1_800_000_000, 0)
	looks := 0
	for at := time.Duration(0); at < 10*time.Minute; at += server.SuspectsEvery {
		s.Add("shop", began.Add(at))
		looks += len(s.Take(began.Add(at)))
	}
	if looks != 10 {
		t.Errorf("it is looked at %d times in ten minutes", looks)
	}
}
