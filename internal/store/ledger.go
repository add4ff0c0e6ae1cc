package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
)

const (
	// answerKept is how long a repeated call gets the answer it had. The phone
	// system repeats within seconds; the same id a day later is another call.
	answerKept = 24 * time.Hour

	// namelessKept is the same for phone systems whose calls have no ids: long
	// enough for a retry, short enough for a caller who rings again.
	namelessKept = time.Minute

	// historyKept is how far back a ledger.History reaches.
	historyKept = 24 * time.Hour
)

// Begin records a call and its outcome. A call that already has an answer is
// Repeated, and nothing is decided or written: answers are valid for a day,
// those of a Key without a CallID for a minute. Otherwise decide gets what is
// known of the caller, and its answer, its text and its consent are written
// together.
//
// Calls of one number are decided one after the other, over all processes, so
// that decide sees the text of the previous call. It must be a pure function:
// it may be called several times if the database has to start over, or if the
// entry refuses much.
//
// A number that has had Rows.Number answers within an hour gets no text, and we
// store only how many more calls it makes: all of them get the answer of the
// first of them, until an hour has passed since. Repeats get that answer too.
//
// The text is in state Sending with the first attempt begun, whatever decide
// has set; ID and Created are filled in. Begun.Text is the text as written.
//
// The error is ledger.ErrOutdated, and nothing is written, if the call's Basis
// is not what the database has.
func (s *Store) Begin(ctx context.Context, call ledger.Call, decide func(ledger.History) ledger.Decision) (begun ledger.Begun, err error) {
	call.Caller = phone.Key(call.Caller)
	refused := false
	if s.refusals.refusedLately(call.Entry, call.At) {
		begun, refused, err = s.beginRefused(ctx, call, decide)
	}
	if err == nil && !refused {
		begun, err = s.beginAlone(ctx, call, decide)
	}
	if err != nil {
		return ledger.Begun{}, fmt.Errorf("begin call %s of entry %s: %w", call.CallID, call.Entry, err)
	}
	return begun, nil
}

// beginAlone is Begin while no other call of the number is begun. It reads and
// decides in one step, and writes in the other.
func (s *Store) beginAlone(ctx context.Context, call ledger.Call, decide func(ledger.History) ledger.Decision) (begun ledger.Begun, err error) {
	written := 0
	err = s.writeSteps(ctx, func(b *batch) error {
		begun, written = ledger.Begun{}, 1
		b.lock(append(capNames(call.Counted.Caps), numberName(call.Caller, call.CallID))...)
		var found callerFacts
		readCaller(b, &found, call)
		count, err := readTextCaps(b, call)
		if err != nil {
			return err
		}
		b.then(func(b *batch) error {
			switch {
			case found.outdated(call.Basis):
				return ledger.ErrOutdated
			case found.answer != nil:
				readBegun(b, &begun, call.Key, found.answer)
			case found.counted != nil:
				begun = ledger.Begun{Counted: true, Reason: found.counted.Reason}
				countCall(b, call.Key, call.At)
			default:
				begun, err = s.beginNew(b, &written, call, decide(found.history), found.recent, count)
			}
			return err
		})
		return nil
	})
	begun.Told = written > 0
	if err == nil && written == 0 {
		s.refusals.noteRefusal(call.Entry, call.At)
	}
	return begun, err
}

