package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

const textColumns = `id, purpose, entry, call_id, domain, username, session, sender, receiver, dialled, message, segments,
	state, why, problem, doubtful, ordered, attempts, created, updated, due, deadline, lease`

// scanText reads the columns of textColumns, and any after them into more.
func scanText(row scanner, more ...any) (ledger.Text, error) {
	var (
		t                                      ledger.Text
		doubtful, ordered                      int
		created, updated, due, deadline, lease int64
		dialled                                string
	)
	err := row.Scan(append([]any{&t.ID, &t.Purpose, &t.Entry, &t.CallID, &t.Domain, &t.User, &t.Session, &t.From, &t.To, &dialled, &t.Message, &t.Segments,
		&t.State, &t.Why, &t.Problem, &doubtful, &ordered, &t.Attempts, &created, &updated, &due, &deadline, &lease}, more...)...)
	t.To = cmp.Or(dialled, t.To)
	t.Doubtful, t.Ordered = doubtful != 0, ordered != 0
	t.Created, t.Updated = fromMillis(created), fromMillis(updated)
	t.Due, t.Deadline, t.Lease = fromMillis(due), fromMillis(deadline), fromMillis(lease)
	return t, err
}

// insertText queues a new text, counted as c says, and returns it as reading it
// would.
func insertText(b *batch, t ledger.Text, c textCount, now time.Time) ledger.Text {
	if t.ID == "" {
		t.ID = ledger.NewID()
	}
	if t.Created.IsZero() {
		t.Created = now
	}
	t.Updated = t.Created
	for _, at := range []*time.Time{&t.Created, &t.Updated, &t.Due, &t.Deadline, &t.Lease} {
		*at = fromMillis(millis(*at))
	}
	b.exec(`INSERT INTO texts (`+textColumns+`, counted, source, asked_openly, fresh)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`,
		t.ID, string(t.Purpose), t.Entry, t.CallID, t.Domain, t.User, t.Session, t.From, phone.Key(t.To), dialled(t.To), t.Message, t.Segments,
		string(t.State), string(t.Why), t.Problem, flag(t.Doubtful), flag(t.Ordered), t.Attempts,
		millis(t.Created), millis(t.Updated), millis(t.Due), millis(t.Deadline), millis(t.Lease),
		millis(c.now), c.Source, flag(c.Open), flag(c.fresh && c.Open))
	return t
}

// dialled is the value of that column: a number that differs from its key.
func dialled(number string) string {
	if phone.Key(number) == number {
		return ""
	}
	return number
}

