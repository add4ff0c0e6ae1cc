package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/state"
	"github.com/switchhook/switchhook/internal/phone"
)

// The interfaces that click-to-call needs from the store.
var (
	_ clicktocall.Ledger      = (*Store)(nil)
	_ clicktocall.StatusStore = (*Store)(nil)
	_ clicktocall.Networks    = (*Store)(nil)
	_ clicktocall.Proofs      = (*Store)(nil)
)

// BeginCallBack is described at clicktocall.Ledger.
func (s *Store) BeginCallBack(ctx context.Context, a clicktocall.Ask, now time.Time, decide func(clicktocall.Known) *clicktocall.CallBack) (begun *clicktocall.CallBack, repeated bool, err error) {
	a.Number, a.Caps = phone.Key(a.Number), keyed(a.Caps)
	decided := false
	if s.refusals.refusedLately(a.Entry, now) {
		err = s.readTx(ctx, func(ctx context.Context, q querier) error {
			same, made, err := judge(ctx, q, a, now, decide)
			begun, repeated, decided = same, same != nil, made == nil
			return err
		})
	}
	if err == nil && !decided {
		begun, repeated, err = s.beginCallBackAlone(ctx, a, now, decide)
	}
	if err != nil {
		return nil, false, fmt.Errorf("begin a call back of entry %s: %w", a.Entry, err)
	}
	return begun, repeated, nil
}

// beginCallBackAlone is BeginCallBack while nothing else is begun that its caps
// count.
func (s *Store) beginCallBackAlone(ctx context.Context, a clicktocall.Ask, now time.Time, decide func(clicktocall.Known) *clicktocall.CallBack) (begun *clicktocall.CallBack, repeated bool, err error) {
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		begun, repeated = nil, false
		if err := s.holdCaps(ctx, tx, a.Number, a.Token, a.Caps); err != nil {
			return err
		}
		same, made, err := judge(ctx, tx, a, now, decide)
		if err != nil || same != nil {
			begun, repeated = same, same != nil
			return err
		}
		if made == nil {
			s.refusals.noteRefusal(a.Entry, now)
			return nil
		}
		if a.Token != "" {
			if err := spendToken(ctx, tx, a.Token, a.TokenEnds); err != nil {
				return err
			}
		}
		kept := *made
		kept.Created, kept.Updated = now, now
		begun = &kept
		if err := insertCallBack(ctx, tx, kept, now); err != nil {
			return err
		}
		return s.tell(ctx, tx, kept.Item(now))
	})
	return begun, repeated, err
}

// judge returns the call back that an Ask repeats, or what decide makes of it;
// neither: it is refused.
func judge(ctx context.Context, q querier, a clicktocall.Ask, now time.Time, decide func(clicktocall.Known) *clicktocall.CallBack) (same, made *clicktocall.CallBack, err error) {
	if same, err = sameCallBack(ctx, q, a, now); err != nil || same != nil {
		return same, nil, err
	}
	known, err := knownOf(ctx, q, a, "", now)
	if err != nil {
		return nil, nil, err
	}
	return nil, decide(known), nil
}

// isSpent reports whether a token has been used.
func isSpent(ctx context.Context, tx *sql.Tx, token string) (bool, error) {
	var spent int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM callback_tokens WHERE token = $1", token).Scan(&spent)
	return spent > 0, err
}

// spendToken makes sure that a token cannot be used again.
func spendToken(ctx context.Context, tx *sql.Tx, token string, ends time.Time) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO callback_tokens (token, ends) VALUES ($1, $2)", token, millis(ends))
	return err
}

// keyed returns caps with their numbers replaced by keys.
func keyed(caps []clicktocall.Cap) []clicktocall.Cap {
	caps = slices.Clone(caps)
	for i, c := range caps {
		if c.Scope == clicktocall.OfNumber {
			caps[i].Of = phone.Key(c.Of)
		}
	}
	return caps
}

// holdCaps makes other transactions about the same number, token or caps wait
// for the end of this one.
func (s *Store) holdCaps(ctx context.Context, tx *sql.Tx, number, token string, caps []clicktocall.Cap) error {
	names := []string{"callback token " + token}
	if number != "" {
		names = append(names, "callback number "+number)
	}
	for _, c := range caps {
		names = append(names, fmt.Sprintf("callback %s %s", c.Scope, c.Of))
	}
	return s.lockNames(ctx, tx, names...)
}

