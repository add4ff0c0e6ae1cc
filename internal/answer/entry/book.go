package entry

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// Source is where the entries of a Book are stored.
type Source interface {
	// About returns what stands before what is said about an entry, and says where
	// an operator fixes one that cannot be changed.
	About() (prefix, fix string)

	// Unchanged reports whether what is stored is certain to be what was loaded.
	Unchanged(ctx context.Context, loaded State) bool

	// Load returns what has changed since something was loaded; nil: everything.
	// The error says why it cannot be used; the State is set even then.
	Load(ctx context.Context, since State) (Loaded, error)

	// Save stores the items that edit returns, new ones after those that are
	// there, and removes items without an Object. Nobody else writes meanwhile.
	// If edit fails, nothing is saved. reload loads what is stored into the Book.
	// It returns how many items are new.
	Save(ctx context.Context, reload func() (State, error), edit Edit) (added int, err error)

	// Items returns all items in their order.
	Items(ctx context.Context, loaded State) ([]Item, error)
}

// Versioned is a Source that can tell later whether what was loaded was in force:
// what it is asked of need not wait for it.
type Versioned interface {
	// Version returns the version of what was loaded; false: it may be used no
	// longer.
	Version(loaded State) (version int64, ok bool)
}

// State is what a Source knows about what it loaded.
type State any

// Edit returns items to be saved. stored returns an item as it is stored now,
// without an Object if there is none.
type Edit func(stored func(id string) (Item, error)) ([]Item, error)

// Loaded is what a Source has loaded.
type Loaded struct {
	State State
	IDs   []string // of all items, in order
	Items []Item   // that are new or have changed
	Wrong []error  // what is wrong with them as a whole
	None  bool     // there is no place yet in which they would be stored
}

// patience is how long a reader waits for the Source before it gets what was
// last loaded. A caller on the phone waits.
const patience = 2 * time.Second

// Book is the entries of a Source, cached in memory. A change of what is stored
// is in force at the next call of Get. What cannot be used changes nothing, and
// Problem says so. Its methods may be called by several goroutines, and what is
// stored may be changed by several processes.
type Book struct {
	source Source
	report func(error)

	current atomic.Pointer[snapshot]
	loading sync.Mutex // held while replacing current
}

// snapshot is the entries as they were loaded. It does not change.
type snapshot struct {
	state    State
	loadedAt time.Time // before loading
	problem  error     // what is stored now cannot be used; the rest is from before
	none     bool      // there is no place yet in which entries would be stored
	wrong    []error   // with the whole
	ids      []string  // of the pages, in order
	pages    map[string]page
	entries  []*Entry // those in force, in the order of their ids
	senders  senders
}

// page is what there is of one entry.
type page struct {
	entry   *Entry   // nil: it could never be used
	odd     error    // why it cannot be used as it is stored now
	remarks []string // on what can be used
}

// NewBook loads the entries of a Source. The error is the Source's: they cannot
// be used.
//
// report is called once for each problem with the Source or with a single entry,
// including those found now, and with a *Remark for each likely slip; nil means
// that what is stored can be used again. It must not call the Book. Optional.
func NewBook(ctx context.Context, source Source, report func(error)) (*Book, error) {
	b := &Book{source: source, report: report}
	nothing := &snapshot{}
	first := nothing.next(ctx, source)
	if first.problem != nil {
		return nil, first.problem
	}
	b.current.Store(first)
	b.tell(nothing, first)
	return b, nil
}

// Get returns an entry as it is stored now. If that cannot be used, it is as it
// last could.
func (b *Book) Get(id string) (*Entry, bool) {
	e := b.refresh().pages[id].entry
	return e, e != nil
}

// Found is an entry, with the rest of the Book of its time.
type Found struct {
	Entry   *Entry                   // nil: there is none
	Sends   func(number string) bool // see Book.Sends
	Version int64                    // what is to be checked before the entry is acted on; Current: nothing
}

// Current is the version of what was in force when it was asked for.
const Current = -1

// Remembered returns an entry as it was last loaded. Nothing is asked of a Source
// that is Versioned, so that the entry may have changed.
func (b *Book) Remembered(id string) Found {
	if source, ok := b.source.(Versioned); ok {
		s := b.current.Load()
		if version, ok := source.Version(s.state); ok && s.problem == nil {
			return s.find(id, version)
		}
	}
	return b.Read(id)
}

// Read is Remembered for an entry as it is stored now.
func (b *Book) Read(id string) Found { return b.refresh().find(id, Current) }

func (s *snapshot) find(id string, version int64) Found {
	return Found{Entry: s.pages[id].entry, Sends: s.senders.has, Version: version}
}

// All returns the entries in the order of their ids.
func (b *Book) All() []*Entry {
	return slices.Clone(b.refresh().entries)
}

