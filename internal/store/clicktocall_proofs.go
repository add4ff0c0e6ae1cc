package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

// holdProofs makes other transactions about codes wait for the end of this one:
// codes are rare.
func (s *Store) holdProofs(ctx context.Context, tx *sql.Tx) error {
	return s.lockNames(ctx, tx, "callback proofs")
}

// BeginProof is described at clicktocall.Proofs.
func (s *Store) BeginProof(ctx context.Context, p clicktocall.Proof, now time.Time) (begun clicktocall.ProofBegun, err error) {
	p.Number = phone.Key(p.Number)
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		begun = clicktocall.ProofBegun{}
		if err := s.holdProofs(ctx, tx); err != nil {
			return err
		}
		// From here on we ask and write the same for every number: a difference
		// in time would tell whom we have called.
		proved, err := isFresh(ctx, tx, p.Effort)
		if err != nil {
			return err
		}
		ration := p.Unproved
		if proved {
			ration = p.Proved
		}
		if begun.Until, err = proofsUntil(ctx, tx, ration, now); err != nil || !begun.Until.IsZero() {
			return err
		}
		ends, err := liveProof(ctx, tx, p.Number, now)
		if err != nil {
			return err
		}
		if ends.IsZero() {
			ends = now.Add(clicktocall.ProofLife)
		}
		begun.ID, begun.Born = ledger.NewID(), fromMillis(millis(ends.Add(-clicktocall.ProofLife)))
		may, err := maySendProof(ctx, tx, p.Number, now)
		if err != nil {
			return err
		}
		if begun.Send = may && !p.Silent; !begun.Send {
			ends = time.Time{}
		}
		if proved {
			if _, err := tx.ExecContext(ctx, spendToken, p.Effort.Token, millis(p.Effort.Ends)); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO callback_proofs (id, number, network, site, block, code, at, ends, tries, sent)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)`,
			begun.ID, p.Number, p.From.Network, p.From.Site, p.From.Block, p.Seal(begun.Born), millis(now), millis(ends), flag(begun.Send))
		return err
	})
	if err != nil {
		return clicktocall.ProofBegun{}, fmt.Errorf("begin to prove whose a number is: %w", err)
	}
	return begun, nil
}

// isFresh reports whether work was proved, and for a request that has not
// counted before.
func isFresh(ctx context.Context, tx *sql.Tx, e clicktocall.Effort) (bool, error) {
	if e.Token == "" {
		return false, nil
	}
	spent, err := isSpent(ctx, tx, e.Token)
	return !spent, err
}

// proofsUntil returns until when somebody has used up their ration.
func proofsUntil(ctx context.Context, tx *sql.Tx, of clicktocall.Ration, now time.Time) (until time.Time, err error) {
	if until, err = fullProofs(ctx, tx, "sent = 1", nil, of.InAll, now); err != nil {
		return until, err
	}
	for _, c := range of.Caps {
		columns, ok := capColumns[c.Scope]
		if !ok || columns[1] != "created" || c.Per != lastDay {
			return until, fmt.Errorf("a cap of %v", c)
		}
		free, err := fullProofs(ctx, tx, columns[0]+" = $3", []any{c.Of}, c.Most, now)
		if err != nil {
			return until, err
		}
		if free.After(until) {
			until = free
		}
	}
	return until, nil
}

// fullProofs returns until when the limit of the last day is reached; zero: it
// is not.
func fullProofs(ctx context.Context, tx *sql.Tx, where string, args []any, most int, now time.Time) (until time.Time, err error) {
	var oldest int64
	err = tx.QueryRowContext(ctx, "SELECT at FROM callback_proofs WHERE at > $1 AND "+where+" ORDER BY at DESC LIMIT 1 OFFSET $2",
		append([]any{millis(now.Add(-lastDay)), most - 1}, args...)...).Scan(&oldest)
	if errors.Is(err, sql.ErrNoRows) {
		return until, nil
	}
	return fromMillis(oldest).Add(lastDay), err
}

// liveProof returns until when a number's code is valid; zero: there is none.
func liveProof(ctx context.Context, tx *sql.Tx, number string, now time.Time) (ends time.Time, err error) {
	var ms int64
	err = tx.QueryRowContext(ctx, "SELECT coalesce(max(ends), 0) FROM callback_proofs WHERE number = $1 AND sent = 1 AND ends > $2", number, millis(now)).Scan(&ms)
	return fromMillis(ms), err
}

// maySendProof reports whether a code may be sent to a number: we called it
// recently, and it has not had too many codes.
func maySendProof(ctx context.Context, tx *sql.Tx, number string, now time.Time) (bool, error) {
	var called, sent, youngest int64
	err := tx.QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM (SELECT 1 FROM callbacks WHERE number = $1 AND counted > $2 AND state IN ('placing', 'placed', 'calling', 'over', 'uncertain') LIMIT 1) AS one),
			(SELECT count(*) FROM callback_proofs WHERE number = $1 AND sent = 1 AND at > $3),
			(SELECT coalesce(max(at), 0) FROM callback_proofs WHERE number = $1 AND sent = 1)`,
		number, millis(now.Add(-clicktocall.CalledLately)), millis(now.Add(-lastDay))).Scan(&called, &sent, &youngest)
	rested := fromMillis(youngest).Add(clicktocall.ProofPause)
	return called > 0 && sent < clicktocall.ProofsPerNumber && !rested.After(now), err
}