func findText(ctx context.Context, q querier, id string) (ledger.Text, error) {
	text, err := scanText(q.QueryRowContext(ctx, `SELECT `+textColumns+` FROM texts WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return ledger.Text{}, noText(id)
	}
	return text, err
}

// Enqueue records a text to be sent by a job: in state Queued, whatever is set,
// and due at once if Due is not set. ID and Created are filled in; it returns
// the text as written.
func (s *Store) Enqueue(ctx context.Context, text ledger.Text) (ledger.Text, error) {
	now := s.now()
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		text, err = insertQueued(ctx, tx, text, now)
		return err
	})
	if err != nil {
		return ledger.Text{}, fmt.Errorf("enqueue a text of entry %s: %w", text.Entry, err)
	}
	s.scheduleText(ctx, text.ID, text.Due)
	return text, nil
}

// insertQueued is insertText for a text that a job sends.
func insertQueued(ctx context.Context, tx *sql.Tx, text ledger.Text, now time.Time) (ledger.Text, error) {
	text.State, text.Lease = ledger.Queued, time.Time{}
	if text.Due.IsZero() {
		text.Due = now
	}
	var b batch
	text = insertText(&b, text, textCount{}, now)
	return text, b.run(ctx, tx)
}

// Text returns one text. If there is none, the error is a fault of code
// NotFound.
func (s *Store) Text(ctx context.Context, id string) (ledger.Text, error) {
	var text ledger.Text
	err := s.readOne(ctx, func(ctx context.Context, q querier) error {
		var err error
		text, err = findText(ctx, q, id)
		return err
	})
	if err != nil {
		return ledger.Text{}, fmt.Errorf("read text %s: %w", id, err)
	}
	return text, nil
}

// TextID returns the id of the one text whose id begins so. The errors are faults:
// NotFound if there is none, Invalid if there are several, or if what is given is
// shorter than four characters or no part of an id.
func (s *Store) TextID(ctx context.Context, begins string) (string, error) {
	if len(begins) < shortestID || strings.Trim(begins, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return "", fault.Newf(fault.Invalid, "%.40q is no id of a text", begins).
			WithHint("switchhook texts list shows them; the first four characters or more will do")
	}
	var found []string
	err := s.readOne(ctx, func(ctx context.Context, q querier) error {
		found = nil
		return each(ctx, q, "SELECT id FROM texts WHERE id LIKE $1 ORDER BY id"+atMost(shownIDs+1), []any{begins + "%"}, func(row scanner) error {
			var id string
			err := row.Scan(&id)
			found = append(found, id)
			return err
		})
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("look for text %s: %w", begins, err)
	case len(found) == 0:
		return "", noText(begins)
	case len(found) > shownIDs:
		return "", fault.Newf(fault.Invalid, "the ids of many texts begin with %s", begins).WithHint("give more of the id; switchhook texts list shows them")
	case len(found) > 1:
		return "", fault.Newf(fault.Invalid, "the ids of several texts begin with %s: %s", begins, strings.Join(found, ", ")).WithHint("give more of the id")
	}
	return found[0], nil
}

// shortestID is how much of an id is needed to name a text.
const shortestID = 4

// shownIDs is how many ids an error lists that begin alike.
const shownIDs = 5

func noText(id string) error {
	return fault.Newf(fault.NotFound, "there is no text %s", id).WithHint("switchhook texts list shows those that are there")
}

// Texts returns the texts that a query selects, newest first.
func (s *Store) Texts(ctx context.Context, query ledger.Query) ([]ledger.Text, error) {
	var texts []ledger.Text
	err := s.readTx(ctx, func(ctx context.Context, q querier) error {
		var err error
		texts, err = selectTexts(ctx, q, query)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list texts: %w", err)
	}
	return texts, nil
}

// selectTexts asks state by state: the index has the texts of a state in order,
// so that the newest few of a million are a few rows.
func selectTexts(ctx context.Context, q querier, query ledger.Query) ([]ledger.Text, error) {
	states := []ledger.State{query.State}
	if query.State == "" && query.Number == "" {
		states = []ledger.State{ledger.Sending, ledger.Queued, ledger.Sent, ledger.Dead}
	}
	var texts []ledger.Text
	for _, state := range states {
		query.State = state
		statement, args := textQuery(query)
		rows, err := q.QueryContext(ctx, statement, args...)
		if err != nil {
			return nil, err
		}
		err = eachRow(rows, func() error {
			text, err := scanText(rows)
			texts = append(texts, text)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(texts, func(a, b ledger.Text) int {
		if order := b.Created.Compare(a.Created); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	if query.Limit > 0 && len(texts) > query.Limit {
		texts = texts[:query.Limit]
	}
	return texts, nil
}

// textQuery returns the statement of a query, and its parameters.
func textQuery(query ledger.Query) (string, []any) {
	var (
		where []string
		args  []any
	)
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, condition+" $"+strconv.Itoa(len(args)))
	}
	if query.State != "" {
		add("state =", string(query.State))
	}
	if query.Number != "" {
		add("receiver =", phone.Key(query.Number))
	}
	if query.Entry != "" {
		add("entry =", query.Entry)
	}
	if !query.Since.IsZero() {
		add("created >=", millis(query.Since))
	}
	statement := "SELECT " + textColumns + " FROM texts"
	if len(where) > 0 {
		statement += " WHERE " + strings.Join(where, " AND ")
	}
	statement += " ORDER BY created DESC, id"
	if query.Limit > 0 {
		args = append(args, query.Limit)
		statement += " LIMIT $" + strconv.Itoa(len(args))
	}
	return statement, args
}

// Resend puts a dead text back into the queue on an operator's order, due now
// and tried until deadline. A Doubtful one stays so. The error is a fault:
// NotFound if there is no such text, Refused if it is not dead.
func (s *Store) Resend(ctx context.Context, id string, now, deadline time.Time) error {
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, orderText, millis(now), millis(deadline), id)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err == nil && n > 0 {
			err = s.tellStored(ctx, tx, ledger.Ordered(id, now))
		}
		if err != nil || n > 0 {
			return err
		}
		text, err := findText(ctx, tx, id)
		if err != nil {
			return err
		}
		return fault.Newf(fault.Refused, "text %s is not dead but %s", id, text.State).
			WithHint("only a dead text can be sent again; the others go on by themselves, or went out")
	})
	if err != nil {
		return fmt.Errorf("send text %s again: %w", id, err)
	}
	s.scheduleText(ctx, id, now)
	return nil
}

// Counts returns how many texts are in each state, and when the longest waiting
// one was due: the zero time if none is queued.
func (s *Store) Counts(ctx context.Context) (map[ledger.State]int, time.Time, error) {
	counts := map[ledger.State]int{ledger.Sending: 0, ledger.Queued: 0, ledger.Sent: 0, ledger.Dead: 0}
	var oldest int64
	err := s.readTx(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT state, COUNT(*) FROM texts GROUP BY state`)
		if err != nil {
			return err
		}
		err = eachRow(rows, func() error {
			var (
				state ledger.State
				n     int
			)
			err := rows.Scan(&state, &n)
			counts[state] = n
			return err
		})
		if err != nil {
			return err
		}
		return q.QueryRowContext(ctx, `SELECT COALESCE(MIN(due), 0) FROM texts WHERE state = 'queued'`).Scan(&oldest)
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("count texts: %w", err)
	}
	return counts, fromMillis(oldest), nil
}
