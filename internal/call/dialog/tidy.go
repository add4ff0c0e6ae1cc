package dialog

import (
	"maps"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// longNames are the compact names of header fields that sipgo reads as text, and
// so finds by the name they were written with (IANA's registry of SIP header
// fields, of RFC 3261 section 7.3.3 and others).
var longNames = map[string]string{
	"a": "Accept-Contact",
	"b": "Referred-By",
	"d": "Request-Disposition",
	"e": "Content-Encoding",
	"j": "Reject-Contact",
	"k": "Supported",
	"n": "Identity-Info",
	"o": "Event",
	"r": "Refer-To",
	"s": "Subject",
	"u": "Allow-Events",
	"x": "Session-Expires",
	"y": "Identity",
}

// newParser returns sipgo's parser, made to read what it stumbles over: white
// space around the parts of a header field, of which "<sip:a@b>; tag=1" is usual,
// and compact names.
func newParser() *sip.Parser {
	parsers := sip.HeadersParser(maps.Clone(sip.DefaultHeadersParser()))
	for short, long := range longNames {
		parsers[short] = func(_ []byte, text string) (sip.Header, error) { return sip.NewHeader(long, text), nil }
	}
	for name, around := range map[string]string{
		"from": ";=", "f": ";=", "to": ";=", "t": ";=", "contact": ";=", "m": ";=", "via": "/:;=", "v": "/:;=", "cseq": "",
	} {
		parsers[name] = tidied(parsers[name], around)
	}
	return sip.NewParser(sip.WithHeadersParsers(parsers))
}

// tidied returns a parser of a header field that is given its text without white
// space around some characters, and with the names of parameters that sipgo looks
// for in lower case. A list stays as it is: sipgo cuts it where the parser tells
// that the comma is.
func tidied(parse sip.HeaderParser, around string) sip.HeaderParser {
	return func(name []byte, text string) (sip.Header, error) {
		if !strings.Contains(text, ",") {
			text = squeeze(text, around)
		}
		h, err := parse(name, text)
		switch h := h.(type) {
		case *sip.ViaHeader:
			lowerNames(h.Params)
			h.Transport = strings.ToUpper(h.Transport)
		case *sip.FromHeader:
			lowerNames(h.Params)
		case *sip.ToHeader:
			lowerNames(h.Params)
		}
		return h, err
	}
}

// squeeze makes white space one blank, and drops it around each character of
// around that is neither between quotation marks nor in angle brackets.
func squeeze(text, around string) string {
	var b strings.Builder
	quoted, bracketed, blank := false, false, false
	last := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\' && i+1 < len(text):
			b.WriteByte(c)
			i++
			c = text[i]
		case c == '"' && !bracketed:
			quoted = !quoted
		case quoted:
		case c == '<', c == '>':
			bracketed = c == '<'
		case c == ' ' || c == '\t':
			blank = true
			continue
		}
		open := !quoted && !bracketed
		if blank && b.Len() > 0 && !(open && (strings.IndexByte(around, c) >= 0 || strings.IndexByte(around, last) >= 0)) {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteByte(c)
		last = c
	}
	return b.String()
}

// lowerNames writes the names of some parameters in lower case: they are the same
// in any (RFC 3261 section 7.3.1).
func lowerNames(params sip.HeaderParams) {
	for i := range params {
		switch lower := strings.ToLower(params[i].K); lower {
		case "tag", "branch", "rport", "received":
			params[i].K = lower
		}
	}
}

// noteSource puts where a request came from into its top Via, if that says
// something else (RFC 3261 section 18.2.1). The port goes there where it is asked
// for (RFC 3581 section 4), which sipgo does.
func noteSource(via *sip.ViaHeader, from netip.Addr) {
	if host, err := netip.ParseAddr(via.Host); err != nil || host.Unmap() != from {
		via.Params.Add("received", from.String())
	}
}
