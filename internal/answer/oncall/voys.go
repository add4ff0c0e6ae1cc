package oncall

import (
	"net/http"
	"net/url"
)

const nak = "status=NAK"

// Voys returns the http.Handler of /voys-webhook, which answers in the one line
// that the webhooks of Voys and other VoIPGRID platforms understand:
// status=ACK and a destination, or status=NAK. It does not look at the path.
func (d *Dispatcher) Voys() http.Handler { return http.HandlerFunc(d.serveVoys) }

func (d *Dispatcher) serveVoys(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header()["Allow"] = []string{http.MethodGet}
		writeText(w, http.StatusMethodNotAllowed, nak)
		return
	}
	query := r.URL.Query()
	routes, p := d.admit(w, r, query[paramSecret])
	if p != permitted {
		writeText(w, d.denyRequest(w, r, p), nak)
		return
	}
	d.answerRequest(r, requestOf(query), routes, func(decision *Decision, route *readyRoute) {
		writeText(w, http.StatusOK, voysAnswer(decision, route))
	})
}

// voysAnswer writes a decision as a form has it, status first.
func voysAnswer(decision *Decision, route *readyRoute) string {
	if decision.Number == "" {
		return nak
	}
	answer := "status=ACK&destination=" + url.QueryEscape(decision.Number)
	if route != nil && route.CallerName != "" {
		answer += "&callername=" + url.QueryEscape(route.CallerName)
	}
	return answer
}