// UnsendProof is described at clicktocall.Proofs.
func (s *Store) UnsendProof(ctx context.Context, id string) error {
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE callback_proofs SET sent = 0, ends = 0 WHERE id = $1", id)
		return err
	})
	if err != nil {
		return fmt.Errorf("take back that a code was sent: %w", err)
	}
	return nil
}

// TakeProof is described at clicktocall.Proofs.
func (s *Store) TakeProof(ctx context.Context, given clicktocall.Given, sup ledger.Suppression, now time.Time) (ok bool, err error) {
	number := phone.Key(given.Number)
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		ok = false
		if err := s.holdProofs(ctx, tx); err != nil {
			return err
		}
		proved, err := isFresh(ctx, tx, given.Effort)
		if err != nil {
			return err
		}
		right, may, err := judgeProof(ctx, tx, number, given, clicktocall.GuessesTaken(proved), now)
		if err != nil || !may {
			return err
		}
		if proved {
			if _, err := tx.ExecContext(ctx, spendToken, given.Effort.Token, millis(given.Effort.Ends)); err != nil {
				return err
			}
		}
		if !right {
			// Even if the number has no code: answering faster would tell.
			_, err = tx.ExecContext(ctx, "INSERT INTO callback_tries (id, number, owner, at) VALUES ($1, $2, $3, $4)", ledger.NewID(), number, given.Owner, millis(now))
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE callback_proofs SET ends = 0 WHERE number = $1", number); err != nil {
			return err
		}
		ok = true
		return insertSuppression(ctx, tx, sup)
	})
	if err != nil {
		return false, fmt.Errorf("prove whose a number is: %w", err)
	}
	return ok, nil
}

// judgeProof reports whether a code is right, and whether that counts: it does
// not after too many wrong ones.
func judgeProof(ctx context.Context, tx *sql.Tx, number string, given clicktocall.Given, after clicktocall.Guesses, now time.Time) (right, may bool, err error) {
	var found int
	var wrong clicktocall.Guesses
	err = tx.QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM callback_proofs WHERE number = $1 AND sent = 1 AND ends > $2 AND code = $3),
			(SELECT count(*) FROM callback_tries WHERE number = $1 AND owner = $4 AND at > $5),
			(SELECT count(*) FROM callback_tries WHERE number = $1 AND at > $5),
			(SELECT count(*) FROM callback_tries WHERE owner = $4 AND at > $5)`,
		number, millis(now), given.Code, given.Owner, millis(now.Add(-lastDay))).Scan(&found, &wrong.Own, &wrong.ForNumber, &wrong.ByOwner)
	right = found > 0
	few := wrong.Own < after.Own && wrong.ForNumber < after.ForNumber && wrong.ByOwner < after.ByOwner
	return right, few || given.Whole && right, err
}
