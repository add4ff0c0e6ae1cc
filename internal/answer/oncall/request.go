package oncall

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// The names of the parameters in the URL templates of phone systems.
const (
	paramRoute      = "route"
	paramCode       = "code"
	paramDID        = "did"
	paramCaller     = "callerid"
	paramCallerName = "callername"
	paramAttempt    = "attempt"
)

// Request is what a phone system asks. What it does not say is empty.
type Request struct {
	Route      string // by name; empty: by DID and Code
	Code       string // keys that the caller pressed in a menu
	DID        string // the number that was called
	Caller     string // their number, or a word where they hide it
	CallerName string
	Attempt    int // 1 is the first; 0: not told
}

// requestOf returns what parameters ask. If one is given twice the last counts,
// as in pagerduty-voys-webhook.
func requestOf(params url.Values) Request {
	last := func(name string) string {
		values := params[name]
		if len(values) == 0 {
			return ""
		}
		return strings.TrimSpace(values[len(values)-1])
	}
	attempt, err := strconv.Atoi(last(paramAttempt))
	if err != nil || attempt < 0 {
		attempt = 0 // a template that was not filled in tells nothing
	}
	return Request{
		Route: last(paramRoute), Code: last(paramCode), DID: last(paramDID),
		Caller: last(paramCaller), CallerName: last(paramCallerName), Attempt: attempt,
	}
}

// described returns what a request asked for, numbers masked.
func described(r *Request) string {
	var parts []string
	for _, part := range [...]struct{ name, value string }{{"route", r.Route}, {"did", r.DID}, {"code", r.Code}} {
		if part.value != "" {
			parts = append(parts, part.name+" "+clip(phone.MaskIn(part.value)))
		}
	}
	if len(parts) == 0 {
		return "it has neither route nor did nor code"
	}
	return strings.Join(parts, ", ")
}

var (
	isText    = []string{"text/plain; charset=utf-8"}
	isXML     = []string{"application/xml; charset=utf-8"}
	isJSON    = []string{"application/json"}
	notStored = []string{"no-store"} // an answer belongs to one call
)

func writeText(w http.ResponseWriter, status int, body string) {
	writeBody(w, isText, status, body)
}

func writeBody(w http.ResponseWriter, kind []string, status int, body string) {
	header := w.Header()
	header["Content-Type"], header["Cache-Control"] = kind, notStored
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // on an error the phone system has hung up: there is no one to tell
}
