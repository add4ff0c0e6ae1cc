package server

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/store"
)

// The kinds of jobs.
const (
	textJob      = "text"
	provisionJob = "provision"
)

// How often background work runs.
const (
	// sweepEvery is how long a text interrupted by the death of its process can
	// stay unnoticed after its lease has ended.
	sweepEvery = 2 * time.Second

	// tidyEvery is how often records past the retention are removed.
	tidyEvery = time.Hour

	// newDomainsEvery is how often we check for domains without an event
	// subscription: a form may just have been sent for one.
	newDomainsEvery = 10 * time.Second

	// subscribeEvery is how often we check a subscription. If someone deletes
	// it on the phone system, we miss STOP messages until the next check.
	subscribeEvery = time.Hour

	// subscribeAgain is how soon we try again after a failed check.
	subscribeAgain = 5 * time.Minute
)

// startJobs begins working the store's jobs, and the periodic work.
func (a *Server) startJobs(ctx context.Context) error {
	worker, err := a.store.Work(ctx, map[string]store.Handler{
		textJob:             a.workText,
		provisionJob:        a.workProvision,
		clicktocall.JobKind: a.workCallBack,
	}, store.WorkOptions{Patience: map[string]time.Duration{
		textJob: a.options.Pace.Job(), provisionJob: provisionPatience, clicktocall.JobKind: callBackPatience,
	}})
	if err != nil {
		return err
	}
	a.stops.add("jobs", func(ctx context.Context) error { return a.stopJobs(ctx, worker) })
	a.stops.beside(ctx, "periodic work", func(ctx context.Context) {
		var loops sync.WaitGroup
		for _, l := range a.loops() {
			loops.Go(func() { l.repeat(ctx) })
		}
		loops.Wait()
	})
	return nil
}

// stopJobs waits for running jobs. Requests get the other half of the time. The
// next server restarts what was cut off.
func (a *Server) stopJobs(ctx context.Context, worker *store.Worker) error {
	working, cancel := context.WithTimeout(ctx, a.stops.within/2)
	defer cancel()
	err := worker.Stop(working)
	if errors.Is(err, context.DeadlineExceeded) {
		a.log.WarnContext(ctx, "jobs were cut off: the next server restarts them", "error", err.Error())
		return nil
	}
	return err
}

// loop is something that is repeated for as long as the server runs.
type loop struct {
	every time.Duration
	do    func(context.Context)
}

func (a *Server) loops() []loop {
	return []loop{
		{sweepEvery, a.sweep},
		{sweepEvery, a.sweepCallBacks},
		{tidyEvery, a.tidy},
		{spaceEvery, a.watchSpace},
		{sumsEvery, a.sums.Flush},
		{guessesEvery, a.watchGuesses},
		{newDomainsEvery, a.subscribe},
		{provisionEvery, a.scheduleProvisioning},
		{suspectsEvery, a.lookAtSuspects},
	}
}

// repeat does it at intervals that vary a little, so that the servers of one
// database drift apart.
func (l loop) repeat(ctx context.Context) {
	for {
		l.do(ctx)
		wait := time.NewTimer(l.every - rand.N(l.every/10)) //nolint:gosec // spreads, guards nothing
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// workText makes the next attempt at a text.
func (a *Server) workText(ctx context.Context, id string) (again time.Time, err error) {
	s := a.site.Load()
	if s.outbox == nil {
		return time.Now().Add(tidyEvery), nil // text-back was switched off: the text waits
	}
	a.watchClock(ctx) // otherwise a clock jump would make the text look too late
	return s.outbox.Work(ctx, id)
}

// sweep picks up texts that a dead process left unfinished.
func (a *Server) sweep(ctx context.Context) {
	a.watchClock(ctx) // otherwise running attempts could look abandoned
	stranded, err := a.store.Sweep(ctx, time.Now())
	if err != nil {
		a.troubled(ctx, "texts that were left behind could not be looked for", err)
		return
	}
	a.probe(ctx)
	for _, id := range stranded {
		a.log.Warn("a text was left behind amid an attempt, and is looked for", "text", id)
	}
}

// tidy removes what is past the retention.
func (a *Server) tidy(ctx context.Context) {
	if a.watchClock(ctx); a.clock.Doubted(time.Now()) {
		return
	}
	settings := a.site.Load().settings
	removed, err := a.store.Purge(ctx, time.Now().Add(-settings.TextBack.Retention))
	if err != nil {
		a.troubled(ctx, "old calls and texts could not be removed", err)
		return
	}
	if removed.Texts+removed.Answers+removed.Calls+removed.Inbound > 0 {
		a.log.Info("old records were removed", "texts", removed.Texts, "answers", removed.Answers, "calls", removed.Calls, "inbound", removed.Inbound)
	}
	a.eraseOldCallBacks(ctx, time.Now().Add(-settings.TextBack.Retention))
	if _, err := a.store.OnCallJournal().Purge(ctx, time.Now().Add(-settings.TextBack.Retention)); err != nil {
		a.troubled(ctx, "old decisions of on-call could not be removed", err)
	}
	if _, err := a.store.ForgetLimits(ctx, time.Now()); err != nil {
		a.troubled(ctx, "old limits could not be removed", err)
	}
}

// troubled tells the operator about a database operation that failed.
func (a *Server) troubled(ctx context.Context, what string, err error) {
	if errors.Is(err, context.Canceled) {
		return // the server is stopping
	}
	a.alerts.Raise(ctx, alert.Alert{Kind: alert.DatabaseTrouble, Text: what + ": " + err.Error()})
}

// callBackPatience is how long a call back's job may take: longer than the
// longest timeout that settings allow the phone system.
const callBackPatience = 45 * time.Second
