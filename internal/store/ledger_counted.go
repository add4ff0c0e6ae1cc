package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// countedFor is the period over which a number's calls are counted, and then
// how long all its calls get one answer.
const countedFor = time.Hour

// tooMany reports whether a number has reached the limit of stored answers.
func tooMany(d ledger.Decision, recent int) bool {
	return d.Rows.Number > 0 && recent >= d.Rows.Number && !d.Forget
}

// whenFull returns the outcome of a call whose text a cap prevents, stored as
// the original would have been.
func whenFull(d ledger.Decision, by ledger.Full) ledger.Decision {
	full := *d.WhenFull
	full.Rows, full.Args = d.Rows, by.Args()
	return full
}

// startCounting begins an hour in which a number's calls share one row, with
// the first of them.
func startCounting(ctx context.Context, tx *sql.Tx, key ledger.Key, now time.Time, reason string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO counted_calls (caller, entry, step, began, at, calls, reason) VALUES ($1, $2, $3, $4, $4, 1, $5)
		ON CONFLICT (caller, entry, step) DO UPDATE
		SET began = excluded.began, at = excluded.at, calls = counted_calls.calls + 1, reason = excluded.reason`,
		key.Caller, key.Entry, key.Step, millis(now), reason)
	return err
}

// countCall counts a call of a number whose calls share a row.
func countCall(ctx context.Context, tx *sql.Tx, key ledger.Key, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE counted_calls SET calls = calls + 1, at = $4 WHERE caller = $1 AND entry = $2 AND step = $3`,
		key.Caller, key.Entry, key.Step, millis(now))
	return err
}

// writeAnswer stores an answer, unless it led to no text and its entry has
// reached its limit of those. It reports whether it did. Transactions do not
// wait for each other here: there may be a few more.
func writeAnswer(ctx context.Context, tx *sql.Tx, key ledger.Key, now time.Time, d ledger.Decision, begun ledger.Begun) (written bool, err error) {
	if begun.Text == nil && !d.Needed {
		if full, err := answersFull(ctx, tx, key.Entry, d.Rows, now); err != nil || full {
			return false, err
		}
	}
	return true, insertAnswer(ctx, tx, key, now, begun, d.Args)
}

// answersFull reports whether an entry has reached its limit of answers that led
// to no text.
func answersFull(ctx context.Context, q querier, entry string, rows ledger.Rows, now time.Time) (full bool, err error) {
	for _, bound := range [...]struct {
		most int
		per  time.Duration
	}{{rows.EntryHour, time.Hour}, {rows.EntryDay, 24 * time.Hour}} {
		if bound.most <= 0 {
			continue
		}
		err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM answers
			WHERE entry = $1 AND textless > $2 AND textless <= $3 AND textless > 0 ORDER BY textless DESC LIMIT 1 OFFSET $4)`,
			entry, millis(now.Add(-bound.per)), millis(now), bound.most-1).Scan(&full)
		if err != nil || full {
			return full, err
		}
	}
	return false, nil
}
