package dialog

import "bytes"

// rawKind is what a datagram is before it is parsed.
type rawKind uint8

const (
	rawMessage rawKind = iota // may be a SIP message
	rawIdle                   // keeps a NAT's mapping open; needs no answer
	rawGarbage                // no parser would take it
)

// inspectRaw says what a datagram is at the cost of its first line, and returns
// it without the empty lines that some telephones begin with, which sipgo
// forgives on streams alone (RFC 3261 section 7.5).
func inspectRaw(b []byte) ([]byte, rawKind) {
	b = bytes.TrimLeft(b, "\r\n")
	switch {
	case len(bytes.Trim(b, "\r\n\t \x00")) == 0, isSTUN(b):
		return b, rawIdle
	case !hasStartLine(b):
		return b, rawGarbage
	}
	return b, rawMessage
}

// hasStartLine reports whether b begins with what may be a request or a response
// of any version of SIP, refused later with 505 (RFC 3261 sections 7.1, 7.2).
func hasStartLine(b []byte) bool {
	end := bytes.IndexByte(b, '\r')
	if end < 0 || end+1 == len(b) || b[end+1] != '\n' {
		return false
	}
	line := b[:end]
	return isVersion(line) || isVersion(line[bytes.LastIndexByte(line, ' ')+1:])
}

func isVersion(b []byte) bool { return len(b) >= 3 && bytes.EqualFold(b[:3], []byte("SIP")) }

// isSTUN reports whether b is of the protocol that telephones behind a NAT send
// to a SIP port to keep their mapping open (RFC 5626 section 4.4.2), by the magic
// cookie of RFC 8489 section 5.
func isSTUN(b []byte) bool {
	return len(b) >= 20 && b[0] < 0x40 && bytes.Equal(b[4:8], []byte{0x21, 0x12, 0xA4, 0x42})
}

const lineEnd = "\r\n"

// withoutNonsense drops, in place, the lines of a header that are no fields, having no
// colon. sipgo refuses a message for them, but a UAS should ignore what it does not
// need (RFC 3261 section 8.2.2): boxes that fold long fields get it wrong.
func withoutNonsense(b []byte) []byte {
	at := bytes.Index(b, []byte(lineEnd)) + len(lineEnd) // past the start line
	kept := b[:at]
	for {
		n := fieldLength(b[at:])
		if n == 0 { // the end of the header, or of what came
			return append(kept, b[at:]...)
		}
		if bytes.IndexByte(b[at:at+n], ':') >= 0 {
			kept = append(kept, b[at:at+n]...)
		}
		at += n
	}
}

// fieldLength returns how long the first field of a header is, with the lines that it
// goes on in; 0 where the header ends.
func fieldLength(b []byte) (n int) {
	for {
		end := bytes.Index(b[n:], []byte(lineEnd))
		if end < 0 || end == 0 && n == 0 {
			return n
		}
		n += end + len(lineEnd)
		if n == len(b) || b[n] != ' ' && b[n] != '\t' {
			return n
		}
	}
}
