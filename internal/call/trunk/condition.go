package trunk

import "time"

// Condition says whether a trunk carries calls, as far as is known.
type Condition string

// The conditions.
const (
	Unknown Condition = "unknown" // nothing has been heard yet, or nothing is asked
	Up      Condition = "up"
	Down    Condition = "down"
)

// A trunk is down after so many failures in a row, over so long a time: a carrier's
// server that restarts is back before.
const (
	maxFailures = 3
	failingFor  = 30 * time.Second
)

// condition is what attempts to reach a carrier say about it.
type condition struct {
	is       Condition
	since    time.Time
	failures int       // in a row
	began    time.Time // the first of them
	why      string    // of the last of them
}

// newCondition returns a condition that has seen no attempt.
func newCondition() condition { return condition{is: Unknown} }

// worked notes that the carrier answered as it should, and reports whether that
// changes its condition.
func (c *condition) worked(now time.Time) (changed bool) {
	changed = c.is != Up
	if changed {
		c.is, c.since = Up, now
	}
	c.failures, c.why = 0, ""
	return changed
}

// failed notes that the carrier did not, and reports whether that changes its
// condition. Certain says that another attempt would bring the same.
func (c *condition) failed(now time.Time, why string, certain bool) (changed bool) {
	if c.failures == 0 {
		c.began = now
	}
	c.failures++
	c.why = why
	if c.is == Down || !certain && (c.failures < maxFailures || now.Sub(c.began) < failingFor) {
		return false
	}
	c.is, c.since = Down, now
	return true
}
