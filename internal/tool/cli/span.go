package cli

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// span is a duration as operators write it in the settings: 90d, 1h30m, 45s.
type span time.Duration

var errNoSpan = errors.New("a time is written as a number and a unit: 90d, 24h, 30m, 45s")

const (
	day      = 24 * time.Hour
	mostDays = 36500 // a century: longer than anything is stored
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *span) UnmarshalText(text []byte) error {
	days, rest, found := strings.Cut(string(text), "d")
	if !found {
		days, rest = "0", string(text)
	}
	n, err := strconv.ParseUint(days, 10, 32)
	if err != nil || n > mostDays {
		return errNoSpan
	}
	var clock time.Duration
	if rest != "" || !found {
		if clock, err = time.ParseDuration(rest); err != nil || clock < 0 || clock > mostDays*day {
			return errNoSpan
		}
	}
	*s = span(time.Duration(n)*day + clock)
	return nil
}

// before returns the time this long before now.
func (s span) before(now time.Time) time.Time { return now.Add(-time.Duration(s)) }
