//go:build !linux

package app

import "time"

// sinceBoot is a timer that nobody sets.
func sinceBoot() time.Duration { return time.Since(began) }
