package voice

import (
	"testing"
	"time"
)

func TestLinesThatWereLeftOutAreCounted(t *testing.T) {
	var s sparing
	for i := range strangersAtOnce {
		if n, written := s.may(0); n != 0 || !written {
			t.Fatalf("line %d: %d, %v", i, n, written)
		}
	}
	for range 40 {
		if _, written := s.may(strangerEvery - 1); written {
			t.Fatal("one line too many is written")
		}
	}
	if n, written := s.may(strangerEvery); n != 40 || !written {
		t.Errorf("a second later: %d, %v; want the number of those that were left out", n, written)
	}
	if n, written := s.may(time.Hour); n != 0 || !written {
		t.Errorf("an hour later: %d, %v", n, written)
	}
}
