package measure_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
)

func TestTimesAreSaidAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		90 * time.Minute: {"5400 s", "1h30m"}, 2 * time.Hour: {"7200 s", "2h"}, time.Minute: {"60 s", "1m"}, 1500 * time.Millisecond: {"1.5 s", "2s"},
		100 * time.Second: {"100 s", "1m40s"}, 250 * time.Millisecond: {"250 ms", "0s"}, 0: {"0 ms", "0s"},
	} {
		if got := [2]string{measure.Seconds(d), measure.Span(d)}; got != want {
			t.Errorf("%d is %q, want %q", d, got, want)
		}
	}
}

func TestBytesAreSaidAsPeopleSayThem(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 14: "14 bytes", 1024: "1 KiB", 1025: "1025 bytes", 8 << 20: "8 MiB"} {
		if got := measure.Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