// beginNew records the outcome of a new call whose number has had this many
// recent answers, and sets written to 0 if it leaves no row.
func (s *Store) beginNew(b *batch, written *int, call ledger.Call, decision ledger.Decision, recent int, count *textCount) (begun ledger.Begun, err error) {
	many := tooMany(decision, recent)
	switch {
	case decision.Text == nil:
	case decision.Text.Lease.IsZero():
		return begun, errors.New("a text is begun without a lease")
	case many:
		decision = *decision.WhenFull
	default:
		if begun.Full = count.full(); begun.Full != nil {
			decision = whenFull(decision, begun.Full[0])
			break
		}
		text := *decision.Text
		text.State, text.Attempts = ledger.Sending, 1
		text = insertText(b, text, *count, call.At)
		begun.Text = &text
	}
	begun.Reason, begun.Counted = decision.Reason, many
	item := call.Item(call.Tenant, decision, begun.Text, call.At)
	switch {
	case many:
		startCounting(b, call.Key, call.At, decision.Reason)
		b.tell(s.activityRow(item))
	case decision.Forget:
		*written = 0
	default:
		err = insertAnswer(b, written, call.Key, call.At, decision, begun)
		b.tell(s.activityRowIf("EXISTS (SELECT 1 FROM answers WHERE caller = $10 AND entry = $11 AND call_id = $12 AND step = $13 AND at = $1)", item,
			call.Caller, call.Entry, call.CallID, call.Step))
	}
	insertConsent(b, decision.Consent)
	return begun, err
}

// readBegun reads a call that already has an answer. The attempt at its text may
// end at any time, so one statement reads both the answer and the text's state.
func readBegun(b *batch, begun *ledger.Begun, key ledger.Key, answer *ledger.Answered) {
	*begun = ledger.Begun{Repeated: true, Reason: answer.Reason}
	if answer.Text == "" {
		return
	}
	b.query(func(row scanner) error { // there is none if the text was removed since; the answer stands
		text, err := scanText(row, &begun.Reason)
		begun.Text = &text
		return err
	}, `SELECT `+textColumns+`, COALESCE((SELECT reason FROM answers WHERE caller = $2 AND entry = $3 AND call_id = $4 AND step = $5), $6)
		FROM texts WHERE id = $1`, answer.Text, key.Caller, key.Entry, key.CallID, key.Step, answer.Reason)
}

// holdNumber makes other transactions about the number wait for the end of this
// one.
func (s *Store) holdNumber(ctx context.Context, tx *sql.Tx, number, callID string) error {
	return s.lockNames(ctx, tx, numberName(number, callID))
}

// numberName is the name that is locked for a number. Calls without one wait only
// for repeats of themselves.
func numberName(number, callID string) string {
	if number == "" {
		return "call " + callID
	}
	return "number " + number
}

// insertAnswer stores an answer, unless it led to no text and its entry has
// reached its limit of those: then written is set to 0, otherwise to 1.
// Transactions do not wait for each other here: there may be a few more.
func insertAnswer(b *batch, written *int, key ledger.Key, now time.Time, d ledger.Decision, begun ledger.Begun) error {
	said, err := writeArgs(d.Args)
	if err != nil {
		return err
	}
	id, textless := "", millis(now)
	if begun.Text != nil {
		id, textless = begun.Text.ID, 0
	}
	args := []any{key.Caller, key.Entry, key.CallID, key.Step, millis(now), begun.Reason, said, id, textless}
	within := "1 = 1"
	if begun.Text == nil && !d.Needed {
		within, args = answersWithin(d.Rows, now, args)
	}
	b.count(written, `
		INSERT INTO answers (caller, entry, call_id, step, at, reason, args, text, textless)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS BIGINT)
		WHERE `+within+`
		ON CONFLICT (caller, entry, call_id, step) DO UPDATE
		SET at = excluded.at, reason = excluded.reason, args = excluded.args, text = excluded.text, textless = excluded.textless`, args...)
	return nil
}

// writeArgs returns the arguments of a step as a row has them; "" if there are
// none.
func writeArgs(args why.Args) (string, error) {
	if len(args) == 0 {
		return "", nil
	}
	text, err := json.Marshal(args)
	return string(text), err
}

// readArgs reads what writeArgs has written.
func readArgs(text string) (args why.Args, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &args)
	}
	return args, err
}

func insertConsent(b *batch, c *ledger.Consent) {
	if c == nil {
		return
	}
	b.exec(`
		INSERT INTO consents (number, entry, at, call_id, wording, pressed) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (number, entry, at, call_id) DO NOTHING`,
		phone.Key(c.Number), c.Entry, millis(c.At), c.CallID, c.Wording, c.Key)
}

