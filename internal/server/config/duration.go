package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/setting"
)

// day is 24 hours. Settings in days are retention periods, where an hour of
// summer time does not matter.
const day = 24 * time.Hour

func parseDuration(text string) (any, error) { return ParseDuration(text) }

// ParseDuration parses what time.ParseDuration does, with days before it: "90d",
// "1d12h", "1m30s". A setting is never negative.
func ParseDuration(text string) (time.Duration, error) {
	var d time.Duration
	rest := text
	if number, after, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return 0, setting.ErrForm
		}
		if n >= uint64(math.MaxInt64/day) {
			return 0, errors.New("is longer than can be counted")
		}
		d, rest = time.Duration(n)*day, after
	}
	if rest != "" || text == "" {
		clock, err := time.ParseDuration(rest)
		switch {
		case err != nil:
			return 0, setting.ErrForm
		case clock < 0 || strings.ContainsAny(rest, "+-"):
			return 0, errors.New("has a sign")
		case clock > math.MaxInt64-d:
			return 0, errors.New("is longer than can be counted")
		}
		d += clock
	}
	return d, nil
}

// formatDuration writes a time.Duration as an operator would: 90d, 1m30s.
func formatDuration(d time.Duration) string {
	days, clock := "", d.String()
	if d >= day {
		days, clock = fmt.Sprintf("%dd", d/day), (d % day).String()
		if d%day == 0 {
			return days
		}
	}
	clock = strings.Replace(clock, "m0s", "m", 1) // 1h0m0s, and 10m0s
	return days + strings.Replace(clock, "h0m", "h", 1)
}
