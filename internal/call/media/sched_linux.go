package media

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

const (
	realtime = 5   // of SCHED_FIFO, 1 to 99: above all normal threads, below the kernel's own
	niceness = -10 // where that is not allowed
)

// raise gives the calling thread the most priority that it is allowed. Threads
// that the runtime starts from it do not inherit it.
func raise() Priority {
	fifo := unix.SchedAttr{Policy: unix.SCHED_FIFO, Priority: realtime, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	refused := unix.SchedSetAttr(0, &fifo, 0)
	if refused == nil {
		return Priority{Realtime: true}
	}
	refused = fmt.Errorf("SCHED_FIFO %d: %w", realtime, refused)
	nice := unix.SchedAttr{Policy: unix.SCHED_NORMAL, Nice: niceness, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	if err := unix.SchedSetAttr(0, &nice, 0); err != nil {
		return Priority{Refused: errors.Join(refused, fmt.Errorf("nice %d: %w", niceness, err))}
	}
	return Priority{Nice: niceness, Refused: refused}
}

// machineClock is CLOCK_MONOTONIC.
type machineClock struct {
	began time.Time
	since unix.Timespec // the same moment, as the kernel counts it
}

func newMachineClock() (Clock, error) {
	c := &machineClock{began: time.Now()}
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &c.since); err != nil {
		return nil, fmt.Errorf("read CLOCK_MONOTONIC: %w", err)
	}
	return c, nil
}

// Now returns the time since the clock was made.
func (c *machineClock) Now() time.Duration { return time.Since(c.began) }

// Sleep is clock_nanosleep(2) until an absolute time. This system call is no raw one:
// to the runtime a thread that sleeps in a raw one works, for too long after 10 ms.
// It would take the thread's processor away, and have one of its own threads hand
// it back, which have no priority and wait for a core: up to 100 ms on a busy machine.
func (c *machineClock) Sleep(until time.Duration) {
	at := unix.NsecToTimespec(c.since.Nano() + int64(until))
	for {
		if err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &at, nil); err != unix.EINTR {
			return
		}
	}
}
