//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"
)

// spread is how long something took, each time.
type spread []time.Duration

// spreadHeader is above what String returns.
const spreadHeader = "p50/p99/max ms"

// String returns the 50th and the 99th percentile, and the longest.
func (s spread) String() string {
	if len(s) == 0 {
		return "-"
	}
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	return fmt.Sprintf("%.1f/%.1f/%.1f", ms(s.percentile(50)), ms(s.percentile(99)), ms(s.percentile(100)))
}

// percentile returns the time that so many in a hundred did not exceed; of none it is 0.
func (s spread) percentile(hundredths int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[(len(sorted)*hundredths+99)/100-1]
}
