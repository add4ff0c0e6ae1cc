package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
)

// OnCallAnswers stores the last answers of on-call sources.
type OnCallAnswers struct{ store *Store }

// OnCallJournal stores whom callers were put through to.
type OnCallJournal struct{ store *Store }

// The interfaces that on-call needs.
var (
	_ oncall.AnswerStore = OnCallAnswers{}
	_ oncall.Journal     = OnCallJournal{}
)

// OnCallAnswers returns the last answers of sources.
func (s *Store) OnCallAnswers() OnCallAnswers { return OnCallAnswers{s} }

// OnCallJournal returns the decisions.
func (s *Store) OnCallJournal() OnCallJournal { return OnCallJournal{s} }

// Load returns what was last saved for a source; false: nothing was.
func (a OnCallAnswers) Load(ctx context.Context, name string) (found source.Snapshot, ok bool, err error) {
	var text string
	err = a.store.readOne(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, "SELECT snapshot FROM oncall_answers WHERE source = $1", name).Scan(&text)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return source.Snapshot{}, false, nil
	}
	if err != nil {
		return source.Snapshot{}, false, err
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return source.Snapshot{}, false, fmt.Errorf("read what the source %s said: %w", name, err)
	}
	return found, true, nil
}

// Save replaces the stored snapshot, unless that is younger: another server may
// have asked since.
func (a OnCallAnswers) Save(ctx context.Context, name string, s source.Snapshot) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write what the source %s said: %w", name, err)
	}
	return a.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO oncall_answers (source, at, snapshot) VALUES ($1, $2, $3)
			ON CONFLICT (source) DO UPDATE SET at = excluded.at, snapshot = excluded.snapshot WHERE oncall_answers.at <= excluded.at`,
			name, millis(s.At), string(text))
		return err
	})
}

// Save stores records, and their items of the activity record. One with a known ID replaces the previous one.
func (j OnCallJournal) Save(ctx context.Context, records []oncall.Record) error {
	return j.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, r := range records {
			text, err := json.Marshal(r)
			if err != nil {
				return fmt.Errorf("write decision %s: %w", r.ID, err)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO oncall_decisions (id, at, record) VALUES ($1, $2, $3)
				ON CONFLICT (id) DO UPDATE SET at = excluded.at, record = excluded.record`, r.ID, millis(r.At), string(text)); err != nil {
				return err
			}
			if err := j.store.tell(ctx, tx, r.Item()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Recent returns up to limit records, the newest last.
func (j OnCallJournal) Recent(ctx context.Context, limit int) (records []oncall.Record, err error) {
	query := "SELECT record FROM oncall_decisions ORDER BY at DESC, id DESC" + atMost(limit)
	err = j.store.readOne(ctx, func(ctx context.Context, q querier) error {
		records = nil
		return each(ctx, q, query, nil, func(row scanner) error {
			var text string
			if err := row.Scan(&text); err != nil {
				return err
			}
			var r oncall.Record
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				return fmt.Errorf("read a decision: %w", err)
			}
			records = append(records, r)
			return nil
		})
	})
	slices.Reverse(records)
	return records, err
}

// Purge removes the decisions from before a time, and returns how many.
func (j OnCallJournal) Purge(ctx context.Context, before time.Time) (removed int, err error) {
	err = j.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "DELETE FROM oncall_decisions WHERE at < $1", millis(before))
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		removed = int(n)
		return err
	})
	return removed, err
}
