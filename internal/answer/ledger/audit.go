package ledger

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/part"
)

// Event is something an operator or a form did, for the audit.
type Event struct {
	At     time.Time
	Actor  string // form, operator, caller, server
	Action string // such as "suppression added"
	About  string // an id, or a masked number
	Detail string

	Item *activity.Item // is told in the same transaction; nil: none
}

// Audit stores an Event: store.Store.Audit. Nil: none is stored.
type Audit func(context.Context, Event) error

// auditTimeout is how long the audit may take. A form service or a page waits for
// its answer, and gives up after half a minute.
const auditTimeout = 3 * time.Second

// Record stores that something was done just now, even if the client has gone
// since. It is done even if the audit fails, which is logged.
func (a Audit) Record(ctx context.Context, log part.Log, e Event) {
	if a == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	e.At = time.Now()
	if err := a(ctx, e); err != nil {
		log.LogAttrs(ctx, slog.LevelError, "audit record not written", slog.String("error", err.Error()))
	}
}

// EntrySaved is the Event of a form that saved an entry, with the fields that it
// gave.
func EntrySaved(id string, given map[string]string) Event {
	return Event{Actor: "form", Action: "entry saved", About: id, Detail: strings.Join(slices.Sorted(maps.Keys(given)), ", ")}
}
