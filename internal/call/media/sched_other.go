//go:build !linux

package media

import (
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// raise gives nothing: only tests run threads here.
func raise() Priority {
	return Priority{Refused: fault.Newf(fault.Unsupported, "real-time threads need Linux")}
}

// machineClock is the runtime's.
type machineClock struct{ began time.Time }

func newMachineClock() (Clock, error) { return &machineClock{time.Now()}, nil }

// Now returns the time since the clock was made.
func (c *machineClock) Now() time.Duration { return time.Since(c.began) }

// Sleep is time.Sleep.
func (c *machineClock) Sleep(until time.Duration) { time.Sleep(until - c.Now()) }

func newMachineBell() (bell, error) { return newPlainBell(), nil }
