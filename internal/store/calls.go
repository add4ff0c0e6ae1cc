package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/phone"
)

// KeepCall stores a call that was placed, and tells its Item. A second one with the same id
// replaces the first.
func (s *Store) KeepCall(ctx context.Context, call core.StoredCall) error {
	failed := 0
	if call.Failed {
		failed = 1
	}
	return s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO calls (id, at, from_number, to_number, outcome, failed, trace)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET at = excluded.at, from_number = excluded.from_number, to_number = excluded.to_number,
				outcome = excluded.outcome, failed = excluded.failed, trace = excluded.trace`,
			call.ID, millis(call.At), phone.Key(call.From), phone.Key(call.To), call.Outcome, failed, string(call.Trace))
		if err == nil && call.Item != nil {
			err = s.tell(ctx, tx, *call.Item)
		}
		return err
	})
}

// Calls returns the calls since a time, newest first, and at most limit; 0:
// all.
func (s *Store) Calls(ctx context.Context, since time.Time, limit int) (calls []core.StoredCall, err error) {
	query := "SELECT id, at, from_number, to_number, outcome, failed, trace FROM calls WHERE at >= $1 ORDER BY at DESC, id" + atMost(limit)
	err = s.readOne(ctx, func(ctx context.Context, q querier) error {
		calls = nil
		return each(ctx, q, query, []any{millis(since)}, func(row scanner) error {
			var call core.StoredCall
			var at, failed int64
			err := row.Scan(&call.ID, &at, &call.From, &call.To, &call.Outcome, &failed, &call.Trace)
			call.At, call.Failed = fromMillis(at), failed != 0
			calls = append(calls, call)
			return err
		})
	})
	return calls, err
}
