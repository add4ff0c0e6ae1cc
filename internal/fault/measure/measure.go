// Package measure writes lengths of time and numbers of bytes as people say them,
// for the sentences of errors and of steps.
package measure

import (
	"strconv"
	"strings"
	"time"
)

// Seconds returns a time that somebody waited: "15 s", "1.5 s", "250 ms".
func Seconds(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + " s"
}

// Span returns a length of time to the second: "1h30m", "2h", "40s".
func Span(d time.Duration) string {
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Bytes returns a number of bytes: "14 bytes", "1 MiB".
func Bytes(n int64) string {
	switch {
	case n == 1:
		return "1 byte"
	case n > 0 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + " MiB"
	case n > 0 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
