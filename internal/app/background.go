package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/alert"
	"github.com/switchhook/switchhook/internal/clicktocall"
	"github.com/switchhook/switchhook/internal/store"
)

// The kinds of jobs.
const (
	textJob      = "text"
	provisionJob = "provision"
)

// How often what goes on by itself is looked after.
const (
	// sweepEvery is how long a text lies that a dead process left behind, past
	// its lease.
	sweepEvery = 2 * time.Second

	// tidyEvery is how often what is older than the retention is removed.
	tidyEvery = time.Hour

	// newDomainsEvery is how often domains are looked for that have no event
	// subscription yet: a form has just been sent.
	newDomainsEvery = 10 * time.Second

	// subscribeEvery is how often a subscription is looked at: who deletes it
	// on the phone system keeps STOP from us for as long.
	subscribeEvery = time.Hour

	// subscribeAgain is the same where that has failed.
	subscribeAgain = 5 * time.Minute
)

// background is what goes on besides requests. It is started as a whole and
// stopped in two parts: jobs while requests are still answered, and what
// requests and calls need after them.
type background struct {
	app    *App
	worker *store.Worker
	cancel context.CancelFunc
	loops  sync.WaitGroup

	serving     context.CancelFunc // ends after requests and calls
	servingDone sync.WaitGroup

	alerting     context.CancelFunc // ends after everything that raises alerts
	alertingDone sync.WaitGroup
}

// start begins the work of the store's jobs, and what is done again and again.
func (a *App) start(ctx context.Context) (*background, error) {
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

// stopJobs ends jobs, and what is done again and again, waiting for what is
// under way until ctx ends. What was cut off is begun again by the next server.
func (b *background) stopJobs(ctx context.Context) error {
	b.cancel()
	err := b.worker.Stop(ctx)
	b.loops.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// stop ends the rest, once no request and no call is left.
func (b *background) stop() {
	b.serving()
	b.app.keeping.stop()
	b.app.journalling.stop()
	b.servingDone.Wait()
	b.alerting()
	b.alertingDone.Wait()
}

// again does something now and then again and again, never at the same moment
// as another server of the same database for long.
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

// workText makes the attempt that a text is due for.
func (a *App) workText(ctx context.Context, id string) (again time.Time, err error) {
	s := a.site.Load()
	if s.outbox == nil {
		return time.Now().Add(tidyEvery), nil // text-back was switched off: the text waits
	}
	a.watchClock(ctx) // else a text would be too late that is not
	return s.outbox.Work(ctx, id)
}

// sweep takes on what a process has left behind.
func (a *App) sweep(ctx context.Context) {
	a.watchClock(ctx) // else attempts would be taken for ones that were left behind
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

// tidy removes what is not to be kept any longer.
func (a *App) tidy(ctx context.Context) {
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

// troubled tells the operator what could not be done for the database.
func (a *App) troubled(ctx context.Context, what string, err error) {
	if errors.Is(err, context.Canceled) {
		return // the server stops
	}
	a.alerts.Raise(ctx, alert.Alert{Kind: alert.DatabaseTrouble, Text: what + ": " + err.Error()})
}

// callBackPatience is how long a call back's job may take: longer than the most
// that the settings let the phone system have.
const callBackPatience = 45 * time.Second
