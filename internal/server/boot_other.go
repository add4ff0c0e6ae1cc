//go:build !linux

package server

import "time"

// sinceBoot returns the time since start, by a timer that nobody can set.
func sinceBoot() time.Duration { return time.Since(began) }
