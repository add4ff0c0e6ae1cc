package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// FollowClock adjusts the database after the clock has jumped: work in progress
// keeps the time it has left. Queued texts and attempts that began before the
// jump move along with the clock; otherwise texts would be too late after a
// jump forward, and wait for months after one back. Times that people set, such
// as that of a scheduled call, stay.
//
// If several servers of a database call it for one jump, it applies once.
func (s *Store) FollowClock(ctx context.Context, now time.Time, jump time.Duration) error {
	before := "updated <= $2" // what was written before the jump
	if jump < 0 {
		before = "updated >= $2"
	}
	ms, middle := jump.Milliseconds(), millis(now.Add(-jump/2))
	due := map[string]time.Time{}
	if err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		clear(due)
		if _, err := tx.ExecContext(ctx, `UPDATE callbacks SET lease = lease + $1, updated = updated + $1 WHERE state = 'placing' AND `+before, ms, middle); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `UPDATE texts SET due = due + $1, deadline = deadline + $1, updated = updated + $1,
				lease = CASE WHEN lease > 0 THEN lease + $1 ELSE lease END
			WHERE state IN ('queued', 'sending') AND `+before+` RETURNING id, due, state`, ms, middle)
		if err != nil {
			return err
		}
		return eachRow(rows, func() error {
			var id, state string
			var at int64
			err := rows.Scan(&id, &at, &state)
			if state == "queued" {
				due[id] = fromMillis(at)
			}
			return err
		})
	}); err != nil {
		return fmt.Errorf("follow the clock: %w", err)
	}
	for id, at := range due { // their jobs still have the old times
		if err := s.Schedule(ctx, ledger.TextJob, id, at); err != nil {
			return fmt.Errorf("follow the clock: %w", err)
		}
	}
	return nil
}
