package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/switchhook/switchhook/internal/ledger"
)

const (
	// rescuePause is how often jobs are looked for that have been running for
	// longer than their handler may take.
	rescuePause = 2 * time.Second

	// rescueGrace is how much longer that is: handlers take a moment to see that
	// their time is over, and the clocks of two machines differ.
	rescueGrace = 3 * time.Second

	// rescueBatch is how many jobs are rescued at once.
	rescueBatch = 500

	// stopGrace is how long handlers may take to return once their context has
	// ended. Whoever stops the server waits.
	stopGrace = 10 * time.Second
)

// choreWorker calls handlers.
type choreWorker[T any] struct {
	river.WorkerDefaults[chore]

	queue    *riverQueue[T]
	handlers map[string]Handler
	options  WorkOptions
}

func (w *choreWorker[T]) Timeout(job *river.Job[chore]) time.Duration {
	return w.options.patience(job.Args.Work)
}

// Work calls the handler. It records that the job is finished by itself: River
// does so a moment later, and a wish that came in between would be lost.
func (w *choreWorker[T]) Work(ctx context.Context, job *river.Job[chore]) error {
	handle := w.handlers[job.Args.Work]
	if handle == nil {
		return errors.New("this program does not know what to do with it")
	}
	again, err := handle(ctx, job.Args.About)
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return river.JobSnooze(0) // the worker is being stopped; it was no fault of the handler's
		}
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
	defer cancel()
	return w.queue.inTx(ctx, func(exec riverdriver.ExecutorTx, tx T) error { return w.queue.finish(ctx, exec, tx, job, again) })
}

// finish records that a job is finished, and makes the next one where the
// handler or somebody else wants it.
func (q *riverQueue[T]) finish(ctx context.Context, exec riverdriver.ExecutorTx, tx T, job *river.Job[chore], again time.Time) error {
	now, err := exec.JobUpdate(ctx, &riverdriver.JobUpdateParams{ID: job.ID, Metadata: []byte("{}")}) // locks it
	if err != nil {
		return err
	}
	before, err := wishOf(job.JobRow)
	if err != nil {
		return err
	}
	after, err := wishOf(now)
	if err != nil {
		return err
	}
	if at := fromMillis(after.Again); after.Asked > before.Asked && (again.IsZero() || at.Before(again)) {
		again = at
	}
	if now.State != rivertype.JobStateRunning || now.Attempt != job.Attempt {
		// It was taken for dead and is begun again, maybe at this moment. It
		// must not be finished by this.
		return river.JobSnooze(firstRetry)
	}
	if _, err := river.JobCompleteTx[riverdriver.Driver[T]](ctx, tx, job); err != nil {
		return err
	}
	if again.IsZero() {
		return nil
	}
	_, err = q.client.Load().InsertTx(ctx, tx, job.Args, once(again))
	return err
}

// NextRetry returns when a job is tried again whose handler has failed.
func (w *choreWorker[T]) NextRetry(job *river.Job[chore]) time.Time {
	pause := firstRetry
	for range len(job.Errors) {
		if pause *= 2; pause >= longestRetry {
			pause = longestRetry
			break
		}
	}
	return time.Now().UTC().Add(pause)
}

// HandleError tells the operator that a handler has failed.
func (w *choreWorker[T]) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	w.failed(ctx, job, err)
	return nil
}

// HandlePanic tells of a defect of ours.
func (w *choreWorker[T]) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	w.failed(ctx, job, fmt.Errorf("panic: %v\n%s", value, trace))
	return nil
}

func (w *choreWorker[T]) failed(ctx context.Context, job *rivertype.JobRow, err error) {
	var c chore
	if json.Unmarshal(job.EncodedArgs, &c) != nil {
		c.Work = "unknown"
	}
	w.queue.log.WarnContext(ctx, "a job failed and is tried again", "kind", c.Work, "id", c.About, "attempt", job.Attempt, "error", err)
}

