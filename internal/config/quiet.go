package config

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// QuietHours is a part of each day, over midnight where To is before From. The
// zero value is none.
type QuietHours struct {
	// From and To are the times of day between which it is quiet, by the clock
	// on the wall: since 00:00, less than 24 hours. To is not of it.
	From, To time.Duration
}

// IsSet says whether there are quiet hours.
func (q QuietHours) IsSet() bool { return q != QuietHours{} }

// String returns the hours as the settings file has them, or "" for none.
func (q QuietHours) String() string {
	if !q.IsSet() {
		return ""
	}
	return timeOfDay(q.From) + "-" + timeOfDay(q.To)
}

func timeOfDay(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute)
}

func parseQuietHours(text, _ string) (any, error) {
	begin, end, _ := strings.Cut(text, "-")
	from, okFrom := readTimeOfDay(strings.TrimSpace(begin))
	to, okTo := readTimeOfDay(strings.TrimSpace(end))
	switch {
	case !okFrom || !okTo:
		return nil, errOther
	case from == to:
		return nil, errors.New("ends when it begins; leave it out for no quiet hours")
	}
	return QuietHours{From: from, To: to}, nil
}

// readTimeOfDay reads 00:00 to 23:59.
func readTimeOfDay(text string) (time.Duration, bool) {
	const layout = "15:04"
	t, err := time.Parse(layout, text)
	if err != nil || t.Format(layout) != text { // 8:00 would be read
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}
