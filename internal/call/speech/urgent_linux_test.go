package speech_test

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// asUrgent does something on a thread of a raised priority, and reports whether
// it could be raised.
func asUrgent(t *testing.T, do func()) (raised bool) {
	t.Helper()
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Nice: -5}
		if unix.SchedSetAttr(0, &attr, 0) != nil {
			done <- false
			return
		}
		do()
		done <- true
	}()
	return <-done
}
