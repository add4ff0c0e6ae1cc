package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// textCount is what the columns say about how caps count a text, and what the
// caps have counted.
type textCount struct {
	ledger.Counted
	now    time.Time // zero: it does not count
	fresh  bool      // the entry's first text to its number
	known  bool      // its source has shown a key
	oldest []int64   // of each cap, when the text was begun that is to leave its period first; 0: the cap is not reached
}

// capConditions select the texts that a scope counts. Each has an index.
var capConditions = map[ledger.Scope]string{
	ledger.OfEntry:      "entry = $%d",
	ledger.OfTenant:     "domain = $%d",
	ledger.OfSource:     "source = $%d AND source <> '' AND asked_openly = 1",
	ledger.OfNewNumbers: "entry = $%d AND fresh = 1",
}

// readTextCaps reads how to count a text of a call, and what its caps have
// counted. While capNames are locked no other text of the same caps is counted.
func readTextCaps(b *batch, call ledger.Call) (*textCount, error) {
	c := &textCount{Counted: call.Counted, now: call.At, oldest: make([]int64, len(call.Counted.Caps))}
	args := []any{call.Caller, call.Entry, c.Source, millis(call.At.Add(-sourceKnown))}
	columns := []string{
		"NOT EXISTS (SELECT 1 FROM texts WHERE receiver = $1 AND entry = $2 AND purpose = 'answer')",
		"EXISTS (SELECT 1 FROM texts WHERE source = $3 AND source <> '' AND asked_openly = 0 AND counted > $4 AND counted > 0)",
	}
	found := []any{&c.fresh, &c.known}
	for i, one := range c.Caps {
		condition, ok := capConditions[one.Scope]
		if !ok || one.Most < 1 {
			return nil, fmt.Errorf("a cap of %v", one)
		}
		n := len(args)
		args = append(args, one.Of, millis(call.At.Add(-one.Per)), one.Most-1)
		columns = append(columns, fmt.Sprintf("coalesce((SELECT counted FROM texts WHERE %s AND counted > $%d AND counted > 0 ORDER BY counted DESC LIMIT 1 OFFSET $%d), 0)",
			fmt.Sprintf(condition, n+1), n+2, n+3))
		found = append(found, &c.oldest[i])
	}
	b.query(func(row scanner) error { return row.Scan(found...) }, "SELECT "+strings.Join(columns, ", "), args...)
	return c, nil
}

// full returns the caps that are reached.
func (c *textCount) full() (full []ledger.Full) {
	for i, one := range c.Caps {
		exempt := one.Scope == ledger.OfNewNumbers && !c.fresh || one.Scope == ledger.OfSource && c.known
		if c.oldest[i] > 0 && !exempt {
			full = append(full, ledger.Full{Cap: one, Until: fromMillis(c.oldest[i]).Add(one.Per)})
		}
	}
	return full
}

// sourceKnown is how long an address counts as known after it has shown a key:
// a phone system has callers every day, and a week covers a long weekend.
const sourceKnown = 7 * 24 * time.Hour

// capNames returns the names that are locked for caps.
func capNames(caps []ledger.Cap) []string {
	names := make([]string, 0, len(caps)+1)
	for _, c := range caps {
		names = append(names, "text "+string(c.Scope)+" "+c.Of)
	}
	return names
}
