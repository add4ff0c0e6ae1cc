//go:build unix && !linux

package speech_test

import "testing"

// asUrgent does nothing: only on Linux is a priority raised.
func asUrgent(*testing.T, func()) bool { return false }
