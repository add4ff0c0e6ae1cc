// Package document reads a responder's answer as a document, in its actual
// encoding, whatever it declares.
package document

import "github.com/switchhook/switchhook/responder"

// Parse reads a responder's answer, or a file of one, as [responder.Parse] does,
// whose promises it keeps. contentType is the answer's; empty if there is none.
//
// The encoding is the byte order mark's, else the Content-Type's, else that of
// the XML declaration, else UTF-8 (RFC 7303, section 3). An encoding that the
// bytes cannot be in is passed over. If words may not be what was meant, the
// first problem says so.
func Parse(data []byte, contentType string) (*responder.Parsed, error) {
	if len(data) > responder.MaxDocument {
		return responder.Parse(data)
	}
	text, found := decode(data, contentType)
	if found != nil && found.Severity == responder.Error {
		return &responder.Parsed{Problems: []responder.Problem{*found}}, &responder.SyntaxError{Problem: *found}
	}
	parsed, err := responder.Parse(withoutLabel(text))
	if found != nil {
		parsed.Problems = append([]responder.Problem{*found}, parsed.Problems...)
	}
	return parsed, err
}

// Text returns an answer as people read it: decoded as Parse does, or unchanged
// if that is impossible.
func Text(data []byte, contentType string) string {
	text, found := decode(data, contentType)
	if found != nil && found.Severity == responder.Error {
		return string(data)
	}
	return string(text)
}
