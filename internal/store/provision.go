package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/switchhook/switchhook/internal/answer/provision"
)

// Provisioned stores what was made on phone systems.
type Provisioned struct{ store *Store }

// Provisioned are provision.Records.
var _ provision.Records = Provisioned{}

// Provisioned returns what was made on phone systems.
func (s *Store) Provisioned() Provisioned { return Provisioned{s} }

func scanRecord(row scanner) (provision.Record, error) {
	var (
		entry, text string
		version     int64
		r           provision.Record
	)
	if err := row.Scan(&entry, &version, &text); err != nil {
		return provision.Record{}, err
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return provision.Record{}, fmt.Errorf("read the record of what was made for %s: %w", entry, err)
	}
	r.Entry, r.Version = entry, version
	return r, nil
}

// Load returns an entry's record; if there is none, one with only Entry set.
func (p Provisioned) Load(ctx context.Context, entryID string) (found provision.Record, err error) {
	err = p.store.readOne(ctx, func(ctx context.Context, q querier) (err error) {
		found, err = scanRecord(q.QueryRowContext(ctx, "SELECT entry, version, record FROM provisioned WHERE entry = $1", entryID))
		if errors.Is(err, sql.ErrNoRows) {
			found, err = provision.Record{Entry: entryID}, nil
		}
		return err
	})
	return found, err
}

// Save replaces the record with r's Version, where 0 is none, and tells its Item. The error is
// provision.ErrStale if somebody else has saved it in between.
func (p Provisioned) Save(ctx context.Context, r provision.Record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write the record of what was made for %s: %w", r.Entry, err)
	}
	return p.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		statement := "UPDATE provisioned SET version = $2 + 1, record = $3 WHERE entry = $1 AND version = $2"
		if r.Version == 0 {
			statement = "INSERT INTO provisioned (entry, version, record) VALUES ($1, $2 + 1 + " + lifetimes + ", $3) ON CONFLICT (entry) DO NOTHING"
		}
		done, err := tx.ExecContext(ctx, statement, r.Entry, r.Version, string(text))
		if err != nil {
			return err
		}
		switch n, err := done.RowsAffected(); {
		case err != nil:
			return err
		case n == 0:
			return provision.ErrStale
		}
		if r.Item != nil {
			return p.store.tell(ctx, tx, *r.Item)
		}
		return nil
	})
}

// lifetimes keeps a new record from having a version that a deleted one had, by
// which a server may remember its key: each deletion leaves room for a million
// changes.
const lifetimes = "(SELECT coalesce(max(revision), 0) * 1048576 FROM revisions WHERE kind = 'provisioned' AND domain = '')"

// All returns all records, by entry.
func (p Provisioned) All(ctx context.Context) (all []provision.Record, err error) {
	err = p.store.readOne(ctx, func(ctx context.Context, q querier) error {
		all = nil
		return each(ctx, q, "SELECT entry, version, record FROM provisioned ORDER BY entry", nil, func(row scanner) error {
			r, err := scanRecord(row)
			all = append(all, r)
			return err
		})
	})
	return all, err
}

// Delete removes an entry's record, if there is one.
func (p Provisioned) Delete(ctx context.Context, entryID string) error {
	return p.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := execCount(ctx, tx, "DELETE FROM provisioned WHERE entry = $1", entryID)
		if err == nil && n > 0 {
			_, err = raise(ctx, tx, "provisioned", "")
		}
		return err
	})
}
