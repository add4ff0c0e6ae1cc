package dialog

import (
	"iter"
	"strconv"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// maxReasonText is how much of a Reason's text is kept, in bytes. It ends up in
// the record of the call.
const maxReasonText = 120

// reason is one value of a Reason header (RFC 3326).
type reason struct {
	protocol string // protocolSIP or protocolQ850
	cause    int    // of the protocol; 0: it has none
	text     string // for people; optional
}

// String returns r as it is sent.
func (r reason) String() string {
	s := r.protocol
	if r.cause != 0 {
		s += ";cause=" + strconv.Itoa(r.cause)
	}
	if r.text != "" {
		s += `;text="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(r.text) + `"`
	}
	return s
}

// parseReasons reads Reason headers, each of which may have several values. Of a
// protocol the first value counts; other protocols are skipped, and so is what
// cannot be read.
func parseReasons(headers ...string) []reason {
	var found []reason
	seen := make(map[string]bool)
	for _, header := range headers {
		for value := range splitUnquoted(header, ',') {
			if r, ok := parseReason(value); ok && !seen[r.protocol] {
				seen[r.protocol] = true
				found = append(found, r)
			}
		}
	}
	return found
}

func parseReason(value string) (r reason, ok bool) {
	for part := range splitUnquoted(value, ';') {
		if r.protocol == "" {
			switch part = strings.TrimSpace(part); {
			case strings.EqualFold(part, protocolSIP):
				r.protocol = protocolSIP
			case strings.EqualFold(part, protocolQ850):
				r.protocol = protocolQ850
			default:
				return reason{}, false
			}
			continue
		}
		name, argument, _ := strings.Cut(part, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "cause":
			r.cause = r.parseCause(unquoted(argument))
		case "text":
			r.text = presentable(unquoted(argument))
		}
	}
	return r, r.cause != 0 || r.text != ""
}

// parseCause returns 0 for what is no cause of the protocol.
func (r reason) parseCause(text string) int {
	cause, err := strconv.ParseUint(text, 10, 16)
	known := err == nil && (r.protocol == protocolQ850 && cause <= 127 || r.protocol == protocolSIP && cause >= 100 && cause <= 699)
	if !known {
		return 0
	}
	return int(cause)
}

// splitUnquoted yields the pieces of s between separators that do not stand
// within quotation marks (RFC 3261 section 25.1, quoted-string).
func splitUnquoted(s string, separator byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		quoted, from := false, 0
		for i := 0; i < len(s); i++ {
			switch {
			case s[i] == '"':
				quoted = !quoted
			case s[i] == '\\' && quoted:
				i++ // whatever comes next means itself
			case s[i] == separator && !quoted:
				if !yield(s[from:i]) {
					return
				}
				from = i + 1
			}
		}
		yield(s[from:])
	}
}

// unquoted returns a parameter without spaces around it and without its quotation
// marks, which need not be there, nor come in pairs.
func unquoted(s string) string {
	s = strings.TrimSpace(s)
	inner, isQuoted := strings.CutPrefix(s, `"`)
	if !isQuoted {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(inner) && inner[i] != '"'; i++ {
		if inner[i] == '\\' && i+1 < len(inner) {
			i++
		}
		b.WriteByte(inner[i])
	}
	return b.String()
}

// presentable returns a text of the other side as it may be shown and logged.
func presentable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return plaintext.Clip(strings.TrimSpace(text), maxReasonText)
}
