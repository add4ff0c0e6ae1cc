package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	// rewritePatience is how long SQLite's file may be rewritten beside a
	// server, which cannot write meanwhile: callers on the phone wait. It is
	// enough for 100 MB.
	rewritePatience = time.Second

	// checkpointPatience is how long Scrub waits for readers of the database,
	// such as a backup.
	checkpointPatience = 10 * time.Second
)

// The places that Scrub could not reach.
const (
	notRewritten = "free room in the database's file, in which versions before this one may have left the number: the file is too large to be rewritten beside a server; stop the server and erase the number once more"

	notCut = "the database's write-ahead log, for another program has been reading the database all the time: erase the number once more when that is done"

	inPostgres = "PostgreSQL's files, which keep what was removed until they need the room (VACUUM FULL, while no server runs, clears them), and its write-ahead log and what is archived of that"
)

// Scrub removes erased data from the disk: it rewrites SQLite's file, and
// empties its write-ahead log; PostgreSQL is told to free the room. It returns
// a sentence about each place that it did not reach.
func (s *Store) Scrub(ctx context.Context) (unreached []string, err error) {
	return s.scrub(ctx, rewritePatience, checkpointPatience)
}

func (s *Store) scrub(ctx context.Context, rewriting, cutting time.Duration) (unreached []string, err error) {
	if err := s.running.enter(); err != nil {
		return nil, err
	}
	defer s.running.leave()
	if s.shared() {
		unreached, err = s.vacuumTables(ctx)
	} else {
		unreached, err = s.scrubFile(ctx, rewriting, cutting)
	}
	if err != nil {
		return unreached, fmt.Errorf("take what was erased from the disk: %w", s.explain(err))
	}
	return unreached, nil
}

// vacuumTables frees the room of removed rows, while servers run.
func (s *Store) vacuumTables(ctx context.Context) ([]string, error) {
	tables, err := tablesBefore(ctx, s.readers)
	if err != nil {
		return nil, err
	}
	tables = append(tables, "objects")
	for _, r := range erasingRules {
		tables = append(tables, r.table)
	}
	for _, table := range tables {
		if _, err := s.writer.ExecContext(ctx, "VACUUM "+table); err != nil {
			return nil, err
		}
	}
	return []string{inPostgres}, nil
}

// scrubFile rewrites SQLite's file, and empties the log. This version
// overwrites what it removes at once (secure_delete), but earlier ones did not
// overwrite removed jobs.
func (s *Store) scrubFile(ctx context.Context, rewriting, cutting time.Duration) (unreached []string, err error) {
	db, err := openFile(s.path, map[string]string{"_busy_timeout": inMillis(writerPatience)}, "secure_delete(on)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	rewritten, err := s.rewrite(ctx, db, rewriting)
	if err != nil {
		return nil, err
	}
	if !rewritten {
		unreached = append(unreached, notRewritten)
	}
	cut, err := cutLog(ctx, db, cutting)
	if err == nil && !cut {
		unreached = append(unreached, notCut)
	}
	return unreached, err
}

// rewrite rewrites SQLite's file. It reports whether there was time for it:
// without a server there always is.
func (s *Store) rewrite(ctx context.Context, db *sql.DB, patience time.Duration) (rewritten bool, err error) {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = vacuum(within, db)
	if within.Err() == nil || ctx.Err() != nil {
		return err == nil, errors.Join(err, ctx.Err())
	}
	lock := flock.New(filepath.Join(filepath.Dir(s.path), lockName), flock.SetPermissions(fileMode))
	if alone, err := lock.TryLock(); err != nil || !alone {
		return false, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	return true, vacuum(ctx, db)
}

// vacuum rewrites SQLite's file once no one else writes.
func vacuum(ctx context.Context, db *sql.DB) error {
	for {
		_, err := db.ExecContext(ctx, "VACUUM")
		if err == nil || !isBusy(err) || ctx.Err() != nil {
			return err
		}
	}
}

// cutLog writes the write-ahead log into the file and empties it. It reports
// whether readers of the database let it.
func cutLog(ctx context.Context, db *sql.DB, patience time.Duration) (bool, error) {
	for began := time.Now(); ; {
		var busy, frames, written int
		err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &written)
		switch {
		case err == nil && busy == 0:
			return true, nil
		case err != nil && !isBusy(err), ctx.Err() != nil:
			return false, errors.Join(err, ctx.Err())
		case time.Since(began) > patience:
			return false, nil
		}
	}
}
