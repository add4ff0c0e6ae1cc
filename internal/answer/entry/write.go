package entry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// lockTimeout is how long a writer waits for other ones. Writing takes
	// milliseconds; a writer that holds the lock for longer is stuck. A form
	// service waits for the answer.
	lockTimeout = 5 * time.Second

	// lockRetry is how often a writer checks whether another process is done.
	lockRetry = 20 * time.Millisecond

	// newMode is the mode of a newly created file: entries hold customers'
	// numbers.
	newMode fs.FileMode = 0o600
)

// order returns the names of fields in the order in which new ones are
// written, that of the documentation.
func order[V any](fields map[string]V) []string {
	var names []string
	for _, name := range []string{FieldAPIDomain, FieldUser, FieldSystemUser, FieldFromNumber, FieldMessage} {
		if _, ok := fields[name]; ok {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Save reads, changes and writes the file while no other process does.
func (f *file) Save(ctx context.Context, reload func() (State, error), edit Edit) (added int, err error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	select {
	case f.writing <- struct{}{}:
		defer func() { <-f.writing }()
	case <-ctx.Done():
		return 0, f.notLocked(ctx, ctx.Err())
	}
	// If the file is a link, we write its target: the link stays.
	path, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		path = f.path
	}
	lock := flock.New(path + ".lock")
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return 0, f.notLocked(ctx, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	resemble(lock.Path(), path)

	now, err := reload()
	// Of a file that has vanished we still know the whole content.
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return 0, &fault.Error{Code: fault.Unavailable, Message: "nothing was saved", Err: err, Hint: fmt.Sprintf("fix %s first", f.path)}
	}
	o := stateOf(now).object.clone()
	items, err := edit(func(id string) (Item, error) { return Item{ID: id, Object: o.values[id]}, nil })
	if err != nil {
		return 0, err
	}
	before := len(o.names)
	for _, item := range items {
		o.set(item.ID, item.Object)
	}
	data, err := o.indented()
	if err != nil {
		return 0, err
	}
	if err := replace(path, data); err != nil {
		return 0, &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be written; nothing was saved", f.path), Err: err}
	}
	return len(o.names) - before, nil
}

// notLocked says why the file was not written.
func (f *file) notLocked(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s is being written by somebody else; nothing was saved", f.path), Err: err, Hint: "try again"}
	}
	return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be locked; nothing was saved", f.path), Err: err,
		Hint: "the folder must be one that the server may write to"}
}

// replace replaces a file atomically: readers see the old file or the new one,
// also after a power cut.
func replace(path string, data []byte) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	resemble(temporary.Name(), path)
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// resemble gives a new file the mode and the owner of the one it replaces, or of
// its folder if there is none: what one user has written, by hand or with a
// command, the server's user must be able to read. Few users may change owners;
// for the others the file remains theirs.
func resemble(path, other string) {
	mode := newMode
	info, err := os.Stat(other)
	if err == nil {
		mode = info.Mode().Perm()
	} else if info, err = os.Stat(filepath.Dir(other)); err != nil {
		return
	}
	giveTo(path, info)
	_ = os.Chmod(path, mode)
}
