package app

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot is a timer that nobody sets, and that goes on while the machine is
// asleep.
func sinceBoot() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Since(began)
	}
	return time.Duration(now.Nano())
}
