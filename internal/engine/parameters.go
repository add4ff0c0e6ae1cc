package engine

import (
	"net/url"
	"strconv"
	"time"

	"github.com/switchhook/switchhook/responder"
)

// parameter is one of a request's parameters. A list of them keeps its order,
// which url.Values does not.
type parameter struct{ name, value string }

// facts returns what every request of a call says. A phone system names the
// caller always, the rest where it knows it.
func facts(q *responder.Request) []parameter {
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

// gathered returns what a request says after a Gather: Digits always, also
// where nothing was heard, and SpeechResult where speech was listened for.
func gathered(input responder.Input, digits, speech string) []parameter {
	all := []parameter{{responder.ParamDigits, digits}}
	if input.Speech() {
		all = append(all, parameter{responder.ParamSpeech, speech})
	}
	return all
}

// recorded returns what a request says after a Record.
func recorded(recording Recorded) []parameter {
	return []parameter{
		{responder.ParamRecordingURL, recording.URL},
		{responder.ParamRecordingDuration, strconv.FormatFloat(recording.Length.Round(100*time.Millisecond).Seconds(), 'f', -1, 64)},
	}
}

// encode appends parameters to a query, which may be empty.
func encode(query string, lists ...[]parameter) string {
	b := []byte(query)
	for _, list := range lists {
		for _, p := range list {
			if len(b) > 0 {
				b = append(b, '&')
			}
			b = append(b, p.name...)
			b = append(b, '=')
			b = append(b, url.QueryEscape(p.value)...)
		}
	}
	return string(b)
}
