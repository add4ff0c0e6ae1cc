package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/phone"
)

// Tell adds items to the activity record. What has a transaction of its own adds
// its items in that, by tell.
func (s *Store) Tell(ctx context.Context, items ...activity.Item) error {
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.tell(ctx, tx, items...) })
	if err != nil {
		return fmt.Errorf("tell what happened: %w", err)
	}
	return nil
}

// tell adds items in the transaction of what they tell.
func (s *Store) tell(ctx context.Context, tx *sql.Tx, items ...activity.Item) error {
	for _, item := range items {
		statement, args := s.activityRow(item)
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// activityRow returns the statement that adds an item, for a batch.
func (s *Store) activityRow(i activity.Item) (statement string, args []any) {
	return s.activityRowIf("1 = 1", i)
}

// activityRowIf returns the statement that adds an item if a condition holds,
// whose own parameters begin with $10.
func (s *Store) activityRowIf(condition string, i activity.Item, more ...any) (statement string, args []any) {
	if i.At.IsZero() {
		i.At = s.now()
	}
	if i.ID == "" {
		i.ID = s.activityIDs.next(i.At)
	}
	if i.Story == "" {
		i.Story = activity.StoryOf(i.About, i.ID)
	}
	i = i.Bounded()
	return `INSERT INTO activity (` + activityColumns + `, reversed, turn)
		SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS TEXT),
			reverse(CAST($8 AS TEXT)), ` + s.turn() + ` WHERE ` + condition,
		append([]any{millis(i.At), i.ID, whatOf(i.Kind, i.Outcome), i.Story, i.About, i.Entry, foldTenant(i.Tenant), phone.Key(i.Number), writeSteps(i.Steps)}, more...)
}

// storedRow returns the statement that adds an item about a text or a call back
// that is in the item's outcome since the item's time: that of a step that was
// just taken. Whose it is, and of which call, comes from its row.
func (s *Store) storedRow(i activity.Item) (statement string, args []any) {
	from := "CASE call_id WHEN '' THEN id ELSE call_id END, id, entry, lower(domain), receiver, CAST($4 AS TEXT), reverse(receiver), " + s.turn() + " FROM texts"
	if i.Kind == activity.CallBack {
		from = "id, id, entry, lower(tenant), number, CAST($4 AS TEXT), reverse(number), " + s.turn() + " FROM callbacks"
	}
	i = i.Bounded()
	return `INSERT INTO activity (` + activityColumns + `, reversed, turn)
		SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), ` + from + ` WHERE id = $5 AND state = $6 AND updated = $1`,
		[]any{millis(i.At), s.activityIDs.next(i.At), whatOf(i.Kind, i.Outcome), writeSteps(i.Steps), i.About, i.Outcome}
}

// tellStored adds an item about a text or a call back: see storedRow.
func (s *Store) tellStored(ctx context.Context, tx *sql.Tx, i activity.Item) error {
	statement, args := s.storedRow(i)
	_, err := tx.ExecContext(ctx, statement, args...)
	return err
}

const activityColumns = "at, id, what, story, about, entry, tenant, number, steps"

// turn is the SQL of a number that grows with each transaction. PostgreSQL's
// transactions end in another order than they begin in: see ActivitySince. In
// SQLite one writes at a time, and the clock keeps the turns of erased rows from
// being given out again.
func (s *Store) turn() string {
	if s.shared() {
		return "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"
	}
	return "(SELECT max(coalesce(max(turn), 0) + 1, CAST(unixepoch('subsec') * 1000 AS INTEGER)) FROM activity)"
}

// The column what is a kind and an outcome.
func whatOf(kind activity.Kind, outcome string) string { return string(kind) + "/" + outcome }

func writeSteps(steps []activity.Step) string {
	if len(steps) == 0 {
		return ""
	}
	text, err := json.Marshal(steps)
	if err != nil {
		return "" // JSON holds every step
	}
	return string(text)
}

// scanActivity reads the columns of activityColumns, and any after them into
// more.
func scanActivity(row scanner, more ...any) (i activity.Item, err error) {
	var at int64
	var what, steps string
	err = row.Scan(append([]any{&at, &i.ID, &what, &i.Story, &i.About, &i.Entry, &i.Tenant, &i.Number, &steps}, more...)...)
	if err != nil {
		return i, err
	}
	kind, outcome, _ := strings.Cut(what, "/")
	i.At, i.Kind, i.Outcome = fromMillis(at), activity.Kind(kind), outcome
	if steps != "" {
		err = json.Unmarshal([]byte(steps), &i.Steps)
	}
	return i, err
}

// PurgeActivity removes the items from before a time, and returns how many. It
// goes in small steps, as Purge does.
func (s *Store) PurgeActivity(ctx context.Context, before time.Time) (removed int, err error) {
	for {
		var n int
		err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			n, err = execCount(ctx, tx, `DELETE FROM activity WHERE (at, id) IN
				(SELECT at, id FROM activity WHERE at < $1 ORDER BY at, id LIMIT $2)`, millis(before), purgeBatch)
			return err
		})
		if err != nil {
			return removed, fmt.Errorf("remove old items of the activity record: %w", err)
		}
		if removed += n; n < purgeBatch {
			return removed, nil
		}
	}
}

// activityIDs gives out the ids of items: the time, and a number that tells
// those of one millisecond apart, in the order in which they were given out.
type activityIDs struct {
	mu   sync.Mutex
	last uint64
}

const (
	timeDigits = 9 // base 32, enough until 3084
	tailDigits = 8
)

// next returns the id of an item of a time.
func (a *activityIDs) next(at time.Time) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	return digits(uint64(max(0, millis(at))), timeDigits) + digits(a.last, tailDigits)
}

// digits writes the lowest digits of a number to the base 32.
func digits(n uint64, count int) string {
	text := strconv.FormatUint(n|1<<(5*count), 32)
	return text[len(text)-count:]
}

// timeOfActivity returns the time that an id begins with, in milliseconds; false:
// it is no id of an item.
func timeOfActivity(id string) (ms int64, ok bool) {
	if len(id) != timeDigits+tailDigits {
		return 0, false
	}
	ms, err := strconv.ParseInt(id[:timeDigits], 32, 64)
	return ms, err == nil
}

// reverseInSQLite gives SQLite the function reverse, which PostgreSQL has.
var reverseInSQLite = sync.OnceValue(func() error {
	return sqlite.RegisterDeterministicScalarFunction("reverse", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		text, _ := args[0].(string)
		return reversed(text), nil
	})
})

// reversed returns a text from its last character on.
func reversed(text string) string {
	runes := []rune(text)
	slices.Reverse(runes)
	return string(runes)
}
