package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// Rate is how much is allowed: Burst at once, and after that Burst in each Per,
// evenly spread. Any period of length Per holds at most twice Burst less one.
type Rate struct {
	Burst int
	Per   time.Duration
}

// Allow counts one more use of key, and reports whether it is within rate. If
// it is not, nothing is counted, and retryAfter says when it would be. It
// counts over all processes, and across restarts.
//
// It is the generic cell rate algorithm (ITU-T I.371, annex A): for each key it
// stores one time, at which a stream of the even rate would continue. A use is
// allowed unless that time is a burst ahead. The statement keeps the previous
// time, which tells whether the use was allowed.
func (s *Store) Allow(ctx context.Context, key string, rate Rate, now time.Time) (ok bool, retryAfter time.Duration, err error) {
	if rate.Burst < 1 || rate.Per <= 0 {
		return false, 0, fault.Newf(fault.Invalid, "a limit of %d in %v allows nothing", rate.Burst, rate.Per)
	}
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		ok, retryAfter, err = countOne(ctx, tx, key, rate, now)
		return err
	})
	return ok && err == nil, retryAfter, err
}

// countOne is Allow in a transaction.
func countOne(ctx context.Context, tx *sql.Tx, key string, rate Rate, now time.Time) (ok bool, retryAfter time.Duration, err error) {
	interval := max(1, int64(rate.Per)/int64(rate.Burst)) // nanoseconds, as the limits table has them
	ahead := int64(rate.Burst-1) * interval
	at := now.UnixNano()
	var before, after int64
	err = tx.QueryRowContext(ctx, `INSERT INTO limits (id, tat, before) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET before = limits.tat,
			tat = CASE
				WHEN limits.tat <= $3 THEN $2
				WHEN limits.tat - $3 <= $4 THEN limits.tat + $5
				ELSE limits.tat END
		RETURNING before, tat`, key, at+interval, at, ahead, interval).Scan(&before, &after)
	if ok = after != before; !ok {
		retryAfter = time.Duration(before - ahead - at)
	}
	return ok && err == nil, retryAfter, err
}

// ForgetLimits removes limits that allow a whole burst again, and returns how
// many.
func (s *Store) ForgetLimits(ctx context.Context, now time.Time) (forgotten int64, err error) {
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM limits WHERE tat <= $1", now.UnixNano())
		if err != nil {
			return err
		}
		forgotten, err = result.RowsAffected()
		return err
	})
	return forgotten, err
}
