// Package source asks who is on call: one adapter per vendor, and one each for a
// file and a calendar. A Source only fetches; package oncall stores the answers
// and decides.
package source

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// Snapshot is what a source said at one time.
type Snapshot struct {
	At     time.Time // when it was asked
	People []Person  // on call, by level, within a level in the order that the source has them

	// Oddities are sentences about parts of the answer that could not be used,
	// such as a person with an invalid number; numbers are masked.
	Oddities []string
}

// Person is somebody who is on call.
type Person struct {
	ID      string    // of the source; what the local map of numbers may name
	Name    string    // for people
	Email   string    // may be empty; the local map may name it too
	Level   int       // 1 is asked first
	Since   time.Time // zero: not told
	Until   time.Time // zero: not told
	Numbers []string  // E.164 with a plus, or extensions, the preferred one first; empty: the source knows none
}

// Source knows who is on call. Fetch asks once, in as many requests as that
// takes, within the context's time. Its errors are *Error.
type Source interface {
	Fetch(ctx context.Context) (Snapshot, error)
}

// Rota is a Source that knows who is on call at any time, as a calendar does.
// FetchAt is Fetch for a time other than now.
type Rota interface {
	Source
	FetchAt(ctx context.Context, t time.Time) (Snapshot, error)
}

// Error says why a source gave no answer. errors.As finds a *fault.Error in it too.
type Error struct {
	Source  string        // its kind, such as pagerduty
	Code    fault.Code    // Unavailable: asking again later may help by itself
	Message string        // a sentence without a capital or a full stop; secrets and numbers do not occur
	Hint    string        // what to do about it; may be empty
	Status  int           // HTTP status; 0 where none came
	After   time.Duration // the source asked to be left alone for so long; 0: it did not
	Err     error
}

// Error returns the source and what happened.
func (e *Error) Error() string { return e.Source + ": " + e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As gives the error as a *fault.Error to those who only know that type.
func (e *Error) As(target any) bool {
	f, ok := target.(**fault.Error)
	if ok {
		*f = &fault.Error{Code: e.Code, Message: e.Error(), Hint: e.Hint}
	}
	return ok
}
