package systemd

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic returns the clock by which systemd distinguishes reloads:
// CLOCK_MONOTONIC, which Go's own monotonic time does not expose.
func monotonic() (now time.Duration, ok bool) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
