package wire

import (
	"encoding/json"
	"net/http"
	"time"
)

// Explainer explains where calls go. It is the Core.
type Explainer interface {
	// Explain returns where a call would go, in readable steps; the decision comes
	// last, and after it at most what is to be said of calls that leave. The other two
	// are as Route has them.
	Explain(from, to string, at time.Time) (steps []string, end string, reached bool)
}

// Routes is the http.Handler of RoutePath: it explains, rule by rule,
// where the Core would send a call. Put it behind a Door.
type Routes struct {
	Explainer Explainer
}

// ServeHTTP answers GET with query parameters from, to and at (RFC 3339; empty
// for now).
func (h *Routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	at := time.Now()
	if text := query.Get("at"); text != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			http.Error(w, "at is not a time such as 2026-01-31T12:00:00Z", http.StatusBadRequest)
			return
		}
	}
	if query.Get("to") == "" {
		http.Error(w, "to is missing: which number is called", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	steps, end, reached := h.Explainer.Explain(query.Get("from"), query.Get("to"), at)
	_ = json.NewEncoder(w).Encode(Route{steps, end, reached}) // the client may have gone
}
