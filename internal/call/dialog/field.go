package dialog

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is the value of a header field with its parameters, as most of them are
// built: value;name=text;name (RFC 3261 section 7.3.1).
type field struct {
	value  string
	params []param
}

type param struct {
	name string // in lower case
	text string // without quotation marks; "" where there is none
}

// maxParams is more parameters than any header field has; the rest is dropped.
const maxParams = 32

// parseField reads a header field with a single value. It takes white space
// anywhere around the parts, and never fails: what makes no sense is text.
func parseField(text string) field {
	value, rest := cutUnquoted(text, ';')
	f := field{value: strings.TrimSpace(value)}
	for rest != "" && len(f.params) < maxParams {
		var one string
		one, rest = cutUnquoted(rest, ';')
		name, value, _ := strings.Cut(one, "=")
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			f.params = append(f.params, param{name, unquote(strings.TrimSpace(value))})
		}
	}
	return f
}

// cutUnquoted cuts text at the first separator outside quotation marks.
func cutUnquoted(text string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++ // the next is text, whatever it is
		case c == separator && !quoted:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// unquote returns what stands between quotation marks, or text itself.
func unquote(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	text = text[1 : len(text)-1]
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// param returns the first parameter of a name, which is in lower case; "" if
// there is none.
func (f *field) param(name string) string {
	for _, p := range f.params {
		if p.name == name {
			return p.text
		}
	}
	return ""
}

// has reports whether there is a parameter of a name, which is in lower case.
func (f *field) has(name string) bool {
	return slices.ContainsFunc(f.params, func(p param) bool { return p.name == name })
}

// maxSeconds is the highest number of seconds that a header field can say (RFC
// 3261 section 20.19); what is above means it.
const maxSeconds = 1<<32 - 1

// parseSeconds reads a whole number of seconds.
func parseSeconds(text string) (d time.Duration, ok bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		n = maxSeconds // all digits: there are too many of them
	}
	return time.Duration(n) * time.Second, true
}

// writeSeconds writes d as a whole number of seconds, rounded up.
func writeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
