package netsapiens

import "time"

// apiTime is how the API writes times, in UTC, and takes them.
const apiTime = "2006-01-02 15:04:05"

// parseTime reads a time as phone systems write it: "2023-07-31 23:52:35",
// which is UTC, or RFC 3339. It is zero where there is none, or an odd one.
func parseTime(text string) time.Time {
	for _, layout := range [...]string{time.RFC3339, apiTime} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
