// Package store holds what has to outlast the program: entries, texts and their
// status, suppressions, calls, limits, and the objects of the phone side. It
// uses an SQLite file of its own, or a PostgreSQL database that several
// processes share; the SQL is the same for both.
//
// A method is one transaction: it happens whole or not at all. If a method
// returns no error, its changes are on the disk.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// Config says where a Store is and who opens it.
type Config struct {
	// URL is that of a PostgreSQL database, postgres://…; empty: SQLite. It
	// holds a password and is never shown.
	URL string

	// Folder is where SQLite's file is, with what belongs to it. It is made if
	// it does not exist. PostgreSQL does not need it.
	Folder string

	// Exclusive is for the server: it takes the folder, which only one server
	// may do, and migrates the tables. Commands open a store beside it. On
	// PostgreSQL several servers share the tables.
	Exclusive bool

	// Fresh is for a server that starts over: once the folder is taken, the
	// contents of SQLite's file are discarded.
	Fresh bool

	// Elsewhere returns the entries that are not in the database: their
	// countries are needed to read numbers when old tables are migrated.
	// Optional.
	Elsewhere func() []*entry.Entry

	// Failed is called for each failure of the database itself. It must not
	// block, nor use the Store. Optional.
	Failed func(error)

	Now func() time.Time // default: time.Now
	Log *slog.Logger     // of the database's libraries. Optional
}

// Store is an open database. Its methods may be called by several goroutines,
// and see other processes' changes at once.
type Store struct {
	now       func() time.Time
	log       *slog.Logger
	elsewhere func() []*entry.Entry // see Config

	// On SQLite writer has one connection, that of group, and readers have
	// several. On PostgreSQL both are over pool.
	writer  *sql.DB
	readers *sql.DB
	pool    *pgxpool.Pool // PostgreSQL only

	group   *group                 // SQLite only
	worker  atomic.Pointer[Worker] // nil: jobs wait
	lock    *flock.Flock           // of the folder; nil: not taken
	path    string                 // of SQLite's file
	running gate
	ages    ages
	health  health

	activityIDs activityIDs
	fewActivity int // the constant, but for tests

	refusals refusals
	nearly   refusals // entries that have nearly reached a cap; see callLocks
	margin   int      // see callLocks
}

// Open opens a database; the server also makes it. It fails with a *fault.Error
// that says what to do: a second server of one folder and tables newer than the
// program are Refused, a database that a command does not find is NotFound, one
// that does not answer Unavailable.
func Open(ctx context.Context, config Config) (*Store, error) {
	s := &Store{now: config.Now, log: config.Log, elsewhere: config.Elsewhere, health: health{failed: config.Failed}, fewActivity: fewActivity}
	s.activityIDs.last = rand.Uint64() //nolint:gosec // tells processes apart, guards nothing
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	open := s.openSQLite
	if config.URL != "" {
		open = s.openPostgres
	}
	err := open(ctx, config)
	if err == nil {
		err = s.bringUpToDate(ctx, config.Exclusive)
	}
	if err == nil && config.Exclusive && !s.shared() {
		err = s.noteMade(config.Folder)
	}
	if err == nil && !s.shared() {
		// Otherwise what undoes one unit of a group is written to a file, at a
		// third of a call's time. Migrations, which sort whole tables, are over.
		_, err = s.writer.ExecContext(ctx, "PRAGMA temp_store = memory")
	}
	if err == nil && config.Exclusive && s.shared() {
		err = s.forgetTurns(ctx)
	}
	if err == nil {
		err = s.ages.start(ctx, s)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for the methods that are running, and releases the database and
// the folder. Later calls fail.
func (s *Store) Close() error {
	s.running.close()
	var errs []error
	for _, db := range []*sql.DB{s.readers, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// shared reports whether the database is PostgreSQL.
func (s *Store) shared() bool { return s.pool != nil }

// millis is how a time is stored: in milliseconds since 1970, UTC; the zero
// time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is the inverse.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
