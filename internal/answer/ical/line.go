package ical

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	// maxLine bounds a line, in bytes, except for lists of days and for texts
	// that we do not read.
	maxLine = 64 << 10

	// maxColons bounds the colons at which the value of a line may begin.
	maxColons = 20

	calendar = "VCALENDAR"
)

// unfold returns the content lines of a file: a line that begins with a blank or
// a tab continues the previous one. A fold may split a character, so lines are
// bytes. NULs, empty lines and byte order marks are left out.
func unfold(data []byte) [][]byte {
	var lines [][]byte
	for len(data) > 0 {
		var line []byte
		if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			line, data = data, nil
		}
		if bytes.IndexByte(line, 0) >= 0 {
			line = bytes.ReplaceAll(line, []byte{0}, nil)
		}
		line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		switch {
		case len(line) == 0:
		case (line[0] == ' ' || line[0] == '\t') && len(lines) > 0:
			last := &lines[len(lines)-1]
			*last = append(*last, line[1:]...)
		case len(bytes.TrimSpace(line)) > 0:
			lines = append(lines, bytes.Clone(line))
		}
	}
	return lines
}

// toUTF8 returns a line as UTF-8. Bytes that are not are those of Windows-1252,
// which has the letters of Latin-1 where they are.
func toUTF8(line []byte) (text string, odd bool) {
	if utf8.Valid(line) {
		return string(line), false
	}
	var b strings.Builder
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		if r == utf8.RuneError && size == 1 {
			r = charmap.Windows1252.DecodeByte(line[0])
		}
		b.WriteRune(r)
		line = line[size:]
	}
	return b.String(), true
}

// mark returns the name of a component that a line begins or ends, in capitals.
func mark(line, which string) (name string, ok bool) {
	before, after, found := strings.Cut(line, ":")
	if !found || len(before) > 2*len(which) || !strings.EqualFold(strings.TrimSpace(before), which) {
		return "", false
	}
	name = strings.ToUpper(strings.TrimSpace(after))
	return name, name != "" && nameLength(name) == len(name)
}

// cutSuffixFold is strings.CutSuffix of any letter case, and of a line that may
// end in blanks.
func cutSuffixFold(line, suffix string) (before string, ok bool) {
	line = strings.TrimSpace(line)
	if at := len(line) - len(suffix); at >= 0 && strings.EqualFold(line[at:], suffix) {
		return line[:at], true
	}
	return line, false
}

// isHalfEnd reports whether a line is the beginning of END:VCALENDAR, as that of
// a file that ends within its last line.
func isHalfEnd(line string) bool {
	const whole, least = "END:" + calendar, len("END")
	line = strings.ToUpper(strings.TrimSpace(line))
	return len(line) >= least && strings.HasPrefix(whole, line)
}

// isEnd reports whether a line is END:VCALENDAR.
func isEnd(line string) bool {
	name, ok := mark(line, "END")
	return ok && name == calendar
}

// isOuter reports whether a component stands in a calendar and in nothing else.
func isOuter(name string) bool {
	switch name {
	case "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY", "VPOLL":
		return true
	}
	return false
}

// isKnown reports whether a component is one of a standard or of a vendor.
func isKnown(name string) bool {
	switch name {
	case calendar, "VALARM", "STANDARD", "DAYLIGHT", "AVAILABLE", "PARTICIPANT", "VLOCATION", "VRESOURCE":
		return true
	}
	return isOuter(name) || strings.HasPrefix(name, "X-")
}

// nameLength returns how many bytes of a line are a name.
func nameLength(line string) int {
	for i := range len(line) {
		c := line[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return i
		}
	}
	return len(line)
}

// cutName returns the name of a line's property, and where what follows it
// begins. Names that are not in capitals must be known: a sentence may have a
// colon too.
func cutName(line string) (name string, at int, ok bool) {
	n := nameLength(line)
	at = n + len(line[n:]) - len(strings.TrimLeft(line[n:], " \t"))
	if n == 0 || at == len(line) || line[at] != ':' && line[at] != ';' {
		return "", 0, false
	}
	name = strings.ToUpper(line[:n])
	return name, at, name == line[:n] || strings.HasPrefix(name, "X-") || strings.Contains(names, " "+name+" ")
}

// names are the properties of RFC 5545, RFC 7986 and RFC 9073.
const names = " CALSCALE METHOD PRODID VERSION ATTACH CATEGORIES CLASS COMMENT DESCRIPTION GEO LOCATION PERCENT-COMPLETE PRIORITY RESOURCES STATUS SUMMARY" +
	" COMPLETED DTEND DUE DTSTART DURATION FREEBUSY TRANSP TZID TZNAME TZOFFSETFROM TZOFFSETTO TZURL ATTENDEE CONTACT ORGANIZER RECURRENCE-ID" +
	" RELATED-TO URL UID EXDATE EXRULE RDATE RRULE ACTION REPEAT TRIGGER ACKNOWLEDGED CREATED DTSTAMP LAST-MODIFIED SEQUENCE REQUEST-STATUS NAME" +
	" REFRESH-INTERVAL SOURCE COLOR IMAGE CONFERENCE TIMEZONE-ID "

// isHead reports whether a line has a name and parameters but no value, as one
// that was broken without the blank of a fold.
func isHead(line string) bool {
	_, at, ok := cutName(line)
	return ok && line[at] == ';' && !strings.Contains(line, ":") && len(line) <= maxLine
}

