package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/switchhook/switchhook/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// versionTable is where goose records its migrations.
	versionTable = "switchhook_schema"

	// migrationLock is the PostgreSQL advisory lock of the server that migrates
	// the tables. The number means nothing.
	migrationLock = 7_394_112_058

	// migrationPatience is how long a migration may take, or the wait for
	// another server's. The operator would rather wait than have it aborted.
	migrationPatience = 10 * time.Minute
)

// bringUpToDate migrates the tables to this program's version if change is set,
// and otherwise checks that they have it.
func (s *Store) bringUpToDate(ctx context.Context, change bool) error {
	ctx, cancel := context.WithTimeout(ctx, migrationPatience)
	defer cancel()
	dialect := goose.DialectSQLite3
	if s.shared() {
		dialect = goose.DialectPostgres
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	steps, err := goose.NewProvider(dialect, s.writer, files,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithSlog(s.log),
		goose.WithGoMigrations(s.keysMigration(), s.jobsMigration()))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	sources := steps.ListSources()
	newest := sources[len(sources)-1].Version

	if !change {
		return s.explain(s.compare(ctx, newest, false))
	}
	unlock, err := s.lockMigration(ctx)
	if err != nil {
		return s.explain(err)
	}
	err = s.migrate(ctx, steps, newest)
	return s.explain(errors.Join(err, unlock()))
}

// migrate migrates the tables.
func (s *Store) migrate(ctx context.Context, steps *goose.Provider, newest int64) error {
	if err := s.compare(ctx, newest, true); err != nil {
		return err
	}
	if _, err := steps.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", err)
	}
	return nil
}

// compare checks the version of the tables. Older ones are fine if they are
// about to be migrated.
func (s *Store) compare(ctx context.Context, newest int64, older bool) error {
	found, err := s.version(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("look at the version of the tables: %w", err)
	case found > newest:
		return fault.Newf(fault.Refused, "the database is of a newer switchhook: its tables have version %d, this program knows %d", found, newest).
			WithHint("use the newer program again; to go back to this one, use it with the backup that was made before the upgrade")
	case older || found == newest:
		return nil
	case found == 0:
		return fault.Newf(fault.NotFound, "the database has no tables of switchhook").
			WithHint("start switchhook serve once, which makes them")
	default:
		return fault.Newf(fault.Refused, "the database is of an older switchhook: its tables have version %d, this program needs %d", found, newest).
			WithHint("start this version's switchhook serve once, which brings them up to date; a command does not, for an older server may be running")
	}
}

// version returns the version of the tables; 0: there are none.
func (s *Store) version(ctx context.Context) (version int64, err error) {
	look := "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1"
	if s.shared() {
		look = "SELECT count(*) FROM pg_class WHERE oid = to_regclass($1)"
	}
	var tables int
	if err := s.readers.QueryRowContext(ctx, look, versionTable).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	err = s.readers.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versionTable).Scan(&version)
	return version, err
}

// lockMigration lets one server at a time migrate a PostgreSQL database. On
// SQLite the folder's lock does.
func (s *Store) lockMigration(ctx context.Context) (unlock func() error, err error) {
	if !s.shared() {
		return func() error { return nil }, nil
	}
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		// The connection goes back to the pool, so release its lock first.
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		return errors.Join(err, conn.Close())
	}, nil
}
