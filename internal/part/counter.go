package part

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Other is the label of what is outside a closed set.
const Other = "other"

// Counter counts by one label, from a closed set.
type Counter[L ~string] struct {
	*prometheus.CounterVec
	set []L
}

// NewCounter returns a Counter. The series of the set begin at zero, because
// alarms go by rates, and a series that begins at one has none; what is not of
// the set counts as Other. Without a set, the values are closed by their type,
// and each series begins when it is first counted.
func NewCounter[L ~string](name, help, label string, set ...L) *Counter[L] {
	c := &Counter[L]{prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label}), set}
	for _, value := range set {
		c.WithLabelValues(string(value))
	}
	return c
}

// Count counts one.
func (c *Counter[L]) Count(value L) {
	if c.set != nil && !slices.Contains(c.set, value) {
		value = Other
	}
	c.WithLabelValues(string(value)).Inc()
}

// Result is how something went that succeeds or fails.
type Result string

// The results.
const (
	OK     Result = "ok"
	Failed Result = "failed"
)

// ResultOf returns the Result of a success or a failure.
func ResultOf(ok bool) Result {
	if ok {
		return OK
	}
	return Failed
}
