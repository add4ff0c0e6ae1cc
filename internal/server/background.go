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

// background is the work outside requests. It starts as a whole and stops in
// two parts: jobs while requests are still answered, then what requests and
// calls still need.
type background struct {
	app    *Server
	worker *store.Worker
	cancel context.CancelFunc
	loops  sync.WaitGroup

	serving     context.CancelFunc // ends after requests and calls
	servingDone sync.WaitGroup

	alerting     context.CancelFunc // ends after everything that raises alerts
	alertingDone sync.WaitGroup
}

// start begins working the store's jobs, and the periodic work.
func (a *Server) start(ctx context.Context) (*background, error) {
	b := &background{app: a}
	worker, err := a.store.Work(ctx, map[string]store.Handler{
		textJob:             a.workText,
		provisionJob:        a.workProvision,
		clicktocall.JobKind: a.workCallBack,
	}, store.WorkOptions{Patience: map[string]time.Duration{
		textJob: a.options.Pace.Job(), provisionJob: provisionPatience, clicktocall.JobKind: callBackPatience,
	}})
	if err != nil {
		return nil, err
	}
	b.worker = worker
	alerting, stopAlerts := context.WithCancel(context.WithoutCancel(ctx))
	b.alerting = stopAlerts
	b.alertingDone.Go(func() { a.alerts.Run(alerting) })
	ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	b.again(ctx, sweepEvery, a.sweep)
	b.again(ctx, sweepEvery, a.sweepCallBacks)
	b.again(ctx, tidyEvery, a.tidy)
	b.again(ctx, spaceEvery, a.watchSpace)
	b.again(ctx, sumsEvery, a.sums.Flush)
	b.again(ctx, guessesEvery, a.watchGuesses)
	b.again(ctx, newDomainsEvery, a.subscribe)
	b.again(ctx, provisionEvery, a.scheduleProvisioning)
	b.again(ctx, suspectsEvery, a.lookAtSuspects)
	serving, endServing := context.WithCancel(context.WithoutCancel(ctx))
	b.serving = endServing
	a.keeping.start(serving)
	a.journalling.start(serving)
	if core := a.site.Load().core; core != nil {
		b.servingDone.Go(func() { core.PostEvents(serving) })
		b.servingDone.Go(func() { core.WorkQueues(serving) })
	}
	return b, nil
}

// stopJobs stops jobs and periodic work, and waits for running ones until ctx
// ends. The next server restarts what was cut off.
func (b *background) stopJobs(ctx context.Context) error {
	b.cancel()
	err := b.worker.Stop(ctx)
	b.loops.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// stop ends the rest, once there are no requests and calls left.
func (b *background) stop() {
	b.serving()
	b.app.keeping.stop()
	b.app.journalling.stop()
	b.servingDone.Wait()
	b.alerting()
	b.alertingDone.Wait()
}

// again repeats something at intervals that vary a little, so that the servers
// of one database drift apart.
func (b *background) again(ctx context.Context, every time.Duration, do func(context.Context)) {
	b.loops.Go(func() {
		for {
			do(ctx)
			wait := time.NewTimer(every - rand.N(every/10)) //nolint:gosec // spreads, guards nothing
			select {
			case <-ctx.Done():
				wait.Stop()
				return
			case <-wait.C:
			}
		}
	})
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