// parse reads a content line. odd says what is odd about it, even if the rest of
// the line counts.
func parse(line string) (p Property, odd string, ok bool) {
	name, at, ok := cutName(line)
	if !ok {
		return p, "has a line that is no property", false
	}
	isList := name == "EXDATE" || name == "RDATE"
	if len(line) > maxLine && !isList {
		if name == "DESCRIPTION" || name == "ATTACH" || name == "COMMENT" || strings.HasPrefix(name, "X-") {
			return p, "", false
		}
		return p, "has a line that is too long", false
	}
	p.Name = name
	if line[at] == ':' {
		p.Value = line[at+1:]
		return p, "", true
	}
	colon, sound := valueAt(name, line, at)
	if colon-at > maxLine {
		return p, "has a line that is too long", false
	}
	if colon < 0 {
		return p, "has a line without a value", false
	}
	p.Value = line[colon+1:]
	p.Params, ok = params(line[at:colon])
	if !sound || !ok {
		odd = "has a line whose parameters are odd"
	}
	return p, odd, true
}

// valueAt returns the colon that the value follows. It is the first outside of
// quotes; where what follows that cannot be the value of such a property, a
// later one: programs leave out quotes that are needed, as those around the name
// of a time zone, and write such as belong in no text.
func valueAt(name, line string, from int) (colon int, sound bool) {
	first, sound := -1, true
	for i := from; i < len(line) && first < 0; i++ {
		switch line[i] {
		case ':':
			first = i
		case '"':
			end, strict := closing(line, i)
			sound = sound && strict
			if end < 0 { // of the line: quotes mean nothing in it any more
				first = i + strings.IndexByte(line[i:], ':')
				if first < i {
					return -1, false
				}
				continue
			}
			i = end
		}
	}
	if first < 0 || fits(name, line[first+1:]) {
		return first, sound
	}
	at := first
	for range maxColons {
		next := strings.IndexByte(line[at+1:], ':')
		if next < 0 {
			break
		}
		if at += 1 + next; fits(name, line[at+1:]) {
			return at, sound && name != "ATTENDEE"
		}
	}
	return first, sound
}

// closing returns the quote that ends the one at an index: the next one that
// something follows which may follow a value; -1: none does. It is strict where
// it is the next one at all.
func closing(line string, at int) (end int, strict bool) {
	for i := at + 1; i < len(line); i++ {
		if line[i] == '"' {
			if i+1 == len(line) || strings.IndexByte(":;,", line[i+1]) >= 0 {
				return i, !strings.Contains(line[at+1:i], `"`)
			}
		}
	}
	return -1, false
}

var (
	timeForm = regexp.MustCompile(`^\s*[0-9]{4}-?[0-9]{2}-?[0-9]{2}`)

	// laterAddress is an address that begins within a value.
	laterAddress = regexp.MustCompile(`(?i):(?:mailto|tel|invalid|urn|https?):`)
)

// fits reports whether a text may be the value of a property.
func fits(name, value string) bool {
	const enough = 2 << 10
	value = value[:min(len(value), enough)]
	switch name {
	case "DTSTART", "DTEND", "EXDATE", "RDATE", "RECURRENCE-ID":
		return timeForm.MatchString(value)
	case "ATTENDEE":
		return !laterAddress.MatchString(value)
	}
	return true
}

// params reads parameters, each after a semicolon. It is false where they are
// not as the standard has them.
func params(text string) (list []Param, ok bool) {
	ok = true
	quotes := true // mean something: until there is one that nothing ends
	for text != "" {
		text = text[1:] // the semicolon
		n := strings.IndexAny(text, "=;")
		if n < 0 || text[n] == ';' {
			if n < 0 {
				n = len(text)
			}
			ok = ok && strings.TrimSpace(text[:n]) == ""
			text = text[n:]
			continue
		}
		p := Param{Name: strings.ToUpper(strings.TrimSpace(text[:n]))}
		for more := true; more; {
			var value string
			var sound bool
			value, text, sound = paramValue(text[n+1:], &quotes)
			ok = ok && sound
			p.Values = append(p.Values, value)
			more, n = strings.HasPrefix(text, ","), 0
		}
		list = append(list, p)
	}
	return list, ok
}

// paramValue reads a value of a parameter, up to the comma or the semicolon that
// follows it.
func paramValue(text string, quotes *bool) (value, rest string, ok bool) {
	ok = true
	if start := len(text) - len(strings.TrimLeft(text, " \t")); strings.HasPrefix(text[start:], `"`) {
		if *quotes {
			if end, strict := closing(text, start); end >= 0 {
				return unescape(text[start+1 : end]), text[end+1:], strict
			}
		}
		text, ok, *quotes = text[start+1:], false, false
	}
	end := 0
	for ; end < len(text) && text[end] != ';' && text[end] != ','; end++ {
		if text[end] == '\\' && end+1 < len(text) {
			end++ // escaped as in a text, which the standard does not have here
		}
	}
	end = min(end, len(text))
	return unescape(text[:end]), text[end:], ok
}

// escaped are signs that cannot stand in a parameter as they are: by RFC 6868,
// and as in a text, which the standard does not have here.
var escaped = strings.NewReplacer("^n", "\n", "^N", "\n", "^'", `"`, "^^", "^", `\,`, ",", `\;`, ";", `\:`, ":", `\"`, `"`)

func unescape(value string) string { return escaped.Replace(value) }
