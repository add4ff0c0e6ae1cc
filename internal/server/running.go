package server

import (
	"context"
	"sync"
)

// running is something that runs beside requests and is replaced on reload. It
// runs between start and stop only.
type running struct {
	mu      sync.Mutex
	ctx     context.Context // of what runs; nil: not started
	end     context.CancelFunc
	done    chan struct{}
	pending func(context.Context)
}

// replace stops what runs, waits for it, and runs something else instead; nil:
// nothing.
func (r *running) replace(run func(context.Context)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finish()
	r.pending = run
	if r.ctx != nil {
		r.begin()
	}
}

// start begins to run.
func (r *running) start(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ctx = ctx
	r.begin()
}

// stop ends it, and waits for it.
func (r *running) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finish()
	r.ctx = nil
}

func (r *running) begin() {
	if r.pending == nil {
		return
	}
	ctx, end := context.WithCancel(r.ctx)
	done, run := make(chan struct{}), r.pending
	r.end, r.done = end, done
	go func() { // ends with finish, which waits
		defer close(done)
		run(ctx)
	}()
}

func (r *running) finish() {
	if r.end == nil {
		return
	}
	r.end()
	<-r.done
	r.end, r.done = nil, nil
}
