package softphone

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// drawn returns the fates of datagrams that come every 20 ms.
func drawn(i Impairment, n int) []fate {
	l := newLottery(i, 0)
	all := make([]fate, n)
	for k := range all {
		all[k] = l.draw(time.Duration(k) * 20 * time.Millisecond)
	}
	return all
}

func TestFatesAreThoseOfTheSeed(t *testing.T) {
	bad := Impairment{Seed: 1, Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Delay: 150 * time.Millisecond, Jitter: 60 * time.Millisecond}
	first := drawn(bad, 1000)
	if diff := cmp.Diff(first, drawn(bad, 1000), cmp.AllowUnexported(fate{})); diff != "" {
		t.Errorf("the same seed (-first +second):\n%s", diff)
	}
	bad.Seed = 2
	if cmp.Equal(first, drawn(bad, 1000), cmp.AllowUnexported(fate{})) {
		t.Error("another seed has the same fates")
	}
}

func TestFatesAreAsLikelyAsAskedFor(t *testing.T) {
	bad := Impairment{Seed: 1, Loss: 0.1, Duplicate: 0.05, Reorder: 0.2, Delay: 150 * time.Millisecond, Jitter: 60 * time.Millisecond}
	var counts RelayCounts
	last := time.Duration(0)
	for i, f := range drawn(bad, 10_000) {
		counts.add(f)
		came := time.Duration(i) * 20 * time.Millisecond
		if f.copies == 0 {
			continue
		}
		if least := came + bad.Delay; f.at < least {
			t.Fatalf("datagram %d leaves %v early", i, least-f.at)
		}
		if !f.late {
			if f.at < last {
				t.Fatalf("datagram %d overtakes", i)
			}
			last = f.at
		}
	}
	near := func(what string, got uint64, want float64) {
		if float64(got) < want*0.9 || float64(got) > want*1.1 {
			t.Errorf("%s are %d, want about %.0f", what, got, want)
		}
	}
	near("lost", counts.Lost, 1000)
	near("passed", counts.Passed, 9000)
	near("duplicated", counts.Duplicated, 450)
	near("overtaken", counts.Overtaken, 1800)
}
