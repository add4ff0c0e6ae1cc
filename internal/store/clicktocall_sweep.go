package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/phone"
)

// SweepCallBacks repairs what dead processes have left. A call back whose
// attempt did not finish within its lease becomes uncertain, and its id is
// returned; a scheduled one that is due gets a job if it has none. Records of
// used tokens and codes are removed once these have expired anyway. Call it at
// the start and every few seconds.
func (s *Store) SweepCallBacks(ctx context.Context, now time.Time) (stranded []string, err error) {
	var due []string
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		stranded, due = nil, nil
		const problem = "the attempt did not end in its time"
		err := eachID(ctx, tx, &stranded, strandCallBacks, problem, millis(now))
		for _, id := range stranded {
			err = cmp.Or(err, s.tellStored(ctx, tx, clicktocall.StateItem(id, clicktocall.Uncertain, problem, now)))
		}
		if err != nil {
			return err
		}
		if err := eachID(ctx, tx, &due, "SELECT id FROM callbacks WHERE state = 'scheduled' AND at <= $1 ORDER BY at, id", millis(now)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM callback_tokens WHERE ends < $1", millis(now)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM callback_proofs WHERE at < $1", millis(now.Add(-2*24*time.Hour))); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM callback_tries WHERE at < $1", millis(now.Add(-2*24*time.Hour)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sweep call backs: %w", err)
	}
	for batch := range slices.Chunk(due, sweepBatch) {
		if err := s.addMissing(ctx, clicktocall.JobKind, batch); err != nil {
			return stranded, fmt.Errorf("sweep call backs: %w", err)
		}
	}
	return stranded, nil
}

func eachID(ctx context.Context, tx *sql.Tx, ids *[]string, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, func() error {
		var id string
		err := rows.Scan(&id)
		*ids = append(*ids, id)
		return err
	})
}

// CallBacks returns the call backs since a time, newest first, and at most
// limit; 0: all. Number is the receiver's; empty: any.
func (s *Store) CallBacks(ctx context.Context, number string, since time.Time, limit int) (found []clicktocall.CallBack, err error) {
	query := "SELECT " + callBackColumns + " FROM callbacks WHERE created >= $1 AND $2 IN (number, '') ORDER BY created DESC, id" + atMost(limit)
	err = s.readOne(ctx, func(ctx context.Context, q querier) error {
		found = nil
		return each(ctx, q, query, []any{millis(since), phone.Key(number)}, func(row scanner) error {
			c, err := scanCallBack(row)
			found = append(found, c)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read call backs: %w", err)
	}
	return found, nil
}

// PurgeCallBacks removes the call backs that were requested before a time,
// except those that wait, and returns how many. It goes in small steps, as
// Purge does.
func (s *Store) PurgeCallBacks(ctx context.Context, before time.Time) (removed int, err error) {
	for {
		var n int
		err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			var err error
			n, err = execCount(ctx, tx, purgeCallBacks, millis(before), purgeBatch)
			return err
		})
		if err != nil {
			return removed, fmt.Errorf("remove old call backs: %w", err)
		}
		if removed += n; n < purgeBatch {
			return removed, nil
		}
	}
}
