package entry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// maxFile bounds what is read: 10,000 entries are about 4 MiB.
const maxFile = 64 << 20

// racy is how long after a change the file's time may fail to show the next
// change: some file systems round it to two seconds (FAT).
const racy = 2 * time.Second

// file is a domains.json. Several processes may write it. It is read only if its
// time has changed, or is so recent that it could hide a change.
type file struct {
	path    string
	writing chan struct{} // holds a token while one goroutine of this process writes
}

// fileState is the file as it was read.
type fileState struct {
	info     fs.FileInfo // before reading; nil: there was no file
	readAt   time.Time   // before reading
	text     []byte      // what was read; nil: it could not be
	problem  error       // with the text
	object   *object     // the last that could be used, part of its text
	wrong    []error     // with the object as a whole
	vanished bool        // there was a file before
}

// Open reads a domains.json. A missing file counts as empty until it appears.
// The error is a *fault.Error: the file exists and cannot be used. For report
// see NewBook.
func Open(path string, report func(error)) (*Book, error) {
	return NewBook(context.Background(), &file{path: path, writing: make(chan struct{}, 1)}, report)
}

// About names the file.
func (f *file) About() (prefix, fix string) {
	return f.path + ": ", fmt.Sprintf("fix it in %s first", f.path)
}

// stateOf returns a State of the file's; of one that was never read it is empty.
func stateOf(s State) *fileState {
	if known, ok := s.(*fileState); ok {
		return known
	}
	return &fileState{object: newObject()}
}

// Unchanged checks the file's time.
func (f *file) Unchanged(_ context.Context, loaded State) bool {
	s := stateOf(loaded)
	info, err := os.Stat(f.path)
	if err != nil {
		return s.info == nil && errors.Is(err, fs.ErrNotExist)
	}
	if s.info == nil || !os.SameFile(s.info, info) || info.Size() != s.info.Size() || !info.ModTime().Equal(s.info.ModTime()) {
		return false
	}
	return s.readAt.Sub(info.ModTime()).Abs() > racy
}

// Load reads the file. A file of which one entry of ten thousand has changed
// gives that one: it does not wait for the others.
func (f *file) Load(_ context.Context, since State) (Loaded, error) {
	before := stateOf(since)
	next := *before
	next.readAt = time.Now()
	text, info, err := readFile(f.path)
	next.info = info
	switch {
	case errors.Is(err, fs.ErrNotExist) && before.info == nil && !before.vanished:
		return Loaded{State: &next, None: true}, nil
	case errors.Is(err, fs.ErrNotExist):
		next.text, next.vanished = nil, true
		return Loaded{State: &next}, fault.Newf(fault.NotFound, "%s has vanished", f.path).
			WithHint("the entries that were last read stay in force until the file is back")
	case err != nil:
		next.text = nil
		return Loaded{State: &next}, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("%s cannot be read", f.path), Err: err}
	case before.text != nil && bytes.Equal(before.text, text): // only its time has changed, or not even that
		return Loaded{State: &next, IDs: next.object.names, Wrong: next.wrong}, next.problem
	}
	next.text, next.vanished = text, false
	o, twice, err := parseFile(text)
	if err != nil {
		next.problem = &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("%s is broken: %v", f.path, err),
			Hint: "the entries that were last read stay in force until it is fixed"}
		return Loaded{State: &next}, next.problem
	}
	next.object, next.problem, next.wrong = o, nil, nil
	for _, id := range twice {
		next.wrong = append(next.wrong, fault.Newf(fault.Invalid, "%s: the id %q stands twice; the last one counts", f.path, id))
	}
	return Loaded{State: &next, IDs: o.names, Items: o.since(before.object), Wrong: next.wrong}, nil
}

// since returns the entries of an object that differ from those of one before it.
func (o *object) since(before *object) (changed []Item) {
	for _, id := range o.names {
		if was, ok := before.values[id]; !ok || !bytes.Equal(was, o.values[id]) {
			changed = append(changed, Item{ID: id, Object: o.values[id]})
		}
	}
	return changed
}

// Items returns the entries of the file in its order.
func (f *file) Items(_ context.Context, loaded State) ([]Item, error) {
	return stateOf(loaded).object.since(newObject()), nil
}

// readFile reads a file together with what its time was before.
func readFile(path string) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, info, errors.New("it is not a file") // a pipe would not even open
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err = file.Stat(); err != nil {
		return nil, nil, err
	}
	if info.Size() > maxFile {
		return nil, info, errTooLarge
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(file, maxFile+1)); err != nil {
		return nil, info, err
	}
	if data.Len() > maxFile { // it has grown meanwhile
		return nil, info, errTooLarge
	}
	return data.Bytes(), info, nil
}

var errTooLarge = fmt.Errorf("it has more than %d MiB", maxFile>>20)
