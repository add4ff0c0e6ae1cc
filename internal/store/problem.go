package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/switchhook/switchhook/internal/fault"
)

// The SQLSTATE codes that we distinguish.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	invalidPassword      = "28P01"
	invalidAuthorization = "28000"
	unknownDatabase      = "3D000"
	tooManyConnections   = "53300"
	diskFull             = "53100"
	connectionClass      = "08"
	shutdownClass        = "57P"
	integrityClass       = "23"
	privilegeMissing     = "42501"
)

// isBusy reports whether another connection keeps SQLite from writing.
func isBusy(err error) bool { return sqliteCode(err) == sqlite3.SQLITE_BUSY }

// sqliteCode returns the primary result code of an error of SQLite, or 0.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// inTheWay reports whether PostgreSQL has rolled a transaction back because of
// another one.
func inTheWay(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == serializationFailure || e.Code == deadlockDetected)
}

// explain adds a sentence to a database error that an operator can do something
// about. Others are unchanged.
func (s *Store) explain(err error) error {
	if err == nil || fault.CodeOf(err) != fault.Internal || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if s.shared() {
		return explainPostgres(err)
	}
	explained := &fault.Error{Code: fault.Unavailable, Err: err}
	switch sqliteCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		explained.Message = fmt.Sprintf("another program keeps %s", s.path)
		explained.Hint = "try again; a tool that has opened it may be in the way"
	case sqlite3.SQLITE_FULL:
		explained.Message = fmt.Sprintf("the disk that %s is on is full", s.path)
		explained.Hint = "make room on it; nothing was written"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		explained.Message = fmt.Sprintf("%s cannot be written", s.path)
		explained.Err = &noAccess{err, s.path}
		explained.Hint = "the file, its folder, and the files beside it whose names begin with its name must belong to the user that runs switchhook"
	case sqlite3.SQLITE_NOTADB:
		explained.Message = fmt.Sprintf("%s is not a database", s.path)
		explained.Hint = "put a backup in its place, or move it away"
	case sqlite3.SQLITE_CORRUPT:
		explained.Message = fmt.Sprintf("%s is damaged", s.path)
		explained.Hint = "stop switchhook, keep a copy of the file, and put a backup in its place"
	case sqlite3.SQLITE_IOERR:
		explained.Message = fmt.Sprintf("the disk that %s is on fails", s.path)
		explained.Hint = "look at the machine's log"
	default:
		return err
	}
	return explained
}

// noAccess is an error of SQLite about a file that it may not write. errors.As finds
// an *fs.PathError in it too.
type noAccess struct {
	error
	path string
}

func (e *noAccess) Unwrap() error { return e.error }

func (e *noAccess) As(target any) bool {
	denied, ok := target.(**fs.PathError)
	if ok {
		*denied = &fs.PathError{Op: "write", Path: e.path, Err: fs.ErrPermission}
	}
	return ok
}

func explainPostgres(err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		var network net.Error
		if _, refused := errors.AsType[*pgconn.ConnectError](err); refused || errors.As(err, &network) || pgconn.SafeToRetry(err) {
			return &fault.Error{Code: fault.Unavailable, Message: "the PostgreSQL database does not answer", Err: err,
				Hint: "is the server running, and may this machine reach it?"}
		}
		return err
	}
	explained := &fault.Error{Code: fault.Unavailable, Err: err}
	switch {
	case e.Code == invalidPassword, e.Code == invalidAuthorization:
		explained.Message = "PostgreSQL does not let this user in"
		explained.Hint = "check the user and the password in the setting database"
	case e.Code == unknownDatabase:
		explained.Message = "PostgreSQL does not have this database"
		explained.Hint = "make it first, for example with createdb, or correct its name in the setting database"
	case e.Code == tooManyConnections:
		explained.Message = "PostgreSQL has no connection left"
		explained.Hint = "raise its max_connections, or lower pool_max_conns in the setting database"
	case e.Code == diskFull:
		explained.Message = "PostgreSQL's disk is full"
		explained.Hint = "make room on it; nothing was written"
	case e.Code == privilegeMissing:
		explained.Message = "PostgreSQL does not allow this user to do so"
		explained.Hint = "the user must own the database, or have all privileges on its schema"
	case inTheWay(err):
		explained.Message = "too many others wrote to the database at once"
		explained.Hint = "try again"
	case e.Code[:2] == connectionClass, e.Code[:3] == shutdownClass:
		explained.Message = "PostgreSQL is stopping or starting"
		explained.Hint = "try again when it is up"
	default:
		return err
	}
	return explained
}
