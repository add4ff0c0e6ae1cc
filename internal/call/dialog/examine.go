package dialog

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// acceptedBodies are the bodies that an INVITE may have.
const acceptedBodies = sdp.ContentType + ", multipart/mixed"

// refusal is a final response that needs no dialog and nobody's decision.
type refusal struct {
	status int
	fields []sip.Header
	phrase string // what is wrong, in a 400; otherwise the usual one
}

// refuseWith returns a refusal with one header field.
func refuseWith(status int, name, value string) *refusal {
	return &refusal{status: status, fields: []sip.Header{sip.NewHeader(name, value)}}
}

// examine returns why a request cannot be handled whatever it is about, or nil.
// The order is that of RFC 3261 section 8.2. It is not for ACK, which is never
// answered.
func examine(req *sip.Request) *refusal {
	if req.SipVersion != "SIP/2.0" {
		return &refusal{status: 505}
	}
	if why := malformed(req); why != "" {
		return &refusal{status: 400, phrase: why}
	}
	if !listed(allowed, string(req.Method)) {
		return refuseWith(405, "Allow", allowed)
	}
	switch req.Recipient.Scheme {
	case "sip", "sips", "tel":
	default:
		return &refusal{status: 416}
	}
	if missing := unsupported(req); missing != nil && req.Method != sip.CANCEL {
		return refuseWith(420, "Unsupported", strings.Join(missing, ", "))
	}
	return unreadable(req)
}

// malformed returns what is wrong with a request's header, or "". Max-Forwards
// may be missing: RFC 2543 did not have it.
func malformed(req *sip.Request) string {
	for _, h := range []struct {
		name  string
		least int
	}{{"To", 1}, {"From", 1}, {"Call-ID", 1}, {"CSeq", 1}, {"Max-Forwards", 0}, {"Content-Length", 0}, {"Content-Type", 0}} {
		switch n := count(req, h.name); {
		case n < h.least:
			return "Missing " + h.name
		case n > 1:
			return "Several " + h.name
		}
	}
	switch {
	case !strings.EqualFold(string(req.CSeq().MethodName), string(req.Method)):
		return "CSeq of Another Method"
	case req.Method == sip.INVITE && req.Contact() == nil:
		return "Missing Contact"
	case len(req.Recipient.Headers) > 0: // RFC 3261 section 19.1.1: not in a Request-URI
		return "Header Fields in the Request-URI"
	}
	return ""
}

// count returns how many header fields of a name there are, in its long or its
// compact form.
func count(req *sip.Request, name string) int {
	n := 0
	for _, h := range req.Headers() {
		if strings.EqualFold(h.Name(), name) {
			n++
		}
	}
	return n
}

// unsupported returns the extensions that are required and that we lack.
func unsupported(req *sip.Request) (missing []string) {
	for _, h := range req.GetHeaders("Require") {
		for tag := range strings.SplitSeq(h.Value(), ",") {
			tag = strings.TrimSpace(tag)
			if tag != "" && !listed(supported, strings.ToLower(tag)) {
				missing = append(missing, tag)
			}
		}
	}
	return missing
}

// unreadable returns why the body of an INVITE cannot be read (RFC 3261 section
// 8.2.3), or nil. What is in it is for the dialog to judge.
func unreadable(req *sip.Request) *refusal {
	if req.Method != sip.INVITE || len(req.Body()) == 0 {
		return nil
	}
	if h := req.GetHeader("Content-Encoding"); h != nil && !strings.EqualFold(h.Value(), "identity") {
		return refuseWith(415, "Accept-Encoding", "identity")
	}
	h := req.GetHeader("Content-Type")
	if h == nil {
		return nil // sdp.Part knows what it looks like
	}
	kind, _, _ := strings.Cut(h.Value(), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if kind != sdp.ContentType && !strings.HasPrefix(kind, "multipart/") && !optional(req) {
		return refuseWith(415, "Accept", acceptedBodies)
	}
	return nil
}

// listed reports whether a list of a header field has an item.
func listed(list, item string) bool {
	for one := range strings.SplitSeq(list, ", ") {
		if one == item {
			return true
		}
	}
	return false
}

// optional reports whether a body may be left unread (RFC 3261 section 20.11).
func optional(req *sip.Request) bool {
	h := req.GetHeader("Content-Disposition")
	if h == nil {
		return false
	}
	disposition := parseField(h.Value())
	return strings.EqualFold(disposition.param("handling"), "optional")
}
