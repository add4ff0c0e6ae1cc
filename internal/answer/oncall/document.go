package oncall

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/responder"
)

// Document returns the http.Handler of /oncall. It answers a phone system that
// runs documents with one that says what happens and passes the call on, and a
// client that accepts only application/json with the decision as JSON. Parameters
// have the names of the NetSapiens responder protocol, or those of the Voys
// webhook, which take precedence.
func (d *Dispatcher) Document() http.Handler { return http.HandlerFunc(d.serveDocument) }

func (d *Dispatcher) serveDocument(w http.ResponseWriter, r *http.Request) {
	asJSON := wantsJSON(r)
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header()["Allow"] = []string{"GET, POST"}
		writeRefusal(w, asJSON, http.StatusMethodNotAllowed, "a phone system asks with GET or POST")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	// Check URL and headers first: the body of a request that they refuse is not
	// read, unless it is signed, as the signature covers the body.
	given := r.URL.Query()[paramSecret]
	routes, p := d.admit(w, r, given)
	if p != permitted && (p != wrongSecret || bringsCredentials(r, given)) {
		d.writeDenied(w, r, asJSON, p)
		return
	}
	asked, err := responder.ParseRequest(r)
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		writeRefusal(w, asJSON, status, "the request cannot be read")
		return
	}
	if p == wrongSecret {
		routes, p = d.admit(w, r, asked.Params[paramSecret])
	}
	if p != permitted {
		d.writeDenied(w, r, asJSON, p)
		return
	}
	request := requestOf(asked.Params)
	request.Caller = cmp.Or(request.Caller, strings.TrimSpace(asked.Caller))
	request.DID = cmp.Or(request.DID, strings.TrimSpace(asked.Called))
	request.Code = cmp.Or(request.Code, strings.TrimSpace(asked.Digits))
	d.answerRequest(r, request, routes, func(decision *Decision, route *readyRoute) {
		if asJSON {
			writeBody(w, isJSON, http.StatusOK, decisionJSON(decision, route))
			return
		}
		writeBody(w, isXML, http.StatusOK, documentFor(decision, route))
	})
}

// maxRequest is the size in bytes past which a request is refused: a phone
// system sends a few hundred.
const maxRequest = 64 << 10

// writeDenied answers a request that may ask for nothing.
func (d *Dispatcher) writeDenied(w http.ResponseWriter, r *http.Request, asJSON bool, p permit) {
	writeRefusal(w, asJSON, d.denyRequest(w, r, p), p.why())
}

// wantsJSON reports whether a request accepts JSON and no document.
func wantsJSON(r *http.Request) bool {
	accept := strings.ToLower(r.Header.Get("Accept"))
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "xml")
}

// documentFor says what happens to the call.
func documentFor(decision *Decision, route *readyRoute) string {
	words := DefaultTexts()
	if route != nil {
		words = route.Texts
	}
	say := responder.Say{Text: words.Nobody, Voice: words.Voice, Language: words.Language}
	var then responder.Verb = responder.Hangup{}
	switch {
	case decision.Number != "":
		say.Text, then = words.Connecting, responder.Forward{To: decision.Number}
	case decision.Reason == Shut:
		say.Text = words.Closed
	}
	xml, err := responder.Encode(responder.Respond(say, then))
	if err != nil { // New has written each text once
		xml, _ = responder.Encode(responder.Respond(then))
	}
	return string(xml)
}

// answerJSON is a decision for programs.
type answerJSON struct {
	Status      string  `json:"status"`                // ack or nak
	Destination string  `json:"destination,omitempty"` // with ack
	CallerName  string  `json:"callername,omitempty"`
	Reason      Reason  `json:"reason,omitempty"`
	Route       string  `json:"route,omitempty"`
	Attempt     int     `json:"attempt,omitempty"`
	Level       int     `json:"level,omitempty"`
	Person      string  `json:"person,omitempty"`
	Source      string  `json:"source,omitempty"`
	AgeSeconds  float64 `json:"age_seconds"`
	Stale       bool    `json:"stale"`
	Fallback    bool    `json:"fallback"`
}

func decisionJSON(decision *Decision, route *readyRoute) string {
	a := answerJSON{
		Status: "nak", Reason: decision.Reason, Route: decision.Route, Attempt: decision.Attempt, Level: decision.Level,
		Person: decision.Name, Source: decision.Source, AgeSeconds: decision.Age.Seconds(), Stale: decision.Stale, Fallback: decision.Fallback,
	}
	if decision.Number != "" {
		a.Status, a.Destination = "ack", decision.Number
		if route != nil {
			a.CallerName = route.CallerName
		}
	}
	body, err := json.Marshal(a)
	if err != nil { // a defect: all of it can be written
		return `{"status":"nak"}` + "\n"
	}
	return string(body) + "\n"
}

// writeRefusal answers a request that gets no decision.
func writeRefusal(w http.ResponseWriter, asJSON bool, status int, why string) {
	if !asJSON {
		writeBody(w, isText, status, why+"\n")
		return
	}
	body, err := json.Marshal(struct {
		Status string `json:"status"`
		Error  string `json:"error"`
	}{"nak", why})
	if err != nil {
		body = []byte(`{"status":"nak"}`)
	}
	writeBody(w, isJSON, status, string(body)+"\n")
}
