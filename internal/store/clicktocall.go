package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
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

// ClaimCallBack is described at clicktocall.Ledger.
func (s *Store) ClaimCallBack(ctx context.Context, id string, caps func(clicktocall.CallBack) []clicktocall.Cap, now, lease time.Time) (clicktocall.CallBack, clicktocall.Known, error) {
	var (
		c     clicktocall.CallBack
		found askFacts
	)
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if c, err = findCallBack(ctx, tx, id); err != nil { // to know what to lock; the rest may change until then
			return err
		}
		a := clicktocall.Ask{Entry: c.Entry, Tenant: c.Tenant, Number: phone.Key(c.Number), Caps: keyed(caps(c))}
		if err := s.lockNames(ctx, tx, slices.Collect(maps.Keys(callLocks(a, 0)))...); err != nil {
			return err
		}
		if err := runSteps(ctx, tx, func(b *batch) error { return readAsk(b, &found, a, id, now, nil) }); err != nil {
			return err
		}
		if c, err = findCallBack(ctx, tx, id); err != nil {
			return err
		}
		if c.State != clicktocall.Scheduled || c.At.After(now) {
			return clicktocall.ErrTaken
		}
		if found.known.Suppressed != nil || len(found.known.Full) > 0 {
			return nil
		}
		c, err = scanCallBack(tx.QueryRowContext(ctx, claimCallBack, millis(now), millis(lease), id))
		if errors.Is(err, sql.ErrNoRows) {
			return clicktocall.ErrTaken
		}
		return err
	})
	if err != nil {
		return c, found.known, fmt.Errorf("claim call back %s: %w", id, err)
	}
	return c, found.known, nil
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

func insertCallBack(b *batch, c clicktocall.CallBack, now time.Time) error {
	if c.ID == "" || c.State == clicktocall.Placing && c.Lease.IsZero() {
		return errors.New("a call back without an id, or placed without a lease")
	}
	_, zone := c.At.Zone()
	counted := now
	if c.State == clicktocall.Scheduled {
		counted = c.At
	}
	b.exec(`INSERT INTO callbacks (`+callBackColumns+`, counted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		c.ID, c.Entry, c.Tenant, c.Queue, phone.Key(c.Number), dialled(c.Number), c.Network, c.Origin, c.Key, flag(c.Bare), string(c.State), c.Problem, c.Attempts,
		millis(c.Created), millis(c.Updated), millis(c.At), zone, millis(c.Lease), c.Site, c.Block, millis(counted))
	return nil
}
