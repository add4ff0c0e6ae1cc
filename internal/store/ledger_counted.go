package store

import (
	"fmt"
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
func startCounting(b *batch, key ledger.Key, now time.Time, reason string) {
	b.exec(`
		INSERT INTO counted_calls (caller, entry, step, began, at, calls, reason) VALUES ($1, $2, $3, $4, $4, 1, $5)
		ON CONFLICT (caller, entry, step) DO UPDATE
		SET began = excluded.began, at = excluded.at, calls = counted_calls.calls + 1, reason = excluded.reason`,
		key.Caller, key.Entry, key.Step, millis(now), reason)
}

// countCall counts a call of a number whose calls share a row.
func countCall(b *batch, key ledger.Key, now time.Time) {
	b.exec(`UPDATE counted_calls SET calls = calls + 1, at = $4 WHERE caller = $1 AND entry = $2 AND step = $3`,
		key.Caller, key.Entry, key.Step, millis(now))
}

// answersWithin returns the condition that an entry, the parameter $2, has not
// reached its limits of answers that led to no text. It adds its parameters.
func answersWithin(rows ledger.Rows, now time.Time, args []any) (condition string, all []any) {
	condition = "1 = 1"
	for _, bound := range [...]struct {
		most int
		per  time.Duration
	}{{rows.EntryHour, time.Hour}, {rows.EntryDay, 24 * time.Hour}} {
		if bound.most <= 0 {
			continue
		}
		n := len(args)
		args = append(args, millis(now.Add(-bound.per)), millis(now), bound.most-1)
		condition += fmt.Sprintf(` AND NOT EXISTS (SELECT 1 FROM answers
			WHERE entry = $2 AND textless > $%d AND textless <= $%d AND textless > 0 ORDER BY textless DESC LIMIT 1 OFFSET $%d)`, n+1, n+2, n+3)
	}
	return condition, args
}
