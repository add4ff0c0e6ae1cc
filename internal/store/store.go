// Package store keeps what has to outlast the program: entries, texts and what
// became of them, who wants none, calls, limits, and the objects of the phone
// side. It keeps them in an SQLite file of its own, or in a PostgreSQL database
// that several processes share; the SQL is the same for both.
//
// A method is one transaction: it happens whole or not at all. What a method
// has returned without an error is on the disk.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/switchhook/switchhook/internal/entry"
)

// Config says where a Store is and who opens it.
type Config struct {
	// URL is that of a PostgreSQL database, postgres://…; empty: SQLite. It
	// holds a password and is never shown.
	URL string

	// Folder is where SQLite's file is, and what belongs to it. It is made
	// where it does not exist. PostgreSQL does not need it.
	Folder string

	// Exclusive is for the server: it takes the folder, of which there is one
	// server, and brings the tables up to date. Commands open a store beside
	// it. On PostgreSQL several servers share the tables.
	Exclusive bool

	// Fresh is for a server that begins anew: what SQLite's file held is gone
	// once the folder is taken.
	Fresh bool

	// Elsewhere returns the entries that are not in the database: numbers of
	// theirs are read with their countries when old tables are brought up to
	// date. Optional.
	Elsewhere func() []*entry.Entry

	// Failed is told of each failure that is the database's own. It must not
	// wait, nor use the Store. Optional.
	Failed func(error)

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // of what the database's libraries say; nil: nowhere
}

// Store is an open database. Its methods may be called by several goroutines,
// and what other processes do is seen at once.
type Store struct {
	now       func() time.Time
	log       *slog.Logger
	elsewhere func() []*entry.Entry // see Config

	// On SQLite writer has one connection, that of group, and readers have
	// several. On PostgreSQL both are over pool.
	writer  *sql.DB
	readers *sql.DB
	pool    *pgxpool.Pool // PostgreSQL alone

	group   *group                 // SQLite alone
	worker  atomic.Pointer[Worker] // nil: jobs wait
	lock    *flock.Flock           // of the folder; nil: it was not taken
	path    string                 // of SQLite's file
	running gate
	ages    ages
	health  health
}

// Open opens a database, and makes it where the server is the one who opens.
// It fails with a *fault.Error that says what to do: a second server of one
// folder and tables that are newer than the program are Refused, a database
// that a command does not find is NotFound, one that does not answer
// Unavailable.
func Open(ctx context.Context, config Config) (*Store, error) {
	s := &Store{now: config.Now, log: config.Log, elsewhere: config.Elsewhere, health: health{failed: config.Failed}}
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
	if err == nil {
		err = s.ages.start(ctx, s)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for the methods that are running, and gives up the database and
// the folder. Methods that are called later fail.
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

// millis is how a time is kept: in milliseconds since 1970, UTC; the zero time
// is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is the other way.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