// sameCallBack returns the call back that an Ask repeats; nil: none.
func sameCallBack(ctx context.Context, q querier, a clicktocall.Ask, now time.Time) (*clicktocall.CallBack, error) {
	if a.Number == "" {
		return nil, nil
	}
	found, err := scanCallBack(q.QueryRowContext(ctx, "SELECT "+callBackColumns+` FROM callbacks
		WHERE number = $1 AND entry = $2 AND state <> 'failed' AND (idem = $3 AND idem <> ''
			OR network = $4 AND at = $5 AND created > $6 AND state <> 'cancelled')
		ORDER BY CASE WHEN idem = $3 THEN 0 ELSE 1 END, created DESC LIMIT 1`,
		a.Number, a.Entry, a.Key, a.Network, millis(a.At), millis(now.Add(-clicktocall.SameFor))))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &found, err
}

// knownOf returns what is known about an Ask, not counting the call back self.
// That remains true only while the caller holds the locks.
func knownOf(ctx context.Context, q querier, a clicktocall.Ask, self string, now time.Time) (k clicktocall.Known, err error) {
	var spent int
	err = q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM callback_tokens WHERE token = $1),
			(SELECT count(*) FROM callbacks WHERE number = $2 AND state = 'scheduled')`, a.Token, a.Number).Scan(&spent, &k.Waiting)
	k.Spent = spent > 0
	if err != nil || a.Number == "" {
		return k, err
	}
	if k.Suppressed, err = suppressedForCalls(ctx, q, a.Tenant, a.Number); err != nil {
		return k, err
	}
	k.Full, err = fullCaps(ctx, q, a.Caps, moment{now: now, call: cmp.Or(a.At, now), self: self})
	if err == nil && slices.ContainsFunc(k.Full, func(f clicktocall.Full) bool { return f.Cap.Open }) {
		k.Settled, err = settled(ctx, q, a.Network, now)
	}
	return k, err
}

func suppressedForCalls(ctx context.Context, q querier, tenant, number string) (*ledger.Suppression, error) {
	found, err := selectSuppressions(ctx, q, `WHERE number = $1 AND tenant IN ($2, '*') AND channel IN ('call', 'all')`, number, tenant)
	return broadest(found), err
}

// ClaimCallBack is described at clicktocall.Ledger.
func (s *Store) ClaimCallBack(ctx context.Context, id string, caps func(clicktocall.CallBack) []clicktocall.Cap, now, lease time.Time) (clicktocall.CallBack, clicktocall.Known, error) {
	var (
		c     clicktocall.CallBack
		known clicktocall.Known
	)
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if c, err = findCallBack(ctx, tx, id); err != nil { // to know what to lock; the rest may change until then
			return err
		}
		a := clicktocall.Ask{Entry: c.Entry, Tenant: c.Tenant, Number: phone.Key(c.Number), Caps: keyed(caps(c))}
		if err := s.holdCaps(ctx, tx, a.Number, "", a.Caps); err != nil {
			return err
		}
		if known, err = knownOf(ctx, tx, a, id, now); err != nil {
			return err
		}
		if c, err = findCallBack(ctx, tx, id); err != nil {
			return err
		}
		if c.State != clicktocall.Scheduled || c.At.After(now) {
			return clicktocall.ErrTaken
		}
		if known.Suppressed != nil || len(known.Full) > 0 {
			return nil
		}
		c, err = scanCallBack(tx.QueryRowContext(ctx, claimCallBack, millis(now), millis(lease), id))
		if errors.Is(err, sql.ErrNoRows) {
			return clicktocall.ErrTaken
		}
		return err
	})
	if err != nil {
		return c, known, fmt.Errorf("claim call back %s: %w", id, err)
	}
	return c, known, nil
}

// The steps of call backs; clicktocall.Steps says from which states.
var (
	claimCallBack = clicktocall.Steps.SQL(ledger.Claim, `UPDATE callbacks SET state = 'placing', attempts = attempts + 1, updated = $1, counted = $1, lease = $2
		WHERE id = $3 AND state IN (from) RETURNING `+callBackColumns)
	// If the lease ended before its attempt did, the call back was marked
	// uncertain; the attempt's result still counts.
	finishCallBack = clicktocall.Steps.SQL(ledger.Finish, `UPDATE callbacks SET state = $1, problem = $2, updated = $3, lease = 0, counted = CASE WHEN $1 = 'failed' THEN 0 WHEN $1 = 'scheduled' THEN at ELSE counted END
		WHERE id = $4 AND attempts = $5 AND state IN (from)`)
	strandCallBacks = clicktocall.Steps.SQL(ledger.Strand, `UPDATE callbacks SET state = 'uncertain', problem = $1, updated = $2, lease = 0
		WHERE lease < $2 AND state IN (from) RETURNING id`)
	cancelCallBack = clicktocall.Steps.SQL(clicktocall.Cancel, `UPDATE callbacks SET state = 'cancelled', updated = $1, counted = 0
		WHERE id = $2 AND state IN (from)`)
	purgeCallBacks = clicktocall.Steps.SQL(ledger.Purge, `DELETE FROM callbacks WHERE state IN (from) AND id IN
		(SELECT id FROM callbacks WHERE created < $1 AND state IN (from) ORDER BY created LIMIT $2)`)
)

// advances maps a state to the statement that moves a call back on to it.
var advances = map[clicktocall.State]string{
	clicktocall.Placed: advanceCallBack(clicktocall.Find), clicktocall.Calling: advanceCallBack(clicktocall.Ring), clicktocall.Over: advanceCallBack(clicktocall.End),
}

func advanceCallBack(by state.Step) string {
	return clicktocall.Steps.SQL(by, "UPDATE callbacks SET state = $1, updated = $2 WHERE id = $3 AND state IN (from)")
}

// FinishCallBack is described at clicktocall.Ledger.
func (s *Store) FinishCallBack(ctx context.Context, r clicktocall.Result) error {
	err := s.writeSteps(ctx, func(b *batch) error {
		b.exec(finishCallBack, string(r.State), r.Problem, millis(r.At), r.ID, r.Attempt)
		b.tell(s.storedRow(clicktocall.StateItem(r.ID, r.State, r.Problem, r.At)))
		return nil
	})
	if err != nil {
		return fmt.Errorf("finish call back %s: %w", r.ID, err)
	}
	return nil
}

// CallBack is described at clicktocall.Ledger.
func (s *Store) CallBack(ctx context.Context, id string) (c clicktocall.CallBack, err error) {
	err = s.readOne(ctx, func(ctx context.Context, q querier) (err error) {
		c, err = findCallBack(ctx, q, id)
		return err
	})
	if err != nil {
		return c, fmt.Errorf("read call back %s: %w", id, err)
	}
	return c, nil
}

const callBackColumns = `id, entry, tenant, queue, number, dialled, network, origin, idem, bare, state, problem, attempts, created, updated, at, zone, lease, site, block`

func scanCallBack(row scanner) (c clicktocall.CallBack, err error) {
	var bare, created, updated, at, zone, lease int64
	var dialled string
	err = row.Scan(&c.ID, &c.Entry, &c.Tenant, &c.Queue, &c.Number, &dialled, &c.Network, &c.Origin, &c.Key, &bare,
		&c.State, &c.Problem, &c.Attempts, &created, &updated, &at, &zone, &lease, &c.Site, &c.Block)
	c.Number = cmp.Or(dialled, c.Number)
	c.Bare, c.Created, c.Updated, c.Lease = bare != 0, fromMillis(created), fromMillis(updated), fromMillis(lease)
	if c.At = fromMillis(at); at != 0 && zone != 0 {
		c.At = c.At.In(time.FixedZone("", int(zone)))
	}
	return c, err
}

func findCallBack(ctx context.Context, q querier, id string) (clicktocall.CallBack, error) {
	c, err := scanCallBack(q.QueryRowContext(ctx, "SELECT "+callBackColumns+" FROM callbacks WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, fault.Newf(fault.NotFound, "there is no call back %.60q", id)
	}
	return c, err
}

func insertCallBack(ctx context.Context, tx *sql.Tx, c clicktocall.CallBack, now time.Time) error {
	if c.ID == "" || c.State == clicktocall.Placing && c.Lease.IsZero() {
		return errors.New("a call back without an id, or placed without a lease")
	}
	_, zone := c.At.Zone()
	counted := now
	if c.State == clicktocall.Scheduled {
		counted = c.At
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO callbacks (`+callBackColumns+`, counted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		c.ID, c.Entry, c.Tenant, c.Queue, phone.Key(c.Number), dialled(c.Number), c.Network, c.Origin, c.Key, flag(c.Bare), string(c.State), c.Problem, c.Attempts,
		millis(c.Created), millis(c.Updated), millis(c.At), zone, millis(c.Lease), c.Site, c.Block, millis(counted))
	return err
}