// Finish records the result of an attempt. If it is not the text's last
// attempt, or the text is Sent or Dead already, nothing changes, with one
// exception: Sent is a fact, however late it is reported. A text that
// was erased meanwhile is no error either.
//
// If a text goes back to Queued, Finish makes the job that sends it.
func (s *Store) Finish(ctx context.Context, r ledger.Result) error {
	if r.State != ledger.Sent && r.State != ledger.Dead && r.State != ledger.Queued {
		return fmt.Errorf("finish text %s: an attempt does not end in state %q", r.ID, r.State)
	}
	changed := 0
	err := s.writeSteps(ctx, func(b *batch) error {
		recordResult(b, &changed, r)
		b.tell(s.storedRow(r.Item()))
		if r.Reason != "" {
			// If the result did not apply, the text is in another state, or has been for longer.
			b.exec(`UPDATE answers SET reason = $1 WHERE text = $2 AND text <> '' AND EXISTS (SELECT 1 FROM texts WHERE id = $2 AND state = $3 AND updated = $4)`,
				r.Reason, r.ID, string(r.State), millis(r.At))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("finish text %s: %w", r.ID, err)
	}
	if changed > 0 && r.State == ledger.Queued {
		s.scheduleText(ctx, r.ID, r.Due)
	}
	return nil
}

// The steps of texts; ledger.TextSteps says from which states.
var (
	claimText = ledger.TextSteps.SQL(ledger.Claim, `UPDATE texts SET state = 'sending', attempts = attempts + 1, updated = $1, due = 0, lease = $2
		WHERE id = $3 AND due <= $1 AND state IN (from) RETURNING `+textColumns)
	confirmText = ledger.TextSteps.SQL(ledger.Confirm, `UPDATE texts SET state = 'sent', why = '', problem = '', doubtful = 0, updated = $1, due = 0, lease = 0
		WHERE id = $2 AND state IN (from)`)
	finishText = ledger.TextSteps.SQL(ledger.Finish, `UPDATE texts SET state = $1, why = $2, problem = $3, doubtful = $4, updated = $5, due = $6, lease = 0
		WHERE id = $7 AND attempts = $8 AND state IN (from)`)
	strandTexts = ledger.TextSteps.SQL(ledger.Strand, `UPDATE texts SET state = 'queued', why = 'uncertain', problem = $1, doubtful = 1, updated = $2, due = $2, lease = 0
		WHERE lease < $2 AND state IN (from) RETURNING id`)
	orderText = ledger.TextSteps.SQL(ledger.Order, `UPDATE texts SET state = 'queued', ordered = 1, updated = $1, due = $1, deadline = $2, lease = 0
		WHERE id = $3 AND state IN (from)`)
)

// recordResult sets changed to 1 if the result applied, else to 0.
func recordResult(b *batch, changed *int, r ledger.Result) {
	if r.State == ledger.Sent {
		b.count(changed, confirmText, millis(r.At), r.ID)
		return
	}
	due := int64(0)
	if r.State == ledger.Queued {
		due = millis(r.Due)
	}
	// Queued: the lease ended before the attempt did, and no other attempt has
	// begun since.
	b.count(changed, finishText, string(r.State), string(r.Why), r.Problem, flag(r.Doubtful), millis(r.At), due, r.ID, r.Attempt)
}

// Claim begins the next attempt at a queued text that is due, with a lease. It
// returns the text with this attempt counted. The error is ledger.ErrTaken,
// with the text as it is, if it was sent, is dead, is not due yet, or is being
// sent; and a fault of code NotFound if there is no such text.
func (s *Store) Claim(ctx context.Context, id string, now, lease time.Time) (ledger.Text, error) {
	var text ledger.Text
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		text, err = scanText(tx.QueryRowContext(ctx, claimText, millis(now), millis(lease), id))
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if text, err = findText(ctx, tx, id); err != nil {
			return err
		}
		return ledger.ErrTaken
	})
	if err != nil {
		return text, fmt.Errorf("claim text %s: %w", id, err)
	}
	return text, nil
}
