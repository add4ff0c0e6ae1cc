package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

const (
	// purgeBatch is how many records one transaction of Purge removes: callers
	// wait for it, some milliseconds.
	purgeBatch = 500

	// sweepBatch is how many due texts one Sweep checks; callers wait for it,
	// some tens of milliseconds. After an outage thousands are due, which have
	// jobs: those that have waited longest are checked first.
	sweepBatch = 100

	// scheduleTextPatience is how long a caller on the phone waits for a job to be
	// made. If it takes longer, Sweep makes it later.
	scheduleTextPatience = 2 * time.Second
)

// scheduleText makes the job of a queued text. If that fails, the request still
// succeeds: the text is safe, and Sweep makes the job.
func (s *Store) scheduleText(ctx context.Context, id string, due time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), scheduleTextPatience)
	defer cancel()
	if err := s.Schedule(ctx, ledger.TextJob, id, due); err != nil {
		s.log.WarnContext(ctx, "job of a queued text waits for the next sweep", "text", id, "error", err)
	}
}

// Sweep repairs what dead processes have left. A text whose attempt did not end
// within its lease is queued again, due now and doubtful, as the attempt may
// have got through, and its id is returned; queued texts that are due get jobs
// if they have none. Call it at the start and every few seconds.
func (s *Store) Sweep(ctx context.Context, now time.Time) (stranded []string, err error) {
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		stranded = nil
		rows, err := tx.QueryContext(ctx, strandTexts, "the attempt did not end in its time", millis(now))
		if err != nil {
			return err
		}
		err = eachRow(rows, func() error {
			var id string
			err := rows.Scan(&id)
			stranded = append(stranded, id)
			return err
		})
		for _, id := range stranded {
			err = cmp.Or(err, s.tellStored(ctx, tx, ledger.Stranded(id, now)))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sweep texts: %w", err)
	}
	if err := s.scheduleDueTexts(ctx, now); err != nil {
		return stranded, fmt.Errorf("sweep texts: %w", err)
	}
	return stranded, nil
}

// scheduleDueTexts makes jobs for due texts that have none.
func (s *Store) scheduleDueTexts(ctx context.Context, now time.Time) error {
	var ids []string
	err := s.readOne(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT id FROM texts WHERE state = 'queued' AND due <= $1 ORDER BY due, id LIMIT $2`, millis(now), sweepBatch)
		if err != nil {
			return err
		}
		return eachRow(rows, func() error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.addMissing(ctx, ledger.TextJob, ids)
}

// Purge removes what is older than before: answers, sent and dead texts,
// incoming texts, and calls. Consents and suppressions stay. It goes in small
// steps, so that nobody waits for it; if it fails or ctx ends, the steps until
// then are done and counted.
func (s *Store) Purge(ctx context.Context, before time.Time) (Removed, error) {
	var removed Removed
	for _, part := range []struct {
		count     *int
		statement string
	}{
		{&removed.Answers, `DELETE FROM answers WHERE (caller, entry, call_id, step) IN
			(SELECT caller, entry, call_id, step FROM answers WHERE at < $1 ORDER BY at LIMIT $2)`},
		{&removed.Answers, `DELETE FROM counted_calls WHERE (caller, entry, step) IN
			(SELECT caller, entry, step FROM counted_calls WHERE at < $1 ORDER BY at LIMIT $2)`},
		{&removed.Texts, ledger.TextSteps.SQL(ledger.Purge, `DELETE FROM texts WHERE state IN (from) AND id IN
			(SELECT id FROM texts WHERE state = 'sent' AND created < $1 ORDER BY created LIMIT $2)`)},
		// An operator may be resending one of them at this moment.
		{&removed.Texts, ledger.TextSteps.SQL(ledger.Purge, `DELETE FROM texts WHERE state IN (from) AND id IN
			(SELECT id FROM texts WHERE state = 'dead' AND created < $1 ORDER BY created LIMIT $2)`)},
		{&removed.Inbound, `DELETE FROM inbound WHERE id IN (SELECT id FROM inbound WHERE at < $1 ORDER BY at LIMIT $2)`},
		{&removed.Calls, `DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE at < $1 ORDER BY at LIMIT $2)`},
	} {
		for {
			var n int
			err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				var err error
				n, err = execCount(ctx, tx, part.statement, millis(before), purgeBatch)
				return err
			})
			if err != nil {
				return removed, fmt.Errorf("remove old records: %w", err)
			}
			*part.count += n
			if n < purgeBatch {
				break
			}
		}
	}
	return removed, nil
}
