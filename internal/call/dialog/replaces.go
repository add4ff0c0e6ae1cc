package dialog

import (
	"net/url"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
)

// replaces is a Replaces header field (RFC 3891 section 6.1): the INVITE that has
// it takes the place of a call, as seen from who gets it.
type replaces struct {
	callID    string
	local     string // to-tag: the tag of who gets it
	remote    string // from-tag
	earlyOnly bool   // not if the call has been answered
}

// parseReplaces reads a Replaces header field. An error is a fault.Error of the
// code Invalid: the answer is 400.
func parseReplaces(text string) (replaces, error) {
	f := parseField(text)
	r := replaces{callID: f.value, local: f.param("to-tag"), remote: f.param("from-tag"), earlyOnly: f.has("early-only")}
	if !isID(r.callID) || !isID(r.local) || !isID(r.remote) {
		return replaces{}, fault.Newf(fault.Invalid, "the Replaces header lacks a Call-ID, a to-tag or a from-tag, or has one that is none")
	}
	return r, nil
}

// isID reports whether text can stand for a Call-ID or a tag within a header
// field. It may have come by way of a URI, where anything can be escaped, the end
// of a line included.
func isID(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || r == ';' || r == ',' || r == '"'
	})
}

// String returns the value of the header field.
func (r *replaces) String() string {
	text := r.callID + ";to-tag=" + r.local + ";from-tag=" + r.remote
	if r.earlyOnly {
		text += ";early-only"
	}
	return text
}

// Target is what a Refer-To header field asks us to call (RFC 3515 section
// 2.1).
type Target struct {
	URI      sip.Uri // without headers
	replaces *replaces
}

// targetOf takes the URI of a Refer-To. Of the header fields that it asks for
// only Replaces counts: who sends a REFER has no say in who we are (RFC 3261
// section 19.1.5). An error is a fault.Error of the code Unsupported for what we
// cannot call, and of Invalid for what nobody could.
func targetOf(uri *sip.Uri) (Target, error) {
	target := Target{URI: *uri.Clone()}
	target.URI.Headers = nil
	switch uri.Scheme {
	case "sip", "sips":
		if uri.Host == "" {
			return Target{}, fault.Newf(fault.Invalid, "the Refer-To header names no host")
		}
	case "tel":
	default:
		return Target{}, fault.Newf(fault.Unsupported, "the Refer-To header has a URI of the scheme %s", uri.Scheme)
	}
	for _, p := range uri.UriParams {
		if !strings.EqualFold(p.K, "method") {
			continue
		}
		if !strings.EqualFold(p.V, string(sip.INVITE)) {
			return Target{}, fault.Newf(fault.Unsupported, "the Refer-To header asks for %s", p.V)
		}
		target.URI.UriParams.Remove(p.K)
	}
	for _, h := range uri.Headers {
		if !strings.EqualFold(h.K, "replaces") {
			continue
		}
		text, err := url.PathUnescape(h.V)
		if err != nil {
			return Target{}, &fault.Error{Code: fault.Invalid, Message: "the Replaces of the Refer-To header is not well escaped", Err: err}
		}
		r, err := parseReplaces(text)
		if err != nil {
			return Target{}, err
		}
		target.replaces = &r
	}
	return target, nil
}

// Header returns what the INVITE to the target has beside the usual: it may be to
// take the place of another call. It is for Outgoing.Header.
func (t *Target) Header() []sip.Header {
	if t.replaces == nil {
		return nil
	}
	return []sip.Header{sip.NewHeader("Replaces", t.replaces.String())}
}

// String returns the value of a Refer-To header field of ours.
func (t *Target) String() string {
	text := "<" + t.URI.String()
	if t.replaces != nil {
		text += "?Replaces=" + strings.ReplaceAll(url.QueryEscape(t.replaces.String()), "+", "%20")
	}
	return text + ">"
}
