package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// Audit stores an event. Its time defaults to now.
func (s *Store) Audit(ctx context.Context, event ledger.Event) error {
	if event.At.IsZero() {
		event.At = s.now()
	}
	id := ledger.NewID()
	return s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO events (id, at, actor, action, about, detail) VALUES ($1, $2, $3, $4, $5, $6)",
			id, millis(event.At), event.Actor, event.Action, event.About, event.Detail)
		if err != nil || event.Item == nil {
			return err
		}
		return s.tell(ctx, tx, *event.Item)
	})
}

// Events returns the events since a time, newest first, and at most limit; 0:
// all.
func (s *Store) Events(ctx context.Context, since time.Time, limit int) (events []ledger.Event, err error) {
	query := "SELECT at, actor, action, about, detail FROM events WHERE at >= $1 ORDER BY at DESC, id" + atMost(limit)
	err = s.readOne(ctx, func(ctx context.Context, q querier) error {
		events = nil
		return each(ctx, q, query, []any{millis(since)}, func(row scanner) error {
			var event ledger.Event
			var at int64
			err := row.Scan(&at, &event.Actor, &event.Action, &event.About, &event.Detail)
			event.At = fromMillis(at)
			events = append(events, event)
			return err
		})
	})
	return events, err
}

// atMost is the end of a query that returns at most limit rows; 0: all.
func atMost(limit int) string {
	if limit <= 0 {
		return ""
	}
	return fmt.Sprintf(" LIMIT %d", limit)
}
