package entry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// maxFile bounds what is read: 10,000 entries are about 4 MiB.
const maxFile = 64 << 20

// racy is how long after a change the file's time may fail to show the next
// change: some file systems round it to two seconds (FAT).
const racy = 2 * time.Second

// File is domains.json. A change of the file is in force at the next call of
// Get; a file that is broken or gone changes nothing, and Problem says so. Its
// methods may be called by several goroutines, and the file may be written by
// several processes.
type File struct {
	path   string
	report func(error)

	current atomic.Pointer[version]
	reading sync.Mutex    // held while replacing current
	writing chan struct{} // holds a token while one goroutine of this process writes
}

// version is the file as it was read, and what is known of it.
type version struct {
	entries  map[string]*Entry
	object   *object
	senders  Senders
	problem  error           // the file as it is now cannot be used; the rest is from before
	oddities []error         // entries of it that cannot be used
	odd      map[string]bool // the ids of those; nil: there are none
	remarks  Remarks         // on entries that can be used

	info   fs.FileInfo // before reading; nil: there was no file
	text   []byte      // what was read, which object is made of; nil: it could not be
	readAt time.Time   // before reading
}

// Open reads a file. A missing file counts as empty until it appears. The
// error is a *fault.Error: the file exists and cannot be used.
//
// report is called once for each problem with the file or with a single entry,
// including those that Open itself finds, and with a *Remark for each likely
// slip; nil means that the file can be used again. It must not call the File.
// Optional.
func Open(path string, report func(error)) (*File, error) {
	f := &File{path: path, report: report, writing: make(chan struct{}, 1)}
	before := &version{entries: map[string]*Entry{}, object: newObject()}
	v := f.read(before)
	if v.problem != nil {
		return nil, v.problem
	}
	f.put(before, v)
	return f, nil
}

// Get returns an entry. It checks the file's time, and reads the file only if
// that has changed, or is so recent that it could hide a change.
func (f *File) Get(id string) (*Entry, bool) {
	e, ok := f.refresh().entries[id]
	return e, ok
}

// All returns the entries in the order of their ids.
func (f *File) All() []*Entry {
	v := f.refresh()
	all := make([]*Entry, 0, len(v.entries))
	for _, e := range v.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *Entry) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Problem returns why the file as it is now is not in force; nil: it is.
func (f *File) Problem() error { return f.refresh().problem }

// Oddities returns what is wrong with single entries. They are as they were
// when they last could be used, or left out.
func (f *File) Oddities() []error { return f.refresh().oddities }

// Remarks returns the remarks on entries that are in force, each a *Remark.
func (f *File) Remarks() []error { return f.refresh().remarks.Errors() }

// refresh returns the version in force.
func (f *File) refresh() *version {
	v := f.current.Load()
	if v.fresh(f.path) {
		return v
	}
	asked := time.Now()
	f.reading.Lock()
	defer f.reading.Unlock()
	if v = f.current.Load(); v.readAt.After(asked) || v.fresh(f.path) {
		return v // somebody has just read it
	}
	next := f.read(v)
	f.put(v, next)
	return next
}

// put makes a version the current one, and reports new problems. The caller
// holds reading.
func (f *File) put(before, after *version) {
	f.current.Store(after)
	if f.report == nil {
		return
	}
	if fmt.Sprint(before.problem) != fmt.Sprint(after.problem) {
		f.report(after.problem)
	}
	known := map[string]bool{}
	for _, odd := range before.oddities {
		known[odd.Error()] = true
	}
	for _, odd := range after.oddities {
		if !known[odd.Error()] {
			f.report(odd)
		}
	}
	for _, remark := range after.remarks.Since(before.remarks) {
		f.report(remark)
	}
}

// fresh reports whether the file is certain to be what was read.
func (v *version) fresh(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return v.info == nil && errors.Is(err, fs.ErrNotExist)
	}
	if v.info == nil || !os.SameFile(v.info, info) || info.Size() != v.info.Size() || !info.ModTime().Equal(v.info.ModTime()) {
		return false
	}
	return v.readAt.Sub(info.ModTime()).Abs() > racy
}

// read reads the file. If it cannot be used, what was read before stays.
func (f *File) read(before *version) *version {
	readAt := time.Now()
	data, info, err := readFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		if before.info == nil && before.problem == nil {
			return before.at(readAt, nil)
		}
		return before.broken(readAt, nil, fault.Newf(fault.NotFound, "%s has vanished", f.path).
			WithHint("the entries that were last read stay in force until the file is back"))
	}
	if err != nil {
		return before.broken(readAt, info, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("%s cannot be read", f.path), Err: err})
	}
	if before.info != nil && before.text != nil && bytes.Equal(before.text, data) {
		return before.at(readAt, info) // only its time has changed, or not even that
	}
	v := f.parse(data, before)
	v.info, v.text, v.readAt = info, data, readAt
	return v
}

// parse makes a version of the file's text.
func (f *File) parse(data []byte, before *version) *version {
	o, twice, err := parseFile(data)
	if err != nil {
		return before.broken(time.Time{}, nil, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("%s is broken: %v", f.path, err),
			Hint: "the entries that were last read stay in force until it is mended"})
	}
	v := &version{entries: make(map[string]*Entry, len(o.names)), object: o, remarks: Remarks{}}
	for _, id := range twice {
		v.oddities = append(v.oddities, fault.Newf(fault.Invalid, "%s: the id %q stands twice; the last one counts", f.path, id))
	}
	for _, id := range o.names {
		if e, ok := before.entries[id]; ok && !before.odd[id] && bytes.Equal(before.object.values[id], o.values[id]) {
			v.entries[id] = e // a change of one entry of ten thousand does not wait for the others
			if says := before.remarks[id]; says != nil {
				v.remarks[id] = says
			}
			continue
		}
		e, err := parse(id, o.values[id])
		if err == nil {
			v.entries[id] = e
			v.remarks.Put(Item{ID: id, Object: o.values[id]})
			continue
		}
		became := "it is left out"
		if good, ok := before.entries[id]; ok {
			v.entries[id], became = good, "it stays as it was before"
		}
		v.oddities = append(v.oddities, fault.Newf(fault.Invalid, "%s: %v; %s", f.path, err, became))
		if v.odd == nil {
			v.odd = map[string]bool{}
		}
		v.odd[id] = true
	}
	v.senders = SendersOf(maps.Values(v.entries))
	return v
}

// at returns the same version, read at another time.
func (v *version) at(readAt time.Time, info fs.FileInfo) *version {
	next := *v
	next.readAt, next.info = readAt, info
	return &next
}

// broken returns the same version with a problem.
func (v *version) broken(readAt time.Time, info fs.FileInfo, problem error) *version {
	next := v.at(readAt, info)
	next.problem, next.text = problem, nil
	return next
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

// lock makes the caller the only one in this process who writes.
func (f *File) lock(ctx context.Context) error {
	select {
	case f.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *File) unlock() { <-f.writing }
