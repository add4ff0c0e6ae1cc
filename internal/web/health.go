package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// readyTimeout is how long a probe waits: what needs longer is not ready.
const readyTimeout = 2 * time.Second

// Alive answers that the process runs.
func Alive() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
}

// Check looks whether a part can do its work. Its error is a sentence.
type Check func(ctx context.Context) error

// Ready answers whether all parts can do their work, and which cannot and why.
func Ready(checks map[string]Check) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		status, parts := http.StatusOK, map[string]string{}
		for name, check := range checks {
			parts[name] = "ok"
			if err := check(ctx); err != nil {
				status, parts[name] = http.StatusServiceUnavailable, err.Error()
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(parts) // the probe has gone: nobody to tell
	})
}
