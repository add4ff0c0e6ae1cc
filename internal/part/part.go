// Package part is what a feature brings to the server that runs it: the paths
// that it answers, its jobs and loops, its health, its counters, its log lines.
package part

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Route is one path of the server.
type Route struct {
	Path    string // a pattern of http.ServeMux, without a host
	Name    string // in logs and metrics
	Handler http.Handler
	Quiet   bool  // not worth a log line: probes and scrapes
	Open    bool  // anyone gets an answer, without a secret: alike lines of the log are summed up
	MaxBody int64 // the largest body, in bytes; 0: its mux's limit
}

// Routes are in three parts, each with its own mux and rules: no part's paths
// can be reached under another's rules.
type Routes struct {
	Webhooks []Route // called by phone systems and form services
	API      []Route // the phone side's API, for programs with a token
	Operator []Route // probes, counters and the console
}

// Add adds other routes.
func (r *Routes) Add(more Routes) {
	r.Webhooks = append(r.Webhooks, more.Webhooks...)
	r.API = append(r.API, more.API...)
	r.Operator = append(r.Operator, more.Operator...)
}

// Job is a kind of job in the database's queue.
type Job struct {
	Kind     string
	Patience time.Duration // how long one may take

	// Work works the job with an id. It is due again at the time returned; the
	// zero time: it is done.
	Work func(ctx context.Context, id string) (again time.Time, err error)
}

// Loop is what is repeated for as long as the server runs.
type Loop struct {
	Every time.Duration
	Do    func(context.Context)
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

// IsImpaired reports whether an error is marked so.
func IsImpaired(err error) bool {
	_, is := errors.AsType[impaired](err)
	return is
}
