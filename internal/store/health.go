package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/switchhook/switchhook/internal/fault"
)

// provenAfter is how long writes must not fail before a success proves that the
// database is well: on a full disk small ones succeed now and then.
const provenAfter = 10 * time.Second

// health knows whether writing works.
type health struct {
	failed func(error) // Config.Failed

	mu      sync.Mutex
	trouble error     // of the last write that failed; nil: the database is well
	at      time.Time // when it failed
}

// note checks the error of a statement or a transaction, reports it if the
// database itself failed, and returns it. Writing says that it was a write.
func (h *health) note(err error, writing bool) error {
	if !ofDatabase(err) {
		return err
	}
	if writing && !errors.Is(err, context.DeadlineExceeded) { // it may have waited for others: Ping says more
		h.mu.Lock()
		h.trouble, h.at = err, time.Now()
		h.mu.Unlock()
	}
	if h.failed != nil {
		h.failed(err)
	}
	return err
}

// ofDatabase reports whether the database itself failed, or did not answer in
// time. A wrong statement, or one that its caller gave up, is not the
// database's failure.
func ofDatabase(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, errClosed) {
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	switch code := sqliteCode(err); code {
	case 0:
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_INTERRUPT:
		return false
	default:
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code[:2] != integrityClass
	}
	return fault.CodeOf(err) == fault.Unavailable
}

// Trouble returns why the last write failed, until Probe finds the database
// well; nil: it is well. It does not wait.
func (s *Store) Trouble() error {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	return s.health.trouble
}

// Probe checks, after a failed write, whether the database can be written to
// again. It returns nil if it can, or if no write has failed.
func (s *Store) Probe(ctx context.Context) error {
	if s.Trouble() == nil {
		return nil
	}
	if err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Writes a page, although it changes nothing.
		_, err := tx.ExecContext(ctx, "UPDATE "+versionTable+" SET version_id = version_id")
		return err
	}); err != nil {
		return err
	}
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	if s.health.trouble != nil && time.Since(s.health.at) < provenAfter {
		return s.health.trouble
	}
	s.health.trouble = nil
	return nil
}
