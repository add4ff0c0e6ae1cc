package dialog

import (
	"slices"
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
	for _, header := range headers {
		for rest := header; rest != ""; {
			value, more := cutUnquoted(rest, ',')
			rest = more
			r, ok := parseReason(value)
			if ok && !slices.ContainsFunc(found, func(other reason) bool { return other.protocol == r.protocol }) {
				found = append(found, r)
			}
		}
	}
	return found
}

func parseReason(value string) (r reason, ok bool) {
	f := parseField(value)
	switch {
	case strings.EqualFold(f.value, protocolSIP):
		r.protocol = protocolSIP
	case strings.EqualFold(f.value, protocolQ850):
		r.protocol = protocolQ850
	default:
		return reason{}, false
	}
	r.cause, r.text = r.parseCause(f.param("cause")), presentable(f.param("text"))
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
