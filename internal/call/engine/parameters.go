package engine

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/responder"
)

// parameter is one of a request's parameters. A list of them keeps its order,
// which url.Values does not.
type parameter struct{ name, value string }

// factParameters returns the parameters of every request of a call. A phone
// system always names the caller, the rest if it knows it.
func factParameters(q *responder.Request) []parameter {
	all := []parameter{{responder.ParamCaller, q.Caller}}
	for _, p := range []parameter{
		{responder.ParamCalled, q.Called},
		{responder.ParamAccountUser, q.AccountUser},
		{responder.ParamAccountDomain, q.AccountDomain},
		{responder.ParamAccountLastDial, q.AccountLastDial},
		{responder.ParamOrigCallID, q.OrigCallID},
		{responder.ParamTermCallID, q.TermCallID},
		{responder.ParamToUser, q.ToUser},
		{responder.ParamToDomain, q.ToDomain},
	} {
		if p.value != "" {
			all = append(all, p)
		}
	}
	return all
}

// gatherParameters returns the parameters after a Gather: Digits always, even if
// nothing was heard, and SpeechResult if the Gather listened for speech.
func gatherParameters(input responder.Input, digits, speech string) []parameter {
	all := []parameter{{responder.ParamDigits, digits}}
	if input.Speech() {
		all = append(all, parameter{responder.ParamSpeech, speech})
	}
	return all
}

// recordParameters returns the parameters after a Record.
func recordParameters(recording Recorded) []parameter {
	return []parameter{
		{responder.ParamRecordingURL, recording.URL},
		{responder.ParamRecordingDuration, strconv.FormatFloat(recording.Length.Round(100*time.Millisecond).Seconds(), 'f', -1, 64)},
	}
}

// resolveURL returns the URL of an address in a document. Spaces and other
// characters that no server accepts in a query are escaped.
func resolveURL(base *url.URL, address string) (*url.URL, error) {
	target, err := base.Parse(address)
	if err != nil {
		return nil, err
	}
	target.RawQuery = escapeQuery(target.RawQuery)
	return target, nil
}

// escapeQuery escapes what a query cannot contain (RFC 3986, section 3.4) and
// would break the request line, or be misread by a proxy. What is escaped
// already stays as it is, as does a stray %.
func escapeQuery(query string) string {
	unsafe := func(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 }
	const upperHex = "0123456789ABCDEF"
	var b []byte
	for i := range len(query) {
		c := query[i]
		switch {
		case !unsafe(c):
			if b != nil {
				b = append(b, c)
			}
			continue
		case b == nil:
			b = append(b, query[:i]...)
		}
		b = append(b, '%', upperHex[c>>4], upperHex[c&15])
	}
	if b == nil {
		return query
	}
	return string(b)
}

// encodeParameters appends parameters to encoded ones, which may be empty.
func encodeParameters(before string, list []parameter) string {
	if len(list) == 0 {
		return before
	}
	length := len(before)
	for _, p := range list {
		length += len("&=") + len(p.name) + len(p.value)
	}
	b := append(make([]byte, 0, length+len("%2B")), before...)
	for _, p := range list {
		if len(b) > 0 {
			b = append(b, '&')
		}
		b = append(b, p.name...)
		b = append(b, '=')
		b = append(b, url.QueryEscape(p.value)...)
	}
	return string(b)
}
