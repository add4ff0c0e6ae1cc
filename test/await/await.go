// Package await is how tests wait for what happens outside of a synctest
// bubble: in another process, at a real server, in a browser. A test cannot know
// what else its machine does, so it waits for what happens, and gives up at one
// limit that only a hang reaches.
package await

import (
	"context"
	"testing"
	"time"
)

// Limit is how long a test waits. It is far more than anything takes on a
// machine whose cores are shared by a dozen programs, and well within the time
// that the Makefile gives a package's tests.
const Limit = 5 * time.Minute

// pollInterval is the pause between two looks at what tells nobody of its
// changes.
const pollInterval = 5 * time.Millisecond

// Context returns the test's context with Limit as its deadline.
func Context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	t.Cleanup(cancel)
	return ctx
}

// That waits until is returns true. What completes "there never was …".
func That(t testing.TB, what string, is func() bool) {
	t.Helper()
	limit := time.NewTimer(Limit)
	defer limit.Stop()
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for !is() {
		select {
		case <-poll.C:
		case <-limit.C:
			t.Fatalf("there never was %s", what)
		}
	}
}

// From waits for a value from a channel, or for its end, which is the zero
// value. What completes "there never was …".
func From[T any](t testing.TB, what string, channel <-chan T) T {
	t.Helper()
	limit := time.NewTimer(Limit)
	defer limit.Stop()
	select {
	case value := <-channel:
		return value
	case <-limit.C:
		t.Fatalf("there never was %s", what)
		panic("unreachable")
	}
}
