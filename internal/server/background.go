package server

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/store"
)

// tidyEvery is how often records past the retention are removed.
const tidyEvery = time.Hour

// startJobs begins working the store's jobs, and the periodic work.
func (a *Server) startJobs(ctx context.Context) error {
	handlers, patience := map[string]store.Handler{}, map[string]time.Duration{}
	loops := []part.Loop{
		{Every: tidyEvery, Do: a.tidy},
		{Every: spaceEvery, Do: a.watchSpace},
		{Every: sumsEvery, Do: a.sums.Flush},
		{Every: guessesEvery, Do: a.watchGuesses},
		{Every: overloadEvery, Do: func(ctx context.Context) { a.overload.watch(ctx, a.alerts, time.Now()) }},
	}
	for _, f := range a.features {
		for _, job := range f.jobs {
			handlers[job.Kind], patience[job.Kind] = job.Work, job.Patience
		}
		loops = append(loops, f.loops...)
	}
	worker, err := a.store.Work(ctx, handlers, store.WorkOptions{Patience: patience})
	if err != nil {
		return err
	}
	a.stops.add("jobs", func(ctx context.Context) error { return a.stopJobs(ctx, worker) })
	a.stops.beside(ctx, "periodic work", func(ctx context.Context) {
		var running sync.WaitGroup
		for _, loop := range loops {
			running.Go(func() { repeat(ctx, loop) })
		}
		running.Wait()
	})
	return nil
}

// stopJobs waits for running jobs. Requests get the other half of the time. The
// next server restarts what was cut off.
func (a *Server) stopJobs(ctx context.Context, worker *store.Worker) error {
	working, cancel := context.WithTimeout(ctx, a.stops.within/2)
	defer cancel()
	err := worker.Stop(working)
	if err != nil && working.Err() != nil {
		a.log.WarnContext(ctx, "jobs cut off; the next start resumes them", "error", err.Error())
		return nil
	}
	return err
}

// repeat runs a loop at intervals that vary a little, so that the servers of one
// database drift apart.
func repeat(ctx context.Context, loop part.Loop) {
	for {
		loop.Do(ctx)
		wait := time.NewTimer(loop.Every - rand.N(loop.Every/10)) //nolint:gosec // spreads, guards nothing
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// tidy removes what is past the retention.
func (a *Server) tidy(ctx context.Context) {
	if a.watchClock(ctx); a.clock.Doubted(time.Now()) {
		return
	}
	settings := a.site.Load().settings
	before := time.Now().Add(-settings.TextBack.Retention)
	for _, f := range a.features {
		if f.tidy != nil {
			f.tidy(ctx, before)
		}
	}
	if _, err := a.store.PurgeActivity(ctx, time.Now().Add(-settings.Activity.Retention)); err != nil {
		a.troubled(ctx, "old activity not removed", err)
	}
	if _, err := a.store.ForgetLimits(ctx, time.Now()); err != nil {
		a.troubled(ctx, "old limits not removed", err)
	}
}

// troubled tells the operator about a database operation that failed.
func (a *Server) troubled(ctx context.Context, what string, err error) {
	if errors.Is(err, context.Canceled) {
		return // the server is stopping
	}
	a.alerts.Raise(ctx, alert.Alert{Kind: alert.DatabaseTrouble, Text: "The database: " + what + ": " + err.Error() + ".", Do: databaseDo})
}
