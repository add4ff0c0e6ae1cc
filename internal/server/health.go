package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/server/alert"
)

const (
	// sumsEvery is how often we check for log lines that were summed up over a
	// minute that has ended.
	sumsEvery = 20 * time.Second

	// spaceEvery is how often we check the free space of the database's disk.
	spaceEvery = time.Minute

	// leastSpace is the free space in bytes below which we alert. A busy server
	// writes some megabytes an hour, and its log more.
	leastSpace = 512 << 20
)

// databaseFailed tells the operator that the database itself failed. It is
// store.Config.Failed.
func (a *Server) databaseFailed(err error) {
	a.databaseErrors.Inc()
	what := "fails"
	if errors.Is(err, context.DeadlineExceeded) {
		what = "does not answer in time"
	}
	a.alerts.Raise(context.Background(), alert.Alert{Kind: alert.DatabaseTrouble, Text: fmt.Sprintf(
		"The database %s: callers hear an apology, and the web is answered with 503, but for on-call, which goes on from memory: %v.%s", what, err, hintOf(err)),
		Do: databaseDo})
}

// databaseDo is what to do about a database in trouble.
const databaseDo = "See what is the matter with: switchhook doctor"

// databaseWell is the database check of /readyz: it answers, and the last write
// succeeded.
func (a *Server) databaseWell(ctx context.Context) error {
	if err := a.store.Trouble(); err != nil {
		return err
	}
	return a.store.Ping(ctx)
}

// probe tells the operator when the database works again.
func (a *Server) probe(ctx context.Context) {
	if a.store.Probe(ctx) == nil {
		a.alerts.Resolve(ctx, alert.DatabaseTrouble, "", "Calls and texts are stored again; there is nothing to do.")
	}
}

// watchSpace tells the operator when the database's disk is nearly full.
func (a *Server) watchSpace(ctx context.Context) {
	free, known := a.store.Free()
	switch {
	case !known:
	case free < leastSpace:
		a.alerts.Raise(ctx, alert.Alert{Kind: alert.DiskLow, Text: fmt.Sprintf(
			"The disk that the database is on has less than %d MiB left. Once it is full, calls and texts cannot be written down, and callers hear an apology.", leastSpace>>20),
			Do: "Make room on it"})
	default:
		a.alerts.Resolve(ctx, alert.DiskLow, "")
	}
}
