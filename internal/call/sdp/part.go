package sdp

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
)

// The bounds of what is looked through for a description: parts of one body, and
// bodies within bodies.
const (
	maxParts = 16
	maxDepth = 3
)

// Part returns the session description of a SIP message's body, given its
// Content-Type: the body, or the first part of a multipart one (RFC 5621) that
// is a description of the session. It is nil if there is none: then the other
// side wants our offer (RFC 3261 section 13.2.1). An error is a fault.Error of
// the code Invalid.
func Part(contentType string, body []byte) ([]byte, error) {
	if len(body) > maxText {
		return nil, fault.Newf(fault.Invalid, "the body has %d bytes, %d is the limit", len(body), maxText)
	}
	return part(contentType, body, maxDepth)
}

func part(contentType string, body []byte, depth int) ([]byte, error) {
	kind, params, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case kind == ContentType, kind == "" && bytes.HasPrefix(body, []byte("v=0")):
		return body, nil
	case !strings.HasPrefix(kind, "multipart/") || depth == 0:
		return nil, nil
	}
	limit := boundary(params)
	if limit == "" {
		return nil, fault.Newf(fault.Invalid, "the body is of type %s, without a boundary", kind)
	}
	parts := multipart.NewReader(bytes.NewReader(body), limit)
	for range maxParts {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, broken(err)
		}
		inner, err := io.ReadAll(p)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // the last boundary is missing
			return nil, broken(err)
		}
		if !ofSession(p.Header.Get("Content-Disposition")) {
			continue
		}
		found, err := part(p.Header.Get("Content-Type"), inner, depth-1)
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

func broken(err error) error {
	return &fault.Error{Code: fault.Invalid, Message: "the parts of the body cannot be read", Err: err}
}

// boundary returns the boundary among the parameters of a Content-Type. Phones
// write characters without quotation marks that need them, which package mime
// refuses; none of them is a semicolon.
func boundary(params string) string {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "boundary") {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}

// ofSession reports whether a part's Content-Disposition is the default of a
// description (RFC 3261 section 20.11). An early-session of RFC 3959 is another.
func ofSession(disposition string) bool {
	kind, _, _ := strings.Cut(disposition, ";")
	kind = strings.TrimSpace(kind)
	return kind == "" || strings.EqualFold(kind, "session")
}
