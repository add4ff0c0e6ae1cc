package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
)

// Backup writes the whole database to a new file while it is in use. The file
// holds the database as of one moment, and appears whole or not at all. To
// restore it, put it in place of switchhook.db while no server runs.
//
// An existing file is not replaced: the error is Refused. A PostgreSQL database
// is backed up with PostgreSQL's own tools: the error is Unsupported, and its
// hint is the command.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := s.running.enter(); err != nil {
		return err
	}
	defer s.running.leave()
	if s.shared() {
		return fault.Newf(fault.Unsupported, "a PostgreSQL database is backed up with pg_dump").WithHint("%s", s.dumpCommand(path))
	}
	if _, err := os.Lstat(path); err == nil {
		return exists(path)
	}
	folder := filepath.Dir(path)
	temporary, err := os.CreateTemp(folder, "."+filepath.Base(path)+"-*") // of mode 0600
	if err != nil {
		return notBackedUp(path, err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // if it has not been placed
	if err := s.copyInto(ctx, temporary.Name()); err != nil {
		return errors.Join(notBackedUp(path, s.explain(err)), temporary.Close())
	}
	if err := errors.Join(temporary.Sync(), temporary.Close()); err != nil {
		return notBackedUp(path, err)
	}
	return place(temporary.Name(), path)
}

// copyInto writes the database to an empty file. Readers are not allowed to, so
// it has a connection of its own.
func (s *Store) copyInto(ctx context.Context, path string) error {
	db, err := openFile(s.path, map[string]string{"_busy_timeout": inMillis(readerPatience)})
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", path)
	return errors.Join(err, db.Close())
}

// place gives a file its name unless that is taken.
func place(temporary, path string) error {
	err := os.Link(temporary, path)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrExist):
		return exists(path)
	default: // file systems such as FAT have no links
		if err := os.Rename(temporary, path); err != nil {
			return notBackedUp(path, err)
		}
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil //nolint:nilerr // the file is there; only a power cut in the next seconds could take its name
	}
	_ = folder.Sync() // not supported by all systems
	return folder.Close()
}

func exists(path string) error {
	return fault.Newf(fault.Refused, "%s exists already; nothing was written", path).WithHint("give the backup another name, for example with the date in it")
}

func notBackedUp(path string, err error) error {
	return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the backup %s cannot be written", path), Err: err,
		Hint: "its folder must exist, be one that you may write to, and have room for the whole database"}
}

// dumpCommand returns the command line that backs a PostgreSQL database up.
// pg_dump asks for the password.
func (s *Store) dumpCommand(path string) string {
	at := s.pool.Config().ConnConfig
	words := []string{"pg_dump", "--format=custom", "--file=" + path, "--host=" + at.Host, "--port=" + strconv.Itoa(int(at.Port)),
		"--username=" + at.User, "--dbname=" + at.Database}
	for i, word := range words {
		if strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=./:@%+,") != "" {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
