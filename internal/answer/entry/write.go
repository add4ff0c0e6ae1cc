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

// Update changes fields of an entry, or creates it; the fields it does not
// name stay as they are. It returns the resulting entry. Nothing is written
// while the file is broken: anyone who is fixing it would lose their work. The
// error is a *fault.Error.
func (f *File) Update(ctx context.Context, id string, fields map[string]string) (*Entry, error) {
	var updated *Entry
	err := f.change(ctx, func(o *object) error {
		item, e, err := Item{ID: id, Object: o.values[id]}.With(fields)
		if err != nil {
			return f.unusable(id, err)
		}
		updated = e
		o.set(id, item.Object)
		return nil
	})
	return updated, err
}

// unusable is the error for an entry of the file that cannot be changed,
// because it is not understood.
func (f *File) unusable(id string, err error) error {
	return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the entry %q cannot be changed; nothing was saved", id), Err: err,
		Hint: fmt.Sprintf("mend it in %s first", f.path)}
}

// order returns the names of fields in the order in which new ones are
// written, that of the documentation.
func order(fields map[string]string) []string {
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

// Import adds the entries of another file's text, which replace those of the
// same id, and returns how many were new and how many were replaced. If one of
// them cannot be used, none is added. The error is a *fault.Error.
func (f *File) Import(ctx context.Context, data []byte) (added, replaced int, err error) {
	items, err := Items(data)
	if err != nil {
		return 0, 0, err
	}
	err = f.change(ctx, func(o *object) error {
		for _, item := range items {
			if _, ok := o.values[item.ID]; ok {
				replaced++
			} else {
				added++
			}
			o.set(item.ID, item.Object)
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	return added, replaced, nil
}

// Export returns the file's text as it would be written now.
func (f *File) Export() ([]byte, error) { return f.refresh().object.indented() }

// change reads, changes and writes the file while no other process does.
func (f *File) change(ctx context.Context, change func(*object) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	if err := f.lock(ctx); err != nil {
		return f.notLocked(ctx, err)
	}
	defer f.unlock()
	// If the file is a link, we write its target: the link stays.
	path, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		path = f.path
	}
	lock := flock.New(path + ".lock")
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return f.notLocked(ctx, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	resemble(lock.Path(), path)

	now := f.reread()
	// Of a file that has vanished we still know the whole content.
	if now.problem != nil && fault.CodeOf(now.problem) != fault.NotFound {
		return &fault.Error{Code: fault.Unavailable, Message: "nothing was saved", Err: now.problem, Hint: fmt.Sprintf("mend %s first", f.path)}
	}
	o := now.object.clone()
	if err := change(o); err != nil {
		return err
	}
	data, err := o.indented()
	if err != nil {
		return err
	}
	if err := replace(path, data); err != nil {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be written; nothing was saved", f.path), Err: err}
	}
	f.reread()
	return nil
}

// notLocked says why the file was not written.
func (f *File) notLocked(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s is being written by somebody else; nothing was saved", f.path), Err: err, Hint: "try again"}
	}
	return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be locked; nothing was saved", f.path), Err: err,
		Hint: "the folder must be one that the server may write to"}
}

// reread reads the file, whatever its time says, and returns it.
func (f *File) reread() *version {
	f.reading.Lock()
	defer f.reading.Unlock()
	before := f.current.Load()
	next := f.read(before)
	f.put(before, next)
	return next
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
