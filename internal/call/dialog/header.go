package dialog

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// lists reports whether a header field that is a list has an element.
func lists(msg sip.Message, name, element string) bool {
	return slices.ContainsFunc(msg.GetHeaders(name), func(h sip.Header) bool {
		for one := range strings.SplitSeq(h.Value(), ",") {
			if strings.EqualFold(strings.TrimSpace(one), element) {
				return true
			}
		}
		return false
	})
}

func appendReason(msg sip.Message, r reason) {
	if r != (reason{}) {
		msg.AppendHeader(sip.NewHeader("Reason", r.String()))
	}
}

// valueOf returns a header field, or "".
func valueOf(msg sip.Message, name string) string {
	all := msg.GetHeaders(name)
	if len(all) == 0 {
		return ""
	}
	return all[0].Value()
}

// reasonsOf returns the Reasons of a message.
func reasonsOf(msg sip.Message) []reason {
	var texts []string
	for _, h := range msg.GetHeaders("Reason") {
		texts = append(texts, h.Value())
	}
	return parseReasons(texts...)
}

// retryAfterOf returns the Retry-After of a response.
func retryAfterOf(res *sip.Response) (d time.Duration, ok bool) {
	return parseSeconds(parseField(valueOf(res, "Retry-After")).value)
}

// descriptionOf returns the session description of a message, or nil if there is
// none. An error is a fault.Error of the code Invalid.
func descriptionOf(msg sip.Message) (*sdp.Description, error) {
	text, err := sdp.Part(valueOf(msg, "Content-Type"), msg.Body())
	if err != nil || text == nil {
		return nil, err
	}
	return sdp.Parse(text)
}

// describe gives a message a session description; nil: none.
func describe(msg sip.Message, d *sdp.Description) {
	if d != nil {
		setBody(msg, sdp.ContentType, d.Bytes())
	}
}

// retryAfter returns the header field of a wait.
func retryAfter(d time.Duration) sip.Header { return sip.NewHeader("Retry-After", writeSeconds(d)) }

// warningOf returns the Warning of what nothing can be agreed on (RFC 3261 section
// 20.43).
func warningOf(e *sdp.UnacceptableError, host string) sip.Header {
	return sip.NewHeader("Warning", strconv.Itoa(e.Warning)+" "+host+` "`+e.Reason+`"`)
}
