package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/clicktocall"
	"github.com/switchhook/switchhook/internal/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

// advances are the ways on, by where they lead.
var advances = map[clicktocall.State]string{
	clicktocall.Placed:  "UPDATE callbacks SET state = $1, updated = $2 WHERE id = $3 AND state = 'uncertain'",
	clicktocall.Calling: "UPDATE callbacks SET state = $1, updated = $2 WHERE id = $3 AND state = 'placed'",
	clicktocall.Over:    "UPDATE callbacks SET state = $1, updated = $2 WHERE id = $3 AND state IN ('placed', 'calling')",
}

// AdvanceCallBack writes down how a call back stands that was placed. It goes
// forward alone: from placed to calling to over, whoever looked last.
func (s *Store) AdvanceCallBack(ctx context.Context, id string, to clicktocall.State, now time.Time) error {
	statement := advances[to]
	if statement == "" {
		return fmt.Errorf("advance call back %s: to %q leads no way", id, to)
	}
	err := s.put(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, string(to), millis(now), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("advance call back %s: %w", id, err)
	}
	return nil
}

// CancelCallBack takes a scheduled call back back, and returns it as it is then.
// The error is clicktocall.ErrTaken, with the call back, where it does not wait
// any more; a second time is no error.
func (s *Store) CancelCallBack(ctx context.Context, id string, now time.Time) (clicktocall.CallBack, error) {
	var c clicktocall.CallBack
	err := s.put(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE callbacks SET state = 'cancelled', updated = $1, counted = 0 WHERE id = $2 AND state = 'scheduled'", millis(now), id); err != nil {
			return err
		}
		var err error
		if c, err = findCallBack(ctx, tx, id); err == nil && c.State != clicktocall.Cancelled {
			err = clicktocall.ErrTaken
		}
		return err
	})
	if err != nil {
		return c, fmt.Errorf("cancel call back %s: %w", id, err)
	}
	return c, nil
}

// BeginProof is described at clicktocall.Proofs.
func (s *Store) BeginProof(ctx context.Context, p clicktocall.Proof, now time.Time) (until time.Time, err error) {
	p.Number, p.Caps = phone.Key(p.Number), keyed(p.Caps)
	err = s.put(ctx, func(ctx context.Context, tx *sql.Tx) error {
		until = time.Time{}
		// Few are ever sent: all wait for each other.
		if s.shared() {
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('callback proofs', 0))"); err != nil {
				return err
			}
		}
		for _, c := range p.Caps {
			var oldest int64
			err := tx.QueryRowContext(ctx, `SELECT at FROM callback_proofs
				WHERE ($1 = 'number' AND number = $2 OR $1 = 'network' AND network = $2 OR $1 = 'tenant') AND at > $3
				ORDER BY at DESC LIMIT 1 OFFSET $4`, string(c.Scope), c.Of, millis(now.Add(-c.Per)), c.Most-1).Scan(&oldest)
			switch {
			case errors.Is(err, sql.ErrNoRows):
			case err != nil:
				return err
			default:
				if free := fromMillis(oldest).Add(c.Per); free.After(until) {
					until = free
				}
			}
		}
		if !until.IsZero() {
			return nil
		}
		// The code before is good no more.
		if _, err := tx.ExecContext(ctx, "UPDATE callback_proofs SET ends = 0 WHERE number = $1", p.Number); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO callback_proofs (id, number, network, code, at, ends, tries) VALUES ($1, $2, $3, $4, $5, $6, 0)",
			ledger.NewID(), p.Number, p.Network, p.Code, millis(now), millis(p.Ends))
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("begin to prove whose a number is: %w", err)
	}
	return until, nil
}

// TakeProof is described at clicktocall.Proofs.
func (s *Store) TakeProof(ctx context.Context, number, code string, sup ledger.Suppression, now time.Time) (ok bool, err error) {
	number = phone.Key(number)
	err = s.put(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var id, right string
		err := tx.QueryRowContext(ctx, `UPDATE callback_proofs SET tries = tries + 1
			WHERE number = $1 AND ends > $2 AND tries < $3 RETURNING id, code`, number, millis(now), clicktocall.ProofTries).Scan(&id, &right)
		if errors.Is(err, sql.ErrNoRows) {
			ok = false
			return nil
		}
		if ok = right == code; err != nil || !ok {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE callback_proofs SET ends = 0 WHERE id = $1", id); err != nil {
			return err
		}
		return insertSuppression(ctx, tx, sup)
	})
	if err != nil {
		return false, fmt.Errorf("prove whose a number is: %w", err)
	}
	return ok, nil
}