// work is described at queue.
func (q *riverQueue[T]) work(ctx context.Context, handlers map[string]Handler, options WorkOptions) (func(context.Context) error, error) {
	worker := &choreWorker[T]{queue: q, handlers: handlers, options: options}
	config := q.config()
	config.ID = ledger.NewID()
	config.Workers = river.NewWorkers()
	if err := river.AddWorkerSafely(config.Workers, river.Worker[chore](worker)); err != nil {
		return nil, err
	}
	config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: options.AtOnce}}
	config.ErrorHandler = worker
	config.FetchCooldown, config.FetchPollInterval = fetchPause, pollPause
	config.CompletedJobRetentionPeriod = jobsKept
	config.JobTimeout = options.longest()
	config.RescueStuckJobsAfter = options.longest() + rescueGrace // where rescue below is not at it
	client, err := river.NewClient(q.driver, config)
	if err != nil {
		return nil, err
	}
	if q.alone {
		if err := q.takeOver(ctx); err != nil {
			return nil, err
		}
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	q.client.Store(client)

	rescuing, cancel := context.WithCancel(ctx)
	rescued := make(chan struct{})
	go func() {
		defer close(rescued)
		q.keepRescuing(rescuing, options)
	}()
	return func(ctx context.Context) error {
		cancel()
		<-rescued
		q.client.Store(q.idle)
		err := client.Stop(ctx)
		if err == nil {
			return nil
		}
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		return errors.Join(fmt.Errorf("wait for jobs that are being worked: %w", err), client.StopAndCancel(hard))
	}, nil
}

// takeOver begins again what the process before was at when it died, and makes
// River's maintenance this process's at once.
func (q *riverQueue[T]) takeOver(ctx context.Context) error {
	never := time.Now().Add(24 * time.Hour) // when all is over, also what began before the clock was set back
	if _, err := q.driver.GetExecutor().LeaderDeleteExpired(ctx, &riverdriver.LeaderDeleteExpiredParams{Now: &never}); err != nil {
		return err
	}
	return q.rescue(ctx, never, func(string) time.Time { return never })
}

// keepRescuing looks again and again for jobs whose process died.
func (q *riverQueue[T]) keepRescuing(ctx context.Context, options WorkOptions) {
	tick := time.NewTicker(rescuePause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		err := q.rescue(ctx, now.Add(-rescueGrace), func(kind string) time.Time { return now.Add(-options.patience(kind) - rescueGrace) })
		if err != nil && ctx.Err() == nil {
			q.log.WarnContext(ctx, "jobs that died cannot be looked for", "error", err)
		}
	}
}

// rescue makes jobs available again that have been running since before the
// horizon of their kind, none of which is later than latest.
func (q *riverQueue[T]) rescue(ctx context.Context, latest time.Time, horizon func(kind string) time.Time) error {
	exec := q.driver.GetExecutor()
	var after int64
	for {
		running, err := exec.JobGetStuck(ctx, &riverdriver.JobGetStuckParams{AfterID: after, Max: rescueBatch, StuckHorizon: latest})
		if err != nil || len(running) == 0 {
			return err
		}
		after = running[len(running)-1].ID
		var dead riverdriver.JobRescueManyParams
		for _, job := range running {
			var c chore
			if err := json.Unmarshal(job.EncodedArgs, &c); err != nil {
				return fmt.Errorf("read job %d: %w", job.ID, err)
			}
			if job.AttemptedAt == nil || !job.AttemptedAt.Before(horizon(c.Work)) {
				continue
			}
			now := time.Now().UTC()
			why, err := json.Marshal(rivertype.AttemptError{At: now, Attempt: job.Attempt, Error: "its process died"})
			if err != nil {
				return err
			}
			dead.ID = append(dead.ID, job.ID)
			dead.Error = append(dead.Error, why)
			dead.FinalizedAt = append(dead.FinalizedAt, nil)
			dead.ScheduledAt = append(dead.ScheduledAt, now)
			dead.State = append(dead.State, string(rivertype.JobStateAvailable))
		}
		if len(dead.ID) > 0 {
			if _, err := exec.JobRescueMany(ctx, &dead); err != nil {
				return err
			}
		}
	}
}
