package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/switchhook/switchhook/internal/activity"
)

// ActivityMark is up to where somebody has read who follows the activity record.
// The zero mark is its beginning.
type ActivityMark struct {
	turn int64           // all items of lower turns have been read
	read map[string]bool // ids of those that have been read of the others
}

// ActivityMark returns the mark of now: what has been told already is read.
func (s *Store) ActivityMark(ctx context.Context) (mark ActivityMark, err error) {
	_, mark, err = s.ActivitySince(ctx, ActivityMark{turn: 1 << 62})
	if err == nil { // those of turns from there on are read
		_, mark, err = s.ActivitySince(ctx, ActivityMark{turn: mark.turn})
	}
	return mark, err
}

// ActivitySince returns the items that were added since a mark, the oldest first,
// and the mark for the next time. None is left out: on PostgreSQL, where a
// transaction may end after one that began later, those that are still running
// keep the mark back.
func (s *Store) ActivitySince(ctx context.Context, mark ActivityMark) (items []activity.Item, next ActivityMark, err error) {
	err = s.readTx(ctx, func(ctx context.Context, q querier) error {
		items, next = nil, ActivityMark{read: make(map[string]bool)}
		if err := q.QueryRowContext(ctx, s.lowestTurn()).Scan(&next.turn); err != nil {
			return err
		}
		return each(ctx, q, "SELECT "+activityColumns+", turn FROM activity WHERE turn >= $1", []any{mark.turn}, func(row scanner) error {
			var turn int64
			item, err := scanActivity(row, &turn)
			if !mark.read[item.ID] {
				items = append(items, item)
			}
			if turn >= next.turn {
				next.read[item.ID] = true
			}
			return err
		})
	})
	if err != nil {
		return nil, mark, fmt.Errorf("follow what happens: %w", err)
	}
	slices.SortFunc(items, func(a, b activity.Item) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return items, next, nil
}

// lowestTurn returns the query for the lowest turn of items that may still be
// added.
func (s *Store) lowestTurn() string {
	if s.shared() {
		return "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"
	}
	return "SELECT coalesce(max(turn), 0) + 1 FROM activity"
}

// forgetTurns makes the items of a PostgreSQL server from which this database
// was brought over older than all that are added here: its transactions had
// other numbers.
func (s *Store) forgetTurns(ctx context.Context) error {
	return s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE activity SET turn = 0 WHERE turn > CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)")
		return err
	})
}
