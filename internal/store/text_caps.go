package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

// textCount is what the columns say about how caps count a text.
type textCount struct {
	ledger.Counted
	now   time.Time // zero: it does not count
	fresh bool      // the entry's first text to its number
}

// capConditions select the texts that a scope counts. Each has an index.
var capConditions = map[ledger.Scope]string{
	ledger.OfEntry:      "entry = $%d",
	ledger.OfTenant:     "domain = $%d",
	ledger.OfSource:     "source = $%d AND source <> '' AND asked_openly = 1",
	ledger.OfNewNumbers: "entry = $%d AND fresh = 1",
}

// countText returns how to count a text, and those of its caps that are
// reached. Until the end of the transaction no other text of the same caps is
// counted.
func (s *Store) countText(ctx context.Context, tx *sql.Tx, t *ledger.Text, c ledger.Counted, now time.Time) (textCount, []ledger.Full, error) {
	if err := s.holdTextCaps(ctx, tx, c.Caps); err != nil {
		return textCount{}, nil, err
	}
	return readTextCaps(ctx, tx, t, c, now)
}

// readTextCaps is countText without the promise.
func readTextCaps(ctx context.Context, q querier, t *ledger.Text, c ledger.Counted, now time.Time) (textCount, []ledger.Full, error) {
	counted := textCount{Counted: c, now: now}
	args := []any{phone.Key(t.To), t.Entry, c.Source, millis(now.Add(-sourceKnown))}
	columns := []string{
		"CASE WHEN EXISTS (SELECT 1 FROM texts WHERE receiver = $1 AND entry = $2 AND purpose = 'answer') THEN 0 ELSE 1 END",
		"CASE WHEN EXISTS (SELECT 1 FROM texts WHERE source = $3 AND source <> '' AND asked_openly = 0 AND counted > $4 AND counted > 0) THEN 1 ELSE 0 END",
	}
	for _, one := range c.Caps {
		condition, ok := capConditions[one.Scope]
		if !ok || one.Most < 1 {
			return counted, nil, fmt.Errorf("a cap of %v", one)
		}
		n := len(args)
		args = append(args, one.Of, millis(now.Add(-one.Per)), one.Most-1)
		columns = append(columns, fmt.Sprintf("coalesce((SELECT counted FROM texts WHERE %s AND counted > $%d AND counted > 0 ORDER BY counted DESC LIMIT 1 OFFSET $%d), 0)",
			fmt.Sprintf(condition, n+1), n+2, n+3))
	}
	var fresh, known int
	oldest := make([]int64, len(c.Caps))
	found := []any{&fresh, &known}
	for i := range oldest {
		found = append(found, &oldest[i])
	}
	if err := q.QueryRowContext(ctx, "SELECT "+strings.Join(columns, ", "), args...).Scan(found...); err != nil {
		return counted, nil, err
	}
	counted.fresh = fresh != 0
	var full []ledger.Full
	for i, one := range c.Caps {
		exempt := one.Scope == ledger.OfNewNumbers && fresh == 0 || one.Scope == ledger.OfSource && known != 0
		if oldest[i] > 0 && !exempt {
			full = append(full, ledger.Full{Cap: one, Until: fromMillis(oldest[i]).Add(one.Per)})
		}
	}
	return counted, full, nil
}

// sourceKnown is how long an address counts as known after it has shown a key:
// a phone system has callers every day, and a week covers a long weekend.
const sourceKnown = 7 * 24 * time.Hour

// holdTextCaps makes other transactions of the same caps wait for the end of
// this one. The number must be held already, to keep the order.
func (s *Store) holdTextCaps(ctx context.Context, tx *sql.Tx, caps []ledger.Cap) error {
	names := make([]string, 0, len(caps))
	for _, c := range caps {
		names = append(names, "text "+string(c.Scope)+" "+c.Of)
	}
	return s.lockNames(ctx, tx, names...)
}

// beginText writes the text of a call that is to be sent now, and returns it as
// reading it would; or the caps that prevent it.
func (s *Store) beginText(ctx context.Context, tx *sql.Tx, d ledger.Decision, now time.Time) (*ledger.Text, []ledger.Full, error) {
	counted, full, err := s.countText(ctx, tx, d.Text, d.Counted, now)
	if err != nil || len(full) > 0 {
		return nil, full, err
	}
	text := *d.Text
	text.State, text.Attempts = ledger.Sending, 1
	text, err = insertText(ctx, tx, text, counted, now)
	return &text, nil, err
}
