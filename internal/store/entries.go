package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
)

const (
	entryKind = "entry" // key of the revisions

	// entriesPatience is how long Get waits for the database before it answers
	// from memory. A caller on the phone waits.
	entriesPatience = 2 * time.Second

	// importBatch is how many entries one statement writes: few enough for
	// SQLite's driver, which compares each parameter with each other, and
	// enough for a PostgreSQL server that is far away.
	importBatch = 50
)

// Entries are the entries in a Store. They are cached in memory, and read again
// as soon as anyone has changed one. Its methods may be called by several
// goroutines.
type Entries struct {
	store  *Store
	report func(error)

	current atomic.Pointer[entriesView]
	reading sync.Mutex // held while current is replaced
}

// entriesView is a snapshot of the entries.
type entriesView struct {
	revision int64
	entries  map[string]*entry.Entry
	odd      map[string]error // entries that cannot be used, by id
	remarks  entry.Remarks    // on usable ones
	senders  entry.Senders
	problem  error // why the database could not be read; the rest is from before
}

// Entries reads the entries of the Store.
//
// report gets problems with the database and with single entries, once each,
// and probable slips as an *entry.Remark; nil means that the database can be
// read again. It must not call the Entries. Optional.
func (s *Store) Entries(ctx context.Context, report func(error)) (*Entries, error) {
	e := &Entries{store: s, report: report}
	before := &entriesView{}
	first, err := e.load(ctx, before)
	if err != nil {
		return nil, err
	}
	e.put(before, first)
	return e, nil
}

// Get returns an entry as it is in the database now. If the database does not
// answer, it is as last known; Problem says so.
func (e *Entries) Get(id string) (*entry.Entry, bool) {
	found, ok := e.refresh().entries[id]
	return found, ok
}

// All returns the entries by id.
func (e *Entries) All() []*entry.Entry {
	return slices.SortedFunc(maps.Values(e.refresh().entries), func(a, b *entry.Entry) int { return strings.Compare(a.ID, b.ID) })
}

// Sends reports whether an entry's texts come from a number, in any spelling.
func (e *Entries) Sends(number string) bool { return e.refresh().senders.Has(number) }

// Problem returns why the entries could not be read just now, or nil.
func (e *Entries) Problem() error { return e.refresh().problem }

// Oddities returns what is wrong with single entries. Those stay as they were
// when last usable, or are left out.
func (e *Entries) Oddities() []error {
	odd := e.refresh().odd
	list := make([]error, 0, len(odd))
	for _, id := range slices.Sorted(maps.Keys(odd)) {
		list = append(list, odd[id])
	}
	return list
}

// Remarks returns the remarks on entries in force, each an *entry.Remark.
func (e *Entries) Remarks() []error { return e.refresh().remarks.Errors() }

// Update changes fields of an entry, or makes one; fields it does not name
// stay. It returns the updated entry.
func (e *Entries) Update(ctx context.Context, id string, fields map[string]string) (updated *entry.Entry, err error) {
	err = e.store.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		item := entry.Item{ID: id}
		var stored string
		err := tx.QueryRowContext(ctx, "SELECT item FROM entries WHERE id = $1", id).Scan(&stored)
		switch {
		case err == nil:
			item.Object = []byte(stored)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if item, updated, err = item.With(fields); err != nil {
			return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the entry %q cannot be changed; nothing was saved", id), Err: err,
				Hint: "export the entries, mend it there, and import them again"}
		}
		return keep(ctx, tx, []entry.Item{item})
	})
	if err != nil {
		return nil, err
	}
	return updated, nil
}

// Remove removes an entry. If there is none, the error is a *fault.Error,
// NotFound.
func (e *Entries) Remove(ctx context.Context, id string) error {
	return e.store.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM entries WHERE id = $1", id)
		if err != nil {
			return err
		}
		if removed, err := result.RowsAffected(); err != nil || removed == 0 {
			return errors.Join(err, fault.Newf(fault.NotFound, "there is no entry %q", id))
		}
		_, err = raise(ctx, tx, entryKind, "")
		return err
	})
}

// Import adds the entries of a domains.json, and replaces those with the same
// ids; others stay. It is done whole or not at all.
func (e *Entries) Import(ctx context.Context, text []byte) (added, replaced int, err error) {
	items, err := entry.Items(text)
	if err != nil {
		return 0, 0, err
	}
	for _, item := range items {
		if strings.ContainsRune(item.ID, 0) { // PostgreSQL cannot store it
			return 0, 0, fault.Newf(fault.Invalid, "what is to be imported cannot be used: the id %q holds a zero character", item.ID)
		}
	}
	err = e.store.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var before, after int
		const count = "SELECT count(*) FROM entries"
		if err := tx.QueryRowContext(ctx, count).Scan(&before); err != nil {
			return err
		}
		if err := keep(ctx, tx, items); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, count).Scan(&after)
		added, replaced = after-before, len(items)-(after-before)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return added, replaced, nil
}

