package responder

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Bounds of numbers in documents. Beyond them a value is a slip, not intent.
const (
	maxNumDigits = 255
	maxSeconds   = 24 * 60 * 60
)

// seconds reads a time. An explicit zero is Immediately; an unusable value is
// reported and returns 0, the default.
func (p *parser) seconds(name, value string, offset int) time.Duration {
	value = strings.TrimSpace(value)
	d, ok := secondsOf(value)
	switch {
	case !ok:
		p.scan.found.report(offset, CodeValue, "%s=%q is not a number of seconds from 0 to %d", name, shorten(value), maxSeconds)
		return 0
	case d == 0:
		return Immediately
	}
	return d
}

// secondsOf reads a time to the millisecond.
func secondsOf(value string) (time.Duration, bool) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > maxSeconds {
		return 0, false
	}
	return time.Duration(math.Round(n*1000)) * time.Millisecond, true
}

func (p *parser) count(name, value string, offset int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxNumDigits {
		p.scan.found.report(offset, CodeValue, "%s=%q is not a number from 1 to %d", name, shorten(value), maxNumDigits)
		return 0
	}
	return n
}

func (p *parser) input(value string, offset int) Input {
	var dtmf, speech bool
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch strings.ToLower(word) {
		case "dtmf":
			dtmf = true
		case "speech":
			speech = true
		default:
			p.scan.found.report(offset, CodeValue, "input=%q is not dtmf, speech or both", shorten(value))
			return ""
		}
	}
	switch {
	case dtmf && speech:
		return InputBoth
	case speech:
		return InputSpeech
	case dtmf:
		return InputDTMF
	}
	return ""
}

func (p *parser) track(a attr) Track {
	t := Track(strings.ToLower(a.value))
	if !t.known() {
		p.scan.found.report(a.offset, CodeValue, "track=%q is not inbound, outbound or both", shorten(a.value))
		return ""
	}
	return t
}

func (p *parser) method(value string, offset int) string {
	switch m := strings.ToUpper(value); m {
	case "", "GET", "POST":
		return m
	}
	p.scan.found.report(offset, CodeValue, "method=%q is neither GET nor POST", shorten(value))
	return ""
}

func (p *parser) finishKey(value string, offset int) string {
	switch {
	case value == "":
		return NoFinishKey
	case !isKeys(value):
		p.scan.found.report(offset, CodeValue, "finishOnKey=%q has a character that is not a telephone key", shorten(value))
		return ""
	}
	return value
}

func (p *parser) yes(name, value string, offset int) bool {
	switch strings.ToLower(value) {
	case "true", "yes", "1":
		return true
	case "false", "no", "0", "":
		return false
	}
	p.scan.found.report(offset, CodeValue, "%s=%q is neither true nor false", name, shorten(value))
	return false
}

// isKeys reports whether s is made of telephone keys.
func isKeys(s string) bool {
	return strings.Trim(s, "0123456789*#ABCD") == ""
}

// collapse puts one space in the place of each run of white space, as it is
// read aloud, and none at the ends.
func collapse(s string) string {
	s = strings.TrimSpace(s)
	before := rune(0)
	for _, r := range s {
		if unicode.IsSpace(r) && (r != ' ' || before == ' ') {
			return strings.Join(strings.Fields(s), " ")
		}
		before = r
	}
	return s
}

// schemeOf returns a URL's scheme in lower case, or "".
func schemeOf(url string) string {
	scheme, _, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	return strings.ToLower(scheme)
}
