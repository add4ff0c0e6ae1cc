package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/switchhook/switchhook/internal/part"
)

// readyTimeout is how long a probe waits: slower checks count as failed.
const readyTimeout = 2 * time.Second

// Alive answers that the process is running.
func Alive() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
}

// Ready answers whether all parts can do their work, and which cannot and why.
func Ready(checks map[string]part.Check) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		status, parts := http.StatusOK, map[string]string{}
		for name, check := range checks {
			parts[name] = "ok"
			err := check(ctx)
			if err == nil {
				continue
			}
			parts[name] = err.Error()
			if !part.IsImpaired(err) {
				status = http.StatusServiceUnavailable
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(parts) // the probe may have gone
	})
}
