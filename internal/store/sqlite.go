package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"

	"github.com/switchhook/switchhook/internal/fault"
)

const (
	fileName = "switchhook.db"
	lockName = "switchhook.lock"

	// madeName is a file that says that the folder has a database: if that is
	// missing or empty, we do not make another in its place.
	madeName = "switchhook.made"

	// The database holds customers' numbers and the texts to them.
	fileMode   fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700
)

const (
	// writerPatience is how long SQLite itself waits while another process is
	// writing. It is short because this wait cannot be interrupted; the group
	// tries again and checks its contexts in between.
	writerPatience = 50 * time.Millisecond

	// readerPatience bounds a wait that is rare: readers wait only while
	// another process recovers the file after a crash. A caller on the phone
	// waits.
	readerPatience = 2 * time.Second

	// walLimit is the size to which the write-ahead log is cut after a
	// checkpoint: a long backup lets it grow.
	walLimit = 64 << 20

	// leastReaders is the minimum of concurrent readers, for machines with few
	// cores.
	leastReaders = 4
)

// openSQLite opens the file in the folder.
func (s *Store) openSQLite(ctx context.Context, config Config) error {
	if err := reverseInSQLite(); err != nil {
		return fmt.Errorf("give SQLite a function: %w", err)
	}
	s.path = filepath.Join(config.Folder, fileName)
	if config.Exclusive {
		if err := s.takeFolder(config.Folder, config.Fresh); err != nil {
			return err
		}
	} else if _, err := os.Stat(s.path); err != nil {
		return noDatabase(s.path, err)
	}

	var err error
	if s.writer, err = openFile(s.path, map[string]string{
		"_txlock":       "immediate",
		"_journal_mode": "wal",
		// A promised text must survive a power cut. A group of commits shares
		// the wait for the disk.
		"_synchronous":  "full",
		"_busy_timeout": inMillis(writerPatience),
		"_foreign_keys": "on",
	}, "secure_delete(on)", // what an operator erases is not left in the file
		fmt.Sprintf("journal_size_limit(%d)", walLimit)); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	s.group = &group{db: s.writer}

	if s.readers, err = openFile(s.path, map[string]string{
		"_query_only":   "on",
		"_busy_timeout": inMillis(readerPatience),
	}); err != nil {
		return err
	}
	s.readers.SetMaxOpenConns(max(leastReaders, runtime.GOMAXPROCS(0)))
	s.readers.SetMaxIdleConns(max(leastReaders, runtime.GOMAXPROCS(0)))

	return s.explain(s.ready(ctx))
}

// ready makes the file a database in WAL mode. It waits for another process
// that does so.
func (s *Store) ready(ctx context.Context) error {
	began := time.Now()
	for {
		err := s.writer.PingContext(ctx)
		if err == nil || !isBusy(err) || ctx.Err() != nil || time.Since(began) > lockPatience {
			return err
		}
	}
}

// takeFolder makes the folder and the file, and makes this server the folder's
// only one. The lock is the operating system's: it ends with the process.
func (s *Store) takeFolder(folder string, fresh bool) error {
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the folder %s cannot be made", folder), Err: err,
			Hint: "the server keeps its database there; the folder above must be one that its user may write to"}
	}
	lock := flock.New(filepath.Join(folder, lockName), flock.SetPermissions(fileMode))
	taken, err := lock.TryLock()
	if err != nil {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the folder %s cannot be taken", folder), Err: err,
			Hint: fmt.Sprintf("the folder, and %s in it, must be such that the server's user may write to them", lockName)}
	}
	if !taken {
		return fault.Newf(fault.Refused, "another switchhook serve uses the folder %s", folder).
			WithHint("stop that one first, or give this one a folder of its own; several servers share a PostgreSQL database")
	}
	s.lock = lock
	giveToOwner(lock.Path())
	if fresh {
		for _, old := range []string{s.path, s.path + "-wal", s.path + "-shm", s.path + "-journal", filepath.Join(folder, madeName)} {
			if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return &fault.Error{Code: fault.Unavailable, Message: "the database of before cannot be removed", Err: err}
			}
		}
	}
	if err := s.lost(folder); err != nil {
		return err
	}
	// SQLite would make a file that everybody may read. We do not open an
	// existing one: closing it again would release SQLite's locks that this
	// process holds on it.
	if _, err := os.Lstat(s.path); err == nil {
		return nil
	}
	file, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, fileMode)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be made", s.path), Err: err,
			Hint: "the folder must be one that the server's user may write to"}
	}
	giveToOwner(s.path)
	return nil
}

// lost refuses a folder whose database is gone or empty: a new one would know
// of no STOP, and of no sent text.
func (s *Store) lost(folder string) error {
	if info, err := os.Stat(s.path); err == nil && info.Size() > 0 {
		return nil
	}
	made := filepath.Join(folder, madeName)
	if _, err := os.Stat(made); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fault.Newf(fault.Refused, "the database %s is gone: there is no such file, or an empty one", s.path).
		WithHint("put a backup in its place; to begin with nothing, without what people said about STOP, remove %s", made)
}

// noteMade records that the folder has a database now.
func (s *Store) noteMade(folder string) error {
	made := filepath.Join(folder, madeName)
	if _, err := os.Stat(made); err == nil {
		return nil
	}
	if err := os.WriteFile(made, []byte("While this file is here, switchhook makes no new database in this folder.\n"), fileMode); err != nil {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be made", made), Err: err,
			Hint: "the folder must be one that the server's user may write to"}
	}
	giveToOwner(made)
	return nil
}

func noDatabase(path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be read", path), Err: err,
			Hint: "run the command as the server's user"}
	}
	return fault.Newf(fault.NotFound, "there is no database %s", path).
		WithHint("switchhook serve makes it; name the server's folder, or run the command with the server's settings")
}

// openFile returns a pool of connections with these driver parameters and
// pragmas.
func openFile(path string, parameters map[string]string, pragmas ...string) (*sql.DB, error) {
	query := url.Values{"_pragma": pragmas}
	for name, value := range parameters {
		query.Set(name, value)
	}
	slashed := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		slashed = "/" + slashed // file:///C:/…
	}
	name := "file:" + (&url.URL{Path: slashed}).EscapedPath() + "?" + query.Encode()
	if strings.HasPrefix(slashed, "/") {
		name = strings.Replace(name, ":", "://", 1) // a path that begins with two slashes stays one
	}
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return sql.OpenDB(preparing{connector}), nil
}

func inMillis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
