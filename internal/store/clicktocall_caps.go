package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/clicktocall"
)

// capColumns are the columns that a scope is counted by: what it is of, and
// since when it counts. One that waits counts from its own time on.
var capColumns = map[clicktocall.Scope][2]string{
	clicktocall.OfNumber:  {"number", "counted"},
	clicktocall.OfNetwork: {"network", "created"},
	clicktocall.OfSite:    {"site", "created"},
	clicktocall.OfBlock:   {"block", "created"},
	clicktocall.OfWidget:  {"entry", "counted"},
	clicktocall.OfTenant:  {"tenant", "counted"},
}

// moment is what caps are looked at for: a call at a time that is now or later.
type moment struct {
	now, call time.Time
	self      string // the id of the call back itself, where there is one; it is not counted
}

// fullCaps returns the caps that are reached: there would be a time as long as
// the cap's with one more call back in it than there may be.
func fullCaps(ctx context.Context, tx *sql.Tx, caps []clicktocall.Cap, m moment) ([]clicktocall.Full, error) {
	var full []clicktocall.Full
	for _, c := range caps {
		columns, ok := capColumns[c.Scope]
		if !ok || c.Most < 1 {
			return nil, fmt.Errorf("a cap of %v", c)
		}
		until, err := counting{tx: tx, cap: c, of: columns[0], since: columns[1], moment: m}.fullUntil(ctx)
		if err != nil {
			return nil, err
		}
		if !until.IsZero() {
			full = append(full, clicktocall.Full{Cap: c, Until: until})
		}
	}
	return full, nil
}

// counting counts for one cap.
type counting struct {
	tx        *sql.Tx
	cap       clicktocall.Cap
	of, since string // columns
	moment
}

// fullUntil returns until when a cap is reached; zero: it is not. The oldest of
// as many call backs as there may be before the call tells; with those that wait
// for their time after it, any run of as many around the call.
func (c counting) fullUntil(ctx context.Context) (until time.Time, err error) {
	if c.since == "created" {
		c.call = c.now // they count when they are asked for
	}
	later, err := c.waiting(ctx)
	if err != nil {
		return until, err
	}
	before, err := c.before(ctx, len(later) > 0)
	if err != nil {
		return until, err
	}
	most := c.cap.Most
	latest := func(first time.Time) {
		if free := first.Add(c.cap.Per); free.After(until) {
			until = free
		}
	}
	if len(before) == most {
		latest(before[most-1])
	}
	if len(later) == most {
		latest(later[0])
	}
	for n := 1; n < most && n <= len(before); n++ { // so many before the call, the others after it
		if rest := most - n; rest <= len(later) && later[rest-1].Sub(before[n-1]) < c.cap.Per {
			latest(before[n-1])
		}
	}
	return until, nil
}

// where selects what a cap counts of what it is of.
func (c counting) where() string {
	where := "FROM callbacks WHERE " + c.of + " = $1 AND id <> $2"
	if c.cap.Scope == clicktocall.OfSite || c.cap.Scope == clicktocall.OfBlock {
		where += " AND " + c.of + " <> ''" // as their indexes have it
	}
	if c.cap.Bare {
		where += " AND bare = 1"
	}
	if c.cap.Later {
		where += " AND at <> 0"
	}
	return where
}

// before returns when there were call backs before the call, the youngest first,
// and not longer before than the cap's time: all up to its number, or the one
// alone that reaches it.
func (c counting) before(ctx context.Context, all bool) ([]time.Time, error) {
	query := fmt.Sprintf("SELECT %[2]s %[1]s AND %[2]s > $3 AND (%[2]s <= $4 OR state <> 'scheduled') ORDER BY %[2]s DESC LIMIT $5", c.where(), c.since)
	args := []any{c.cap.Of, c.self, millis(c.call.Add(-c.cap.Per)), millis(c.call)}
	if all {
		return readTimes(ctx, c.tx, query, append(args, c.cap.Most)...)
	}
	var oldest int64
	err := c.tx.QueryRowContext(ctx, query+" OFFSET $6", append(args, 1, c.cap.Most-1)...).Scan(&oldest)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	reached := make([]time.Time, c.cap.Most)
	reached[c.cap.Most-1] = fromMillis(oldest)
	return reached, err
}

// waiting returns when call backs are due after the call, the first to come
// first, and not longer after than the cap's time.
func (c counting) waiting(ctx context.Context) ([]time.Time, error) {
	if c.since == "created" || c.cap.Scope == clicktocall.OfNumber && c.call.Equal(c.now) {
		return nil, nil // one who is called now and has a call later has it a little later still
	}
	query := fmt.Sprintf("SELECT %[2]s %[1]s AND state = 'scheduled' AND %[2]s > $3 AND %[2]s < $4 ORDER BY %[2]s LIMIT $5", c.where(), c.since)
	return readTimes(ctx, c.tx, query, c.cap.Of, c.self, millis(c.call), millis(c.call.Add(c.cap.Per)), c.cap.Most)
}

func readTimes(ctx context.Context, tx *sql.Tx, query string, args ...any) (found []time.Time, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func() error {
		var ms int64
		err := rows.Scan(&ms)
		found = append(found, fromMillis(ms))
		return err
	})
	return found, err
}
