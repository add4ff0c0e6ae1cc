package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
)

const (
	entryKind = "entry" // key of the revisions

	// importBatch is how many entries one statement writes: few enough for
	// SQLite's driver, which compares each parameter with each other, and
	// enough for a PostgreSQL server that is far away.
	importBatch = 50
)

// Entries reads the entries of the Store. For report see entry.NewBook.
func (s *Store) Entries(ctx context.Context, report func(error)) (*entry.Book, error) {
	return entry.NewBook(ctx, entries{s}, report)
}

// entries are the entries in a Store. It is an entry.Source.
type entries struct{ store *Store }

// entriesState is what is known of the entries that were loaded.
type entriesState struct {
	revision int64
	ids      []string // in order
	failed   bool     // the database could not be read afterwards
}

// About says how an entry gets out of the database and back.
func (entries) About() (prefix, fix string) {
	return "", "export the entries, fix it there, and import them again"
}

// Unchanged asks the database for the revision.
func (e entries) Unchanged(ctx context.Context, loaded entry.State) bool {
	s, ok := loaded.(entriesState)
	if !ok || s.failed {
		return false
	}
	revision, err := e.store.Revision(ctx, entryKind, "")
	return err == nil && revision == s.revision
}

// Version returns the revision.
func (entries) Version(loaded entry.State) (revision int64, ok bool) {
	s, ok := loaded.(entriesState)
	return s.revision, ok && !s.failed
}

// Load reads the entries that have changed since.
func (e entries) Load(ctx context.Context, since entry.State) (loaded entry.Loaded, err error) {
	before, _ := since.(entriesState)
	err = e.store.readTx(ctx, func(ctx context.Context, q querier) error {
		loaded, err = loadEntries(ctx, q, before)
		return err
	})
	if err != nil {
		before.failed = true
		return entry.Loaded{State: before}, err
	}
	return loaded, nil
}

// loadEntries reads the ids of all entries only if some are gone.
func loadEntries(ctx context.Context, q querier, before entriesState) (loaded entry.Loaded, err error) {
	var now entriesState
	var count int
	if err := q.QueryRowContext(ctx, `SELECT count(*), coalesce((SELECT revision FROM revisions WHERE kind = $1 AND domain = ''), 0) FROM entries`,
		entryKind).Scan(&count, &now.revision); err != nil {
		return loaded, err
	}
	if before.revision > now.revision { // a backup has been restored
		before = entriesState{}
	}
	if loaded.Items, err = items(ctx, q, "SELECT id, item FROM entries WHERE revision > $1", before.revision); err != nil {
		return loaded, err
	}
	now.ids = slices.Clone(before.ids)
	for _, item := range loaded.Items {
		if _, known := slices.BinarySearch(before.ids, item.ID); !known {
			now.ids = append(now.ids, item.ID)
		}
	}
	if len(now.ids) != count {
		now.ids = nil
		if err := each(ctx, q, "SELECT id FROM entries", nil, func(row scanner) error {
			var id string
			err := row.Scan(&id)
			now.ids = append(now.ids, id)
			return err
		}); err != nil {
			return loaded, err
		}
	}
	slices.Sort(now.ids)
	loaded.State, loaded.IDs = now, now.ids
	return loaded, nil
}

// Items returns the entries in the order in which they were added.
func (e entries) Items(ctx context.Context, _ entry.State) (all []entry.Item, err error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	err = e.store.readOne(ctx, func(ctx context.Context, q querier) error {
		all, err = items(ctx, q, "SELECT id, item FROM entries ORDER BY place")
		return err
	})
	return all, err
}

func items(ctx context.Context, q querier, query string, args ...any) (all []entry.Item, err error) {
	err = each(ctx, q, query, args, func(row scanner) error {
		var item entry.Item
		err := row.Scan(&item.ID, (*[]byte)(&item.Object))
		all = append(all, item)
		return err
	})
	return all, err
}

// Save saves entries in one transaction.
func (e entries) Save(ctx context.Context, _ func() (entry.State, error), edit entry.Edit) (added int, err error) {
	err = e.store.writeSerial(ctx, func(ctx context.Context, tx *sql.Tx) error {
		items, err := edit(func(id string) (entry.Item, error) {
			item := entry.Item{ID: id}
			err := tx.QueryRowContext(ctx, "SELECT item FROM entries WHERE id = $1", id).Scan((*[]byte)(&item.Object))
			if errors.Is(err, sql.ErrNoRows) {
				err = nil
			}
			return item, err
		})
		if err != nil || len(items) == 0 {
			return err
		}
		var before, after int
		const count = "SELECT count(*) FROM entries"
		if err := tx.QueryRowContext(ctx, count).Scan(&before); err != nil {
			return err
		}
		if err := e.keep(ctx, tx, items); err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, count).Scan(&after)
		added = after - before
		return err
	})
	return added, err
}

// keep writes items, new ones after existing ones, and removes those without an
// Object, of which the activity record tells.
func (e entries) keep(ctx context.Context, tx *sql.Tx, items []entry.Item) error {
	var whole []entry.Item
	for _, item := range items {
		if strings.ContainsRune(item.ID, 0) { // PostgreSQL cannot store it
			return fault.Newf(fault.Invalid, "what is to be imported cannot be used: the id %q holds a zero character", item.ID)
		}
		if item.Object != nil {
			whole = append(whole, item)
			continue
		}
		err := tx.QueryRowContext(ctx, "DELETE FROM entries WHERE id = $1 RETURNING item", item.ID).Scan((*[]byte)(&item.Object))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		gone := activity.Item{Kind: activity.Entry, Outcome: string(entry.Removed), Entry: item.ID}
		if was, err := item.Entry(); err == nil {
			gone.Tenant = was.APIDomain
		}
		if err := e.store.tell(ctx, tx, gone); err != nil {
			return err
		}
	}
	revision, err := raise(ctx, tx, entryKind, "")
	if err != nil {
		return err
	}
	var place int64
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(place), 0) FROM entries").Scan(&place); err != nil {
		return err
	}
	for batch := range slices.Chunk(whole, importBatch) {
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
