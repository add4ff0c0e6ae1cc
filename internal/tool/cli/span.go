package cli

import (
	"errors"
	"time"

	"github.com/switchhook/switchhook/internal/server/config"
)

// span is a duration as operators write it in the settings: 90d, 1h30m, 45s.
type span time.Duration

// maxSpan is a century: longer than anything is stored.
const maxSpan = 36500 * 24 * time.Hour

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *span) UnmarshalText(text []byte) error {
	d, err := config.ParseDuration(string(text))
	if err != nil || d > maxSpan {
		return errors.New("a time is written as a number and a unit: 90d, 24h, 30m, 45s")
	}
	*s = span(d)
	return nil
}

// before returns the time this long before now.
func (s span) before(now time.Time) time.Time { return now.Add(-time.Duration(s)) }
