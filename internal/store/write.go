package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// querier reads.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

const (
	// maxTries is how often a transaction is tried that conflicts with others.
	// With the pauses that is some seconds, as long as a caller waits.
	maxTries = 100

	// firstPause and longestPause bound the pause between two tries.
	firstPause   = time.Millisecond
	longestPause = 100 * time.Millisecond

	// commitPatience is how long a commit may take. It is not interrupted when
	// its caller's time is up: we would not know whether it was written.
	commitPatience = 5 * time.Second
)

// writeSerial executes do in one transaction, as if no other was executed
// meanwhile: what do reads stays true until it is written (on PostgreSQL the
// isolation level is serializable). If do fails, nothing it wrote stays. It may
// be executed several times and must set its results again each time. It uses
// the context that it is given, and must not call the Store's other methods.
//
// If ctx ends before do has run, nothing is written.
func (s *Store) writeSerial(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.writeAt(ctx, sql.LevelSerializable, do)
}

// writeTx is writeSerial for a do whose statements are each correct on their own,
// whatever runs between them: it waits less on PostgreSQL (the isolation level
// is read committed).
func (s *Store) writeTx(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.writeAt(ctx, sql.LevelReadCommitted, do)
}

func (s *Store) writeAt(ctx context.Context, level sql.IsolationLevel, do func(context.Context, *sql.Tx) error) error {
	if err := s.running.enter(); err != nil {
		return err
	}
	defer s.running.leave()
	if s.group != nil {
		return s.health.note(s.explain(s.group.write(ctx, do)), true)
	}
	return s.health.note(s.explain(untilAlone(ctx, func() (bool, error) { return s.tryTx(ctx, level, do) })), true)
}

// untilAlone calls do until there is no need to try again. Its pauses spread
// out those who conflict.
func untilAlone(ctx context.Context, do func() (again bool, err error)) error {
	pause := firstPause
	for try := 1; ; try++ {
		again, err := do()
		if !again || try == maxTries {
			return err
		}
		wait := time.NewTimer(rand.N(pause)) //nolint:gosec // guards nothing
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return errors.Join(notWritten(ctx), err)
		}
		pause = min(2*pause, longestPause)
	}
}

// tryTx executes do in a transaction on PostgreSQL. It reports whether to try
// again: nothing was written, and do itself did not fail.
func (s *Store) tryTx(ctx context.Context, level sql.IsolationLevel, do func(context.Context, *sql.Tx) error) (again bool, err error) {
	if ctx.Err() != nil {
		return false, notWritten(ctx)
	}
	// The transaction ends with ctx until it is being committed.
	whole, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	keep := context.AfterFunc(ctx, cancel)
	defer keep()
	tx, err := s.writer.BeginTx(whole, &sql.TxOptions{Isolation: level})
	if err != nil {
		return pgconn.SafeToRetry(err), err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := do(ctx, tx); err != nil {
		return inTheWay(err), err
	}
	if !keep() {
		return false, notWritten(ctx)
	}
	late := time.AfterFunc(commitPatience, cancel)
	defer late.Stop()
	if err := tx.Commit(); err != nil {
		return inTheWay(err), fmt.Errorf("commit: %w", err)
	}
	return false, nil
}

// readTx executes do on one state of the database: do does not see what is
// written meanwhile.
func (s *Store) readTx(ctx context.Context, do func(ctx context.Context, q querier) error) error {
	return s.readIn(ctx, func(ctx context.Context, tx *sql.Tx) error { return do(ctx, tx) })
}

// readIn is readTx for those that need the transaction itself.
func (s *Store) readIn(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	if err := s.running.enter(); err != nil {
		return err
	}
	defer s.running.leave()
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: s.snapshot()})
	if err != nil {
		return s.health.note(s.explain(err), false)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return s.health.note(s.explain(do(ctx, tx)), false)
}

// readOne is readTx for a do of one statement, which needs no transaction.
func (s *Store) readOne(ctx context.Context, do func(ctx context.Context, q querier) error) error {
	if err := s.running.enter(); err != nil {
		return err
	}
	defer s.running.leave()
	return s.health.note(s.explain(do(ctx, s.readers)), false)
}

// snapshot is the isolation level of readers. SQLite has only one.
func (s *Store) snapshot() sql.IsolationLevel {
	if s.shared() {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

// lockNames makes other transactions that hold one of these names wait for the end
// of this one. All take theirs in the same order, to avoid deadlocks: PostgreSQL
// takes them one after the other, as they stand in the array. SQLite has one
// writing transaction at a time.
func (s *Store) lockNames(ctx context.Context, tx *sql.Tx, names ...string) error {
	if !s.shared() {
		return nil
	}
	slices.Sort(names)
	_, err := tx.ExecContext(ctx, lockStatement, slices.Compact(names))
	return err
}

const lockStatement = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS name"
