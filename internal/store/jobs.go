package store

import (
	"context"
	"fmt"
	"time"
)

const (
	// jobPatience is how long a handler may take where WorkOptions do not say
	// otherwise: a little longer than the lease of a text. What died amid a job
	// is begun again this long after, on PostgreSQL.
	jobPatience = 45 * time.Second

	// jobsAtOnce is how many handlers run at once where WorkOptions do not say
	// otherwise: they wait for phone systems more than they compute.
	jobsAtOnce = 16
)

// Handler does the work that one kind of job stands for, about the thing with
// this id. It returns when to be called again; the zero time is never. Where it
// fails it is called again too, after a pause that grows from a second to five
// minutes, for as long as it fails. Its context ends when the kind's patience
// is over.
//
// A handler may be called again after it has done its work, where a process
// died before that was recorded.
type Handler func(ctx context.Context, id string) (again time.Time, err error)

// WorkOptions say how jobs are worked. The zero WorkOptions are right.
type WorkOptions struct {
	AtOnce   int                      // how many handlers run at once; 0: 16
	Patience map[string]time.Duration // by kind of job, how long a handler may take; absent: 45 s
}

// patience returns how long a handler of this kind may take.
func (o WorkOptions) patience(kind string) time.Duration {
	if p := o.Patience[kind]; p > 0 {
		return p
	}
	return jobPatience
}

// longest returns how long any handler may take.
func (o WorkOptions) longest() time.Duration {
	longest := jobPatience
	for _, p := range o.Patience {
		longest = max(longest, p)
	}
	return longest
}

// queue makes and works jobs.
type queue interface {
	// add makes a job of this kind for this id, not to be begun before at. Of
	// jobs that are not finished there is one for each kind and id: one that is
	// there already is made earlier, or left alone where it is earlier, and one
	// that is being worked is begun again when it ends.
	add(ctx context.Context, kind, id string, at time.Time) error

	// addMissing makes jobs to be begun now, where there are none.
	addMissing(ctx context.Context, kind string, ids []string) error

	// work begins to work jobs. The function that it returns drains.
	work(ctx context.Context, handlers map[string]Handler, options WorkOptions) (stop func(context.Context) error, err error)
}

// Schedule makes a job of this kind for this id, to be begun at a time: at once
// where that has passed. Of jobs that are not finished there is one for each
// kind and id. One that waits already is made earlier where it is for later;
// where one is being worked, the handler is called again after it, so that
// whatever changed before Schedule is seen.
//
// The job is made where Schedule returns no error, and survives the process.
func (s *Store) Schedule(ctx context.Context, kind, id string, at time.Time) error {
	if err := s.running.enter(); err != nil {
		return err
	}
	defer s.running.leave()
	if err := s.queue.add(ctx, kind, id, at); err != nil {
		return fmt.Errorf("schedule job %s of %s: %w", kind, id, s.explain(err))
	}
	return nil
}

// addMissing makes jobs to be begun now, where there are none.
func (s *Store) addMissing(ctx context.Context, kind string, ids []string) error {
	if err := s.running.enter(); err != nil {
		return err
	}
	defer s.running.leave()
	return s.explain(s.queue.addMissing(ctx, kind, ids))
}

// Worker works jobs until it is stopped.
type Worker struct {
	stop func(context.Context) error
}

// Work begins to work jobs: for each that is due the handler of its kind is
// called, within about a second of its time. A job whose kind has no handler
// waits for a program that has one. What other processes left amid a job is
// begun again: on SQLite at once, for there this is the only one that works, on
// PostgreSQL when the patience of its kind is over.
//
// A Store has one Worker at a time. The end of ctx does not stop it; Stop has to
// be called before the Store is closed.
func (s *Store) Work(ctx context.Context, handlers map[string]Handler, options WorkOptions) (*Worker, error) {
	if err := s.running.enter(); err != nil {
		return nil, err
	}
	defer s.running.leave()
	if options.AtOnce <= 0 {
		options.AtOnce = jobsAtOnce
	}
	stop, err := s.queue.work(context.WithoutCancel(ctx), handlers, options)
	if err != nil {
		return nil, fmt.Errorf("work jobs: %w", s.explain(err))
	}
	return &Worker{stop: stop}, nil
}

// Stop begins no further job and waits for the handlers that run. Where ctx ends
// before they do, their contexts end too, and Stop returns ctx's error when they
// have returned; what they were at is begun again by the next Worker. Nothing of
// the Worker runs after Stop.
func (w *Worker) Stop(ctx context.Context) error { return w.stop(ctx) }