// Export returns the entries as the text of a domains.json, in the order in
// which they were added.
func (e *Entries) Export() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	var items []entry.Item
	err := e.store.readOnce(ctx, func(ctx context.Context, q querier) error {
		items = nil
		return each(ctx, q, "SELECT id, item FROM entries ORDER BY place", nil, func(row scanner) error {
			var item entry.Item
			err := row.Scan(&item.ID, (*[]byte)(&item.Object))
			items = append(items, item)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return entry.Join(items)
}

// keep writes items, new ones after existing ones.
func keep(ctx context.Context, tx *sql.Tx, items []entry.Item) error {
	if len(items) == 0 {
		return nil
	}
	revision, err := raise(ctx, tx, entryKind, "")
	if err != nil {
		return err
	}
	var place int64
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(place), 0) FROM entries").Scan(&place); err != nil {
		return err
	}
	for batch := range slices.Chunk(items, importBatch) {
		var rows strings.Builder
		values := make([]any, 0, 4*len(batch))
		for i, item := range batch {
			if i > 0 {
				rows.WriteString(", ")
			}
			n := len(values)
			fmt.Fprintf(&rows, "($%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4)
			place++
			values = append(values, item.ID, place, revision, string(item.Object))
		}
		//nolint:gosec // the rows are placeholders
		query := fmt.Sprintf("INSERT INTO entries (id, place, revision, item) VALUES %s"+
			" ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, item = excluded.item", &rows)
		if _, err := tx.ExecContext(ctx, query, values...); err != nil {
			return err
		}
	}
	return nil
}

// refresh returns the current view, after checking for changes.
func (e *Entries) refresh() *entriesView {
	ctx, cancel := context.WithTimeout(context.Background(), entriesPatience)
	defer cancel()
	v := e.current.Load()
	revision, err := e.store.Revision(ctx, entryKind, "")
	if err == nil && v.problem == nil && revision == v.revision {
		return v
	}
	e.reading.Lock()
	defer e.reading.Unlock()
	v = e.current.Load()
	if err == nil && v.problem == nil && revision == v.revision {
		return v // somebody has just read them
	}
	next, err := e.load(ctx, v)
	if err != nil {
		broken := *v
		broken.problem = err
		next = &broken
	}
	e.put(v, next)
	return next
}

// load reads changed entries.
func (e *Entries) load(ctx context.Context, before *entriesView) (next *entriesView, err error) {
	err = e.store.read(ctx, func(ctx context.Context, q querier) (err error) {
		next, err = readEntries(ctx, q, before)
		return err
	})
	return next, err
}

// readEntries reads the entries that have changed since before, and all of them
// if some are gone.
func readEntries(ctx context.Context, q querier, before *entriesView) (*entriesView, error) {
	next := &entriesView{entries: make(map[string]*entry.Entry, len(before.entries)), odd: map[string]error{}, remarks: entry.Remarks{}}
	var count int
	if err := q.QueryRowContext(ctx, `SELECT count(*), coalesce((SELECT revision FROM revisions WHERE kind = $1 AND domain = ''), 0) FROM entries`,
		entryKind).Scan(&count, &next.revision); err != nil {
		return nil, err
	}
	since := int64(0)
	if before.revision <= next.revision { // otherwise a backup has been restored
		since = before.revision
		maps.Copy(next.entries, before.entries)
		maps.Copy(next.odd, before.odd)
		maps.Copy(next.remarks, before.remarks)
	}
	if err := next.add(ctx, q, before, since); err != nil {
		return nil, err
	}
	if next.count() != count {
		clear(next.entries)
		clear(next.odd)
		clear(next.remarks)
		if err := next.add(ctx, q, before, 0); err != nil {
			return nil, err
		}
	}
	next.senders = entry.SendersOf(maps.Values(next.entries))
	return next, nil
}

// add reads the entries that have changed since a revision.
func (v *entriesView) add(ctx context.Context, q querier, before *entriesView, since int64) error {
	return each(ctx, q, "SELECT id, item FROM entries WHERE revision > $1", []any{since}, func(row scanner) error {
		var item entry.Item
		if err := row.Scan(&item.ID, (*[]byte)(&item.Object)); err != nil {
			return err
		}
		parsed, err := item.Entry()
		if err == nil {
			v.entries[item.ID] = parsed
			delete(v.odd, item.ID)
			v.remarks.Put(item)
			return nil
		}
		became := "it is left out"
		if good, ok := before.entries[item.ID]; ok {
			v.entries[item.ID], became = good, "it stays as it was before"
		}
		v.odd[item.ID] = fault.Newf(fault.Invalid, "%v; %s", err, became)
		return nil
	})
}

// count returns how many entries there are, including odd ones.
func (v *entriesView) count() int {
	n := len(v.entries)
	for id := range v.odd {
		if _, ok := v.entries[id]; !ok {
			n++
		}
	}
	return n
}

// put makes a view the current one, and reports its new problems. The caller
// holds reading.
func (e *Entries) put(before, after *entriesView) {
	e.current.Store(after)
	if e.report == nil {
		return
	}
	if fmt.Sprint(before.problem) != fmt.Sprint(after.problem) {
		e.report(after.problem)
	}
	for _, id := range slices.Sorted(maps.Keys(after.odd)) {
		if known := before.odd[id]; known == nil || known.Error() != after.odd[id].Error() {
			e.report(after.odd[id])
		}
	}
	for _, remark := range after.remarks.Since(before.remarks) {
		e.report(remark)
	}
}
