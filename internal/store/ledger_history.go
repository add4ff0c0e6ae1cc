package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// The kinds of rows that callerQuery returns.
const (
	rowAnswer = iota + 1
	rowText
	rowSuppression
	rowConsent
	rowFirst
	rowCounted
	rowFirstCounted
	rowRecent
	rowEntries
	rowMade
)

// callerQuery reads everything about a caller at once, because on PostgreSQL
// each query costs a round trip while the caller is on the phone. What a column
// holds depends on the row's kind.
//
// A text counts unless we are certain that it was not sent: it is dead, and no
// attempt may have got through.
const callerQuery = `
	SELECT 1 AS what, reason AS a, text AS b, '' AS c, '' AS d, at FROM answers
	WHERE caller = $1 AND entry = $2 AND call_id = $3 AND step = $4 AND at > $5
	UNION ALL
	SELECT 2, entry, purpose, '', '', created FROM texts
	WHERE receiver = $1 AND created > $6 AND NOT (state = 'dead' AND doubtful = 0 AND why <> 'uncertain')
	UNION ALL
	SELECT 3, tenant, channel, how, words, at FROM suppressions
	WHERE number = $1 AND tenant IN ($7, '*') AND channel IN ('text', 'all')
	UNION ALL
	SELECT 4, call_id, wording, pressed, '', at FROM consents
	WHERE number = $1 AND entry = $2
	UNION ALL
	SELECT 5, reason, text, '', '', at FROM answers
	WHERE caller = $1 AND entry = $2 AND call_id = $3 AND step = '' AND $4 <> '' AND at > $5
	UNION ALL
	SELECT 6, reason, '', '', '', at FROM counted_calls
	WHERE caller = $1 AND entry = $2 AND step = $4 AND began > $8 AND began <= $9
	UNION ALL
	SELECT 7, reason, '', '', '', at FROM counted_calls
	WHERE caller = $1 AND entry = $2 AND step = '' AND $4 <> '' AND began > $8 AND began <= $9
	UNION ALL
	SELECT 8, '', '', '', '', count(*) FROM answers
	WHERE caller = $1 AND entry = $2 AND step = $4 AND at > $8 AND at <= $9 AND NOT EXISTS (
		SELECT 1 FROM counted_calls WHERE caller = $1 AND entry = $2 AND step = $4 AND began > $8 AND began <= $9)
	UNION ALL
	SELECT 9, '', '', '', '', revision FROM revisions
	WHERE kind = 'entry' AND domain = ''
	UNION ALL
	SELECT 10, '', '', '', '', version FROM provisioned
	WHERE entry = $2`

// callerFacts is what callerQuery found.
type callerFacts struct {
	answer  *ledger.Answered // the answer that this call already has, or nil
	counted *ledger.Answered // the answer of all the number's calls now; nil: each gets its own
	recent  int              // answers of the number within countedFor, if counted is nil
	history ledger.History
	basis   ledger.Basis // what the call is to be admitted by

	suppressions []ledger.Suppression
}

// outdated reports whether a call was admitted by what has changed since.
func (f *callerFacts) outdated(b *ledger.Basis) bool {
	return b != nil && (b.Entries >= 0 && b.Entries != f.basis.Entries || b.Made >= 0 && b.Made != f.basis.Made)
}

// readCaller reads what is known about a call and its caller.
func readCaller(b *batch, found *callerFacts, call ledger.Call) {
	kept, key, now := answerKept, call.Key, call.At
	if key.CallID == "" {
		kept = namelessKept
	}
	b.query(func(row scanner) error { return found.add(row, key) }, callerQuery, key.Caller, key.Entry, key.CallID, key.Step,
		millis(now.Add(-kept)), millis(now.Add(-historyKept)), foldTenant(call.Tenant), millis(now.Add(-countedFor)), millis(now))
}

// add adds a row of callerQuery.
func (f *callerFacts) add(row scanner, key ledger.Key) error {
	var (
		what       int
		a, b, c, d string
		ms         int64
	)
	if err := row.Scan(&what, &a, &b, &c, &d, &ms); err != nil {
		return err
	}
	at, first, history := fromMillis(ms), key, &f.history
	first.Step = ""
	switch what {
	case rowAnswer:
		f.answer = &ledger.Answered{Key: key, At: at, Reason: a, Text: b}
	case rowText:
		history.All++
		switch purpose := ledger.Purpose(b); {
		case purpose == ledger.Answer && a == key.Entry:
			history.Entry = append(history.Entry, at)
			slices.SortFunc(history.Entry, youngestFirst)
		case purpose == ledger.Confirmation || purpose == ledger.Help:
			history.Replies = append(history.Replies, at)
			slices.SortFunc(history.Replies, youngestFirst)
		}
	case rowSuppression:
		f.suppressions = append(f.suppressions, ledger.Suppression{
			Number: key.Caller, Tenant: a, Channel: ledger.Channel(b), At: at, How: c, Words: d,
		})
		history.Suppressed = broadest(f.suppressions)
	case rowConsent:
		if history.Consent == nil || at.After(history.Consent.At) {
			history.Consent = &ledger.Consent{Number: key.Caller, Entry: key.Entry, At: at, CallID: a, Wording: b, Key: c}
		}
	case rowFirst:
		history.First = &ledger.Answered{Key: first, At: at, Reason: a, Text: b}
	case rowCounted:
		f.counted = &ledger.Answered{Key: key, At: at, Reason: a}
	case rowFirstCounted:
		if history.First == nil {
			history.First = &ledger.Answered{Key: first, At: at, Reason: a}
		}
	case rowRecent:
		f.recent = int(ms)
	case rowEntries:
		f.basis.Entries = ms
	case rowMade:
		f.basis.Made = ms
	default:
		return fmt.Errorf("a row of kind %d", what)
	}
	return nil
}

func youngestFirst(a, b time.Time) int { return b.Compare(a) }

// broadest returns the suppression that reaches furthest, or nil: all tenants
// before one, every channel before one.
func broadest(found []ledger.Suppression) *ledger.Suppression {
	if len(found) == 0 {
		return nil
	}
	narrow := func(sup ledger.Suppression) int {
		return 2*flag(sup.Tenant != ledger.AnyTenant) + flag(sup.Channel != ledger.AnyWay)
	}
	first := slices.MinFunc(found, func(a, b ledger.Suppression) int { return cmp.Compare(narrow(a), narrow(b)) })
	return &first
}

// flag is how a bool is stored.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// eachRow calls scan for each row, and closes rows.
func eachRow(rows *sql.Rows, scan func() error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// execCount executes a statement and returns how many rows it changed.
func execCount(ctx context.Context, tx *sql.Tx, statement string, args ...any) (int, error) {
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
