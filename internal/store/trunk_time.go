package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/core/barring"
)

// AddTrunkTime adds to the time that users spent on calls out, and removes what is
// too old to count.
func (s *Store) AddTrunkTime(ctx context.Context, rows []barring.Spent, now time.Time) error {
	rows = slices.SortedFunc(slices.Values(rows), func(a, b barring.Spent) int { // else two servers might wait for each other
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), a.Hour.Compare(b.Hour))
	})
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, row := range rows {
			if _, err := tx.ExecContext(ctx, `INSERT INTO trunk_time (owner, hour, spent) VALUES ($1, $2, $3)
				ON CONFLICT (owner, hour) DO UPDATE SET spent = trunk_time.spent + excluded.spent`,
				row.Owner, millis(row.Hour), row.Time.Milliseconds()); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM trunk_time WHERE hour <= $1", millis(now.Add(-barring.Day)))
		return err
	})
	if err != nil {
		return fmt.Errorf("add time of calls out: %w", err)
	}
	return nil
}

// TrunkTime returns the time that still counts.
func (s *Store) TrunkTime(ctx context.Context, now time.Time) (rows []barring.Spent, err error) {
	err = s.readOne(ctx, func(ctx context.Context, q querier) error {
		rows = nil
		return each(ctx, q, "SELECT owner, hour, spent FROM trunk_time WHERE hour > $1 ORDER BY owner, hour", []any{millis(now.Add(-barring.Day))}, func(row scanner) error {
			var one barring.Spent
			var hour, spent int64
			err := row.Scan(&one.Owner, &hour, &spent)
			one.Hour, one.Time = fromMillis(hour), time.Duration(spent)*time.Millisecond
			rows = append(rows, one)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read time of calls out: %w", err)
	}
	return rows, nil
}
