package provision_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/provision"
)

// TestSuspectsAreLookedAtAtABoundedPace has strangers request ten thousand
// entries without their keys, again and again.
func TestSuspectsAreLookedAtAtABoundedPace(t *testing.T) {
	var s provision.Suspects
	began := time.Unix(1_800_000_000, 0)
	looks := map[string]int{}
	for round := range 200 { // ten minutes
		now := began.Add(time.Duration(round) * provision.SuspectsEvery)
		for i := range 10_000 {
			s.Add(fmt.Sprint(i), now)
		}
		taken := s.Take(now)
		if len(taken) != provision.SuspectsAtOnce {
			t.Fatalf("%d are looked at in a round", len(taken))
		}
		for _, id := range taken {
			looks[id]++
		}
	}
	if len(looks) != 400 {
		t.Errorf("%d entries are looked at, some more than once before others", len(looks))
	}
	for now := began.Add(time.Hour); len(s.Take(now)) > 0; now = now.Add(provision.SuspectsEvery) {
	}
	if s.Take(began.Add(24 * time.Hour)); s.Known() > 0 {
		t.Errorf("%d are remembered for ever", s.Known())
	}
}

func TestASuspectIsLookedAtOnceAMinute(t *testing.T) {
	var s provision.Suspects
	began := time.Unix(1_800_000_000, 0)
	looks := 0
	for at := time.Duration(0); at < 10*time.Minute; at += provision.SuspectsEvery {
		s.Add("shop", began.Add(at))
		looks += len(s.Take(began.Add(at)))
	}
	if looks != 10 {
		t.Errorf("it is looked at %d times in ten minutes", looks)
	}
}
