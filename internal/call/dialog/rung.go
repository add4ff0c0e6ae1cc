package dialog

import (
	"slices"
	"strings"

	numbers "github.com/switchhook/switchhook/internal/phone" // phone is what tests here call one
)

// plainFields are the header fields that are shown as they are: no number of a person
// stands in them, and digits of theirs are needed to read a ladder. All others have
// their numbers masked.
var plainFields = []string{
	"via", "v", "call-id", "i", "cseq", "max-forwards", "content-length", "l", "content-type", "c", "rseq", "rack",
	"allow", "supported", "k", "require", "unsupported", "session-expires", "x", "min-se", "date",
}

// secretFields are those that are not shown: credentials, and the numbers of RFC 8224,
// encoded.
var secretFields = []string{"authorization", "proxy-authorization", "authentication-info", "proxy-authentication-info", "identity", "y"}

const leftOut = "<left out>"

// read returns the message as others may see it.
func (r *rung) read() Message {
	m := r.Message
	head, body, whole := strings.Cut(string(r.raw), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	m.First = firstOf(lines[0])
	shown := []string{numbers.MaskIn(lines[0])}
	field, sound := "", false
	for _, line := range lines[1:] {
		folded := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") // goes on with the field before
		if !folded {
			name, value, _ := strings.Cut(line, ":")
			field, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
			switch field {
			case "cseq":
				m.CSeq = value
			case "content-type", "c":
				sound = strings.HasPrefix(strings.ToLower(value), "application/sdp")
			}
		}
		switch secret := slices.Contains(secretFields, field); {
		case secret && !folded:
			shown = append(shown, line[:strings.IndexByte(line, ':')+1]+" "+leftOut)
		case slices.Contains(plainFields, field):
			shown = append(shown, line)
		case !secret:
			shown = append(shown, numbers.MaskIn(line))
		}
	}
	switch {
	case body != "" && sound:
		shown = append(append(shown, ""), describedIn(body)...)
	case body != "" || !whole:
		shown = append(shown, "", leftOut)
	}
	m.Text = strings.ToValidUTF8(strings.Join(shown, "\n"), "?")
	return m
}

// firstOf returns the method of a request's first line, or the status and phrase of a
// response's.
func firstOf(line string) string {
	first, rest, _ := strings.Cut(line, " ")
	if strings.HasPrefix(first, "SIP/") {
		return numbers.MaskIn(rest)
	}
	return first
}

// secretLines begin the lines of a description of sound with the keys that it is
// encrypted with (RFC 4567, RFC 4568, RFC 8866 section 5.12), and the passwords of ICE
// (RFC 8839 section 5.4).
var secretLines = []string{"a=crypto:", "a=key-mgmt:", "a=ice-pwd:", "k="}

// describedIn returns the lines of a description of sound without secrets.
func describedIn(body string) []string {
	lines := strings.Split(strings.TrimRight(body, "\r\n"), "\r\n")
	for i, line := range lines {
		line = strings.ToLower(line)
		begins := func(begin string) bool { return strings.HasPrefix(line, begin) }
		switch at := slices.IndexFunc(secretLines, begins); {
		case at >= 0:
			lines[i] = secretLines[at] + leftOut
		case !strings.ContainsAny(line[:min(1, len(line))], "atmcb"): // people write in the others
			lines[i] = numbers.MaskIn(lines[i])
		}
	}
	return lines
}
