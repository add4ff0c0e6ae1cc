package server

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot returns the time since boot, suspended time included. Nobody can
// set this timer.
func sinceBoot() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Since(began)
	}
	return time.Duration(now.Nano())
}
