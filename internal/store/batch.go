package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// batch is statements that need no results of each other, and are executed in
// their order: on PostgreSQL in one round trip, on SQLite one by one.
type batch struct {
	queued []queued
	next   step
	shared bool // see Store.shared
}

// step queues the next statements of a transaction. It may use the results of
// the previous ones, and returns an error to have nothing written.
type step func(b *batch) error

// queued is a statement, and what is done with its result.
type queued struct {
	query   string
	args    []any
	scan    func(row scanner) error // of each row; nil: there are none
	changed *int                    // is set to the number of rows changed; optional
}

// exec queues a statement that returns no rows.
func (b *batch) exec(query string, args ...any) {
	b.queued = append(b.queued, queued{query: query, args: args})
}

// tell queues the statement of activityRow, or one like it.
func (b *batch) tell(query string, args []any) { b.exec(query, args...) }

// count queues a statement, and sets changed to how many rows it changes.
func (b *batch) count(changed *int, query string, args ...any) {
	b.queued = append(b.queued, queued{query: query, args: args, changed: changed})
}

// query queues a statement that returns rows, and has scan called for each. scan
// must set its results again each time.
func (b *batch) query(scan func(row scanner) error, query string, args ...any) {
	b.queued = append(b.queued, queued{query: query, args: args, scan: scan})
}

// lock queues what lockNames does. Statements queued later see what earlier
// holders of the names have written.
func (b *batch) lock(names ...string) {
	if b.shared {
		slices.Sort(names)
		b.exec(lockStatement, slices.Compact(names))
	}
}

// then has another step follow once the statements of this one are executed.
// Without it this step is the last one.
func (b *batch) then(next step) { b.next = next }

// writeSteps is writeTx in as few round trips as there are steps: the
// transaction begins with the statements of the first step and is committed with
// those of the last.
//
// If ctx ends before the last step, nothing is written. That one is not
// interrupted and may take commitPatience; an error of its scan comes too late.
func (s *Store) writeSteps(ctx context.Context, first step) error {
	if !s.shared() {
		return s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return runSteps(ctx, tx, first) })
	}
	return s.pipeSteps(ctx, true, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, first)
}

// readSteps is readTx in as few round trips as there are steps.
func (s *Store) readSteps(ctx context.Context, first step) error {
	if !s.shared() {
		return s.readIn(ctx, func(ctx context.Context, tx *sql.Tx) error { return runSteps(ctx, tx, first) })
	}
	return s.pipeSteps(ctx, false, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, first)
}

// runSteps executes steps in a transaction, one statement after the other.
func runSteps(ctx context.Context, tx *sql.Tx, next step) error {
	for next != nil {
		var b batch
		if err := next(&b); err != nil {
			return err
		}
		if err := b.run(ctx, tx); err != nil {
			return err
		}
		next = b.next
	}
	return nil
}

// run executes the statements one after the other.
func (b *batch) run(ctx context.Context, tx *sql.Tx) error {
	for _, one := range b.queued {
		if err := one.run(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (o queued) run(ctx context.Context, tx *sql.Tx) error {
	if o.scan != nil {
		return each(ctx, tx, o.query, o.args, o.scan)
	}
	n, err := execCount(ctx, tx, o.query, o.args...)
	if o.changed != nil {
		*o.changed = n
	}
	return err
}

// pipeSteps executes steps on PostgreSQL, again if others were in the way.
func (s *Store) pipeSteps(ctx context.Context, writing bool, options pgx.TxOptions, first step) error {
	if err := s.running.enter(); err != nil {
		return err
	}
	defer s.running.leave()
	return s.health.note(s.explain(untilAlone(ctx, func() (bool, error) { return s.trySteps(ctx, options, first) })), writing)
}

// trySteps executes steps in a transaction on PostgreSQL. It reports whether to
// try again: nothing was written, and no step itself failed.
func (s *Store) trySteps(ctx context.Context, options pgx.TxOptions, next step) (again bool, err error) {
	if ctx.Err() != nil {
		return false, notWritten(ctx)
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return pgconn.SafeToRetry(err), err
	}
	defer release(conn)
	for begun := false; next != nil; begun = true {
		b := batch{shared: true}
		if err := next(&b); err != nil {
			return false, err
		}
		if ctx.Err() != nil {
			return false, notWritten(ctx)
		}
		next = b.next
		if err := b.send(ctx, conn.Conn(), options, begun); err != nil {
			return inTheWay(err) || pgconn.SafeToRetry(err), err
		}
	}
	return false, nil
}

// send executes the statements; those of the last step with the commit.
func (b *batch) send(ctx context.Context, conn *pgx.Conn, options pgx.TxOptions, begun bool) error {
	var all pgx.Batch
	if !begun {
		all.BeginTx(options)
	}
	for _, q := range b.queued {
		sent := all.Queue(q.query, q.args...)
		switch {
		case q.scan != nil:
			sent.Query(func(rows pgx.Rows) error {
				for rows.Next() {
					if err := q.scan(rows); err != nil {
						return err
					}
				}
				return nil
			})
		case q.changed != nil:
			sent.Exec(func(tag pgconn.CommandTag) error {
				*q.changed = int(tag.RowsAffected())
				return nil
			})
		}
	}
	if b.next == nil {
		all.Queue("COMMIT")
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
		defer cancel()
	}
	return conn.SendBatch(ctx, &all).Close()
}

// rollbackPatience is how long undoing a transaction may take: after that its
// connection is closed, which undoes it too.
const rollbackPatience = time.Second

// release gives a connection back, without the transaction that a failure left
// on it.
func release(conn *pgxpool.Conn) {
	const idle = 'I'
	if at := conn.Conn().PgConn(); !at.IsClosed() && at.TxStatus() != idle {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackPatience)
		defer cancel()
		_, _ = conn.Exec(ctx, "ROLLBACK") // if it fails, Release closes the connection
	}
	conn.Release()
}