// Sends reports whether texts of an entry come from a number, however it is
// written. Anyone who texts such a number texts us, or another service like
// this one.
func (b *Book) Sends(number string) bool { return b.refresh().senders.has(number) }

// Problem returns why what is stored now is not in force; nil: it is.
func (b *Book) Problem() error { return b.refresh().problem }

// Complete reports whether an entry that the Book does not have is certain not to
// be there: not if the file is missing or broken, or the database cannot be read.
func (b *Book) Complete() bool {
	s := b.refresh()
	return s.problem == nil && !s.none
}

// Whole is Complete where All has every entry, too: none of them was left out
// because it could never be used.
func (b *Book) Whole() bool {
	s := b.refresh()
	return s.problem == nil && !s.none && len(s.entries) == len(s.pages)
}

// Has reports whether there is an entry with an id, even one that cannot be used.
func (b *Book) Has(id string) bool {
	_, ok := b.refresh().pages[id]
	return ok
}

// Oddities returns what is wrong with single entries. They are as they were
// when they last could be used, or left out.
func (b *Book) Oddities() []error { return b.refresh().oddities() }

// Remarks returns the remarks on entries that are in force, each a *Remark.
func (b *Book) Remarks() []error {
	var all []error
	for _, remark := range b.refresh().remarks().since(nil) {
		all = append(all, remark)
	}
	return all
}

// Update changes fields of an entry, or creates it; the fields it does not
// name stay as they are. It returns the resulting entry. Nothing is written
// while what is stored cannot be used: anyone who is fixing it would lose their
// work. The error is a *fault.Error.
func (b *Book) Update(ctx context.Context, id string, fields map[string]string) (updated *Entry, err error) {
	_, err = b.save(ctx, func(stored func(string) (Item, error)) ([]Item, error) {
		item, err := stored(id)
		if err != nil {
			return nil, err
		}
		if item, updated, err = item.With(fields); err != nil {
			_, fix := b.source.About()
			return nil, &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the entry %q cannot be changed; nothing was saved", id), Err: err, Hint: fix}
		}
		return []Item{item}, nil
	})
	if err != nil {
		return nil, err
	}
	return updated, nil
}

// Set is Update for fields as Typed returns them, of which those without a value are
// removed. Unless create is set there must be the entry. The error is a
// *fault.Error.
func (b *Book) Set(ctx context.Context, id string, fields map[string]json.RawMessage, create bool) (before, after *Entry, err error) {
	_, err = b.save(ctx, func(stored func(string) (Item, error)) ([]Item, error) {
		item, err := stored(id)
		switch {
		case err != nil:
			return nil, err
		case item.Object == nil && !create:
			return nil, fault.Newf(fault.NotFound, "there is no entry %.100q", id)
		case item.Object != nil:
			before, _ = item.Entry() // else this may repair it
		}
		if item, after, err = item.with(fields); err != nil {
			return nil, fault.Newf(fault.Invalid, "%v; nothing was saved", err)
		}
		return []Item{item}, nil
	})
	return before, after, err
}

// Items returns the entries as they are stored now, in their order.
func (b *Book) Items(ctx context.Context) ([]Item, error) {
	s := b.refresh()
	if s.problem != nil {
		return nil, s.problem
	}
	return b.source.Items(ctx, s.state)
}

// Import adds the entries of the text of a domains.json, which replace those of
// the same id, and returns how many were new and how many were replaced. If one
// of them cannot be used, none is added. The error is a *fault.Error.
func (b *Book) Import(ctx context.Context, text []byte) (added, replaced int, err error) {
	items, err := Items(text)
	if err != nil {
		return 0, 0, err
	}
	added, err = b.save(ctx, func(func(string) (Item, error)) ([]Item, error) { return items, nil })
	if err != nil {
		return 0, 0, err
	}
	return added, len(items) - added, nil
}

// Remove removes entries. The error is a *fault.Error, NotFound if there is no
// such entry; then none is removed.
func (b *Book) Remove(ctx context.Context, ids ...string) error {
	_, err := b.save(ctx, func(stored func(string) (Item, error)) (gone []Item, err error) {
		for _, id := range ids {
			item, err := stored(id)
			if err != nil {
				return nil, err
			}
			if item.Object == nil {
				return nil, fault.Newf(fault.NotFound, "there is no entry %q", id)
			}
			gone = append(gone, Item{ID: id})
		}
		return gone, nil
	})
	return err
}

func (b *Book) save(ctx context.Context, edit Edit) (added int, err error) {
	reload := func() (State, error) {
		s := b.reload(ctx)
		return s.state, s.problem
	}
	if added, err = b.source.Save(ctx, reload, edit); err == nil {
		b.reload(ctx)
	}
	return added, err
}

