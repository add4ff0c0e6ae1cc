package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// maxGroup is how many units one commit covers: the last of them waits for
	// the first.
	maxGroup = 256

	// gatherTime is how far apart groups begin while several callers write at
	// once. A commit costs as much CPU as several units, most of it in system
	// calls for the disk, and on a fast disk each unit would get a commit of
	// its own. Callers hardly notice the pause, and one who writes alone does
	// not wait.
	gatherTime = 2 * time.Millisecond

	// lockPatience is how long a writer waits for another process that is
	// writing, such as a command. A group takes milliseconds.
	lockPatience = 10 * time.Second
)

// group writes to SQLite, where one can write at a time and each commit waits
// for the disk. Callers who arrive meanwhile wait; the first of them then
// executes all their units in one transaction. A unit that fails is undone
// alone.
type group struct {
	db *sql.DB

	mu      sync.Mutex
	waiting []*unit
	leader  *unit // the unit that is executing, or about to; nil: none

	// About the last group; used by the leader alone.
	began time.Time
	size  int
}

// unit is one caller's write.
type unit struct {
	ctx      context.Context
	do       func(context.Context, *sql.Tx) error
	err      error
	panicked any
	turn     chan turn // of capacity one, so that the sender does not block
}

// turn is what a waiter is told.
type turn int

const (
	done turn = iota
	lead
)

// errUnfinished is for units whose leader ended during them (runtime.Goexit).
var errUnfinished = errors.New("the transaction was given up")

// write executes a unit, together with others. If ctx ends before the unit
// begins, it is not executed; if later, the unit is finished all the same:
// interrupting a statement would make SQLite undo the units of others.
func (g *group) write(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	u := &unit{ctx: ctx, do: do, turn: make(chan turn, 1)}
	if g.enter(u) {
		g.lead(u)
		return u.result()
	}
	select {
	case t := <-u.turn:
		if t == lead {
			g.lead(u)
		}
	case <-ctx.Done():
		if g.withdraw(u) {
			return notWritten(ctx)
		}
		if <-u.turn == lead {
			g.lead(u)
		}
	}
	return u.result()
}

// enter queues a unit and reports whether its caller has to lead.
func (g *group) enter(u *unit) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, u)
	if g.leader != nil {
		return false
	}
	g.leader = u
	return true
}

// withdraw takes a unit back and reports whether that was possible: it may be
// executing, or it may be its turn to lead.
func (g *group) withdraw(u *unit) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.Index(g.waiting, u)
	if at < 0 || g.leader == u {
		return false
	}
	g.waiting = slices.Delete(g.waiting, at, at+1)
	return true
}

// take returns the next units, at most limit.
func (g *group) take(limit int) []*unit {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(limit, len(g.waiting))
	units := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	return units
}

// handOn makes the first waiter the leader.
func (g *group) handOn() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leader = nil
	if len(g.waiting) > 0 {
		g.leader = g.waiting[0]
		g.leader.turn <- lead
	}
}

// lead executes the leader's unit, which is the first of those that wait,
// together with the others.
func (g *group) lead(own *unit) {
	var units []*unit
	defer func() { // even if a unit ends the goroutine
		g.handOn()
		for _, u := range units {
			if u != own {
				u.turn <- done
			}
		}
	}()
	g.gather(own.ctx)
	tx, err := g.begin(own.ctx)
	if err != nil {
		// If only the leader's time was up, the next one tries. Otherwise the
		// others would wait for the same thing, one after the other.
		limit := 1
		if own.ctx.Err() == nil {
			limit = maxGroup
		}
		units = g.take(limit)
		fail(units, err)
		return
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	units = g.take(maxGroup)
	g.size = len(units)
	execute(tx, units)
}

// gather waits for more units if the last group had several.
func (g *group) gather(ctx context.Context) {
	if g.size > 1 {
		wait := time.NewTimer(gatherTime - time.Since(g.began))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done(): // begin reports it
		}
	}
	g.began = time.Now()
}

// begin takes the file's lock, waiting for other processes.
func (g *group) begin(ctx context.Context) (*sql.Tx, error) {
	began := time.Now()
	for {
		if ctx.Err() != nil {
			return nil, notWritten(ctx)
		}
		// A transaction is rolled back when its context ends, and this one is
		// not the leader's alone.
		tx, err := g.db.BeginTx(context.WithoutCancel(ctx), nil)
		switch {
		case err == nil:
			return tx, nil
		case !isBusy(err):
			return nil, err
		case time.Since(began) > lockPatience:
			return nil, &fault.Error{Code: fault.Unavailable, Message: "another program keeps writing to the database", Err: err,
				Hint: "try again; a backup or a tool that has opened switchhook.db may be in the way"}
		}
	}
}

// execute runs units in a transaction and commits it.
func execute(tx *sql.Tx, units []*unit) {
	ran := make([]*unit, 0, len(units))
	for _, u := range units {
		u.err = errUnfinished
	}
	for _, u := range units {
		if u.ctx.Err() != nil {
			u.err = notWritten(u.ctx)
			continue
		}
		run := u.runApart
		if len(units) == 1 {
			run = u.run // rolling back the transaction undoes it
		}
		if err := run(tx); err != nil {
			// SQLite has rolled the whole transaction back, as it does on a
			// full disk.
			fail(units, err)
			return
		}
		if u.err == nil {
			ran = append(ran, u)
		}
	}
	if len(ran) == 0 {
		return
	}
	if err := tx.Commit(); err != nil {
		fail(ran, err)
	}
}

// fail gives an error to the units that have none of their own.
func fail(units []*unit, err error) {
	for _, u := range units {
		if u.err == nil || errors.Is(u.err, errUnfinished) {
			u.err = err
		}
	}
}

// run executes the unit. It returns no error: see u.err.
func (u *unit) run(tx *sql.Tx) error {
	defer func() {
		if p := recover(); p != nil {
			u.panicked = fmt.Sprintf("%v, in a transaction\n%s", p, debug.Stack())
			u.err = errUnfinished
		}
	}()
	u.err = u.do(context.WithoutCancel(u.ctx), tx)
	return nil
}

// runApart executes the unit so that it can be undone alone. It fails if the
// transaction as a whole is broken.
func (u *unit) runApart(tx *sql.Tx) error {
	ctx := context.WithoutCancel(u.ctx)
	if _, err := tx.ExecContext(ctx, "SAVEPOINT unit"); err != nil {
		return err
	}
	if err := u.run(tx); err != nil {
		return err
	}
	if u.err != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO unit"); err != nil {
			return errors.Join(u.err, err)
		}
	}
	_, err := tx.ExecContext(ctx, "RELEASE unit")
	return err
}

// result returns the unit's error to its caller, or panics as the unit did.
func (u *unit) result() error {
	if u.panicked != nil {
		panic(u.panicked)
	}
	return u.err
}

// notWritten is the error of a unit whose caller stopped waiting.
func notWritten(ctx context.Context) error {
	return fmt.Errorf("nothing was written: %w", context.Cause(ctx))
}
