package dialog

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// sipfragType is the type of a NOTIFY's body that says how a transfer is going
// (RFC 3515 section 2.4.5).
const sipfragType = "message/sipfrag;version=2.0"

// parseSipfrag returns the status of the response that a message/sipfrag begins
// with (RFC 3420); it is not ok if it begins otherwise. Empty lines before it, any
// ends of lines and a missing reason are taken, and no Content-Type is asked for:
// there are phones that send another.
func parseSipfrag(body []byte) (status int, ok bool) {
	line, _, _ := bytes.Cut(bytes.TrimLeft(body, "\r\n\t "), []byte("\n"))
	version, rest, _ := strings.Cut(string(line), " ")
	code, _, _ := strings.Cut(strings.TrimLeft(strings.TrimRight(rest, "\r"), " "), " ")
	if !strings.EqualFold(version, "SIP/2.0") || len(code) != 3 {
		return 0, false
	}
	status, err := strconv.Atoi(code)
	return status, err == nil && status >= 100 && status < 700
}

// writeSipfrag returns a body, with its type, that says how far a transfer is, by
// the last response of the call that it makes.
func writeSipfrag(status int, reason string) (contentType string, body []byte) {
	reason = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1 // it ends the line, or worse
		}
		return r
	}, reason)
	return sipfragType, []byte("SIP/2.0 " + strconv.Itoa(status) + " " + reason + "\r\n")
}

// subscription is a Subscription-State header field (RFC 6665 section 8.2.3).
type subscription struct {
	over    bool          // terminated
	reason  string        // why; optional
	expires time.Duration // until it is over; 0: it does not say
}

// parseSubscription reads a Subscription-State header field.
func parseSubscription(text string) subscription {
	f := parseField(text)
	s := subscription{over: strings.EqualFold(f.value, "terminated"), reason: f.param("reason")}
	s.expires, _ = parseSeconds(f.param("expires"))
	return s
}

// String returns the value of the header field.
func (s subscription) String() string {
	if s.over {
		return "terminated;reason=" + s.reason
	}
	return "active;expires=" + writeSeconds(s.expires)
}

// parseReferEvent reads an Event header field: it is not ok unless the event is
// refer. id names the REFER by its CSeq where there may be several (RFC 3515
// section 2.4.6); "": the only one.
func parseReferEvent(text string) (id string, ok bool) {
	f := parseField(text)
	return f.param("id"), strings.EqualFold(f.value, "refer")
}

// parseReferSub reads a Refer-Sub header field, and reports whether there will be
// no NOTIFY (RFC 4488 section 4).
func parseReferSub(text string) (silent bool) {
	return strings.EqualFold(parseField(text).value, "false")
}
