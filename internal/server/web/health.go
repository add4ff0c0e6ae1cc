package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// readyTimeout is how long a probe waits: slower checks count as failed.
const readyTimeout = 2 * time.Second

// Alive answers that the process is running.
func Alive() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
}

// Check checks whether a part can do its work. Its error is a sentence.
type Check func(ctx context.Context) error

// impaired is an error of a part that works all the same.
type impaired struct{ error }

func (i impaired) Unwrap() error { return i.error }

// Impaired marks the error of a Check as one to report, but no reason to send
// requests elsewhere: the part goes on with what it had. It returns nil for
// nil.
func Impaired(err error) error {
	if err == nil {
		return nil
	}
	return impaired{err}
}

// Ready answers whether all parts can do their work, and which cannot and why.
func Ready(checks map[string]Check) http.Handler {
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
			if _, ok := errors.AsType[impaired](err); !ok {
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