// RemoveOthers removes the items that the text of a domains.json does not have,
// and returns their ids.
func (b *Book) RemoveOthers(ctx context.Context, text []byte) (removed []string, err error) {
	wanted, err := Items(text)
	if err != nil {
		return nil, err
	}
	present, err := b.source.Items(ctx, b.refresh().state)
	if err != nil {
		return nil, err
	}
	keep := make(map[string]bool, len(wanted))
	for _, item := range wanted {
		keep[item.ID] = true
	}
	for _, item := range present {
		if !keep[item.ID] {
			removed = append(removed, item.ID)
		}
	}
	return removed, b.Remove(ctx, removed...)
}

// Export returns the entries as the text of a domains.json, as it would be
// written now.
func (b *Book) Export() ([]byte, error) {
	items, err := b.source.Items(context.Background(), b.refresh().state)
	if err != nil {
		return nil, err
	}
	return Join(items)
}

// refresh returns the snapshot in force.
func (b *Book) refresh() *snapshot {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s := b.current.Load()
	if b.source.Unchanged(ctx, s.state) {
		return s
	}
	asked := time.Now()
	b.loading.Lock()
	defer b.loading.Unlock()
	if s = b.current.Load(); s.loadedAt.After(asked) || b.source.Unchanged(ctx, s.state) {
		return s // somebody has just loaded it
	}
	return b.load(ctx)
}

// reload loads what is stored, whether it has changed or not. That the one who
// saves gives up is no problem of what is stored.
func (b *Book) reload(ctx context.Context) *snapshot {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	b.loading.Lock()
	defer b.loading.Unlock()
	return b.load(ctx)
}

// load makes what is stored now the current snapshot, and reports what is new in
// it. The caller holds loading.
func (b *Book) load(ctx context.Context) *snapshot {
	before := b.current.Load()
	next := before.next(ctx, b.source)
	b.current.Store(next)
	b.tell(before, next)
	return next
}

// next returns what is stored now.
func (s *snapshot) next(ctx context.Context, source Source) *snapshot {
	next := *s
	next.loadedAt = time.Now()
	var loaded Loaded
	loaded, next.problem = source.Load(ctx, s.state)
	next.state = loaded.State
	if next.problem != nil {
		return &next
	}
	next.wrong, next.none = loaded.Wrong, loaded.None
	if len(loaded.Items) == 0 && slices.Equal(loaded.IDs, s.ids) {
		return &next
	}
	next.ids, next.pages = loaded.IDs, make(map[string]page, len(loaded.IDs))
	maps.Copy(next.pages, s.pages)
	for _, item := range loaded.Items {
		next.pages[item.ID] = s.pages[item.ID].with(item, source)
	}
	if all := next.pages; len(all) > len(next.ids) { // some are gone
		next.pages = make(map[string]page, len(next.ids))
		for _, id := range next.ids {
			next.pages[id] = all[id]
		}
	}
	next.entries = inForce(next.pages)
	next.senders = sendersOf(next.entries)
	return &next
}

// with returns a page after its item has changed.
func (p page) with(item Item, source Source) page {
	e, err := item.Entry()
	if err == nil {
		return page{entry: e, remarks: remarksOn(item.Object)}
	}
	became := "it is left out"
	if p.entry != nil {
		became = "it stays as it was before"
	}
	prefix, _ := source.About()
	p.odd = fault.Newf(fault.Invalid, "%s%v; %s", prefix, err, became)
	return p
}

// inForce returns the entries in force, in the order of their ids.
func inForce(pages map[string]page) []*Entry {
	all := make([]*Entry, 0, len(pages))
	for _, id := range slices.Sorted(maps.Keys(pages)) {
		if e := pages[id].entry; e != nil {
			all = append(all, e)
		}
	}
	return all
}

func (s *snapshot) oddities() []error {
	all := slices.Clone(s.wrong)
	for _, id := range s.ids {
		if odd := s.pages[id].odd; odd != nil {
			all = append(all, odd)
		}
	}
	return all
}

func (s *snapshot) remarks() remarks {
	all := remarks{}
	for id, p := range s.pages {
		if p.remarks != nil {
			all[id] = p.remarks
		}
	}
	return all
}

// tell reports what is new in a snapshot.
func (b *Book) tell(before, after *snapshot) {
	if b.report == nil {
		return
	}
	if fmt.Sprint(before.problem) != fmt.Sprint(after.problem) {
		b.report(after.problem)
	}
	known := map[string]bool{}
	for _, odd := range before.oddities() {
		known[odd.Error()] = true
	}
	for _, odd := range after.oddities() {
		if !known[odd.Error()] {
			b.report(odd)
		}
	}
	for _, remark := range after.remarks().since(before.remarks()) {
		b.report(remark)
	}
}
