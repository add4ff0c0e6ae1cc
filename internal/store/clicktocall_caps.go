package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
)

// capColumns are the columns that a scope is counted by: whose it is, and from
// when it counts. A scheduled call back counts from its own time on.
var capColumns = map[clicktocall.Scope][2]string{
	clicktocall.OfNumber:  {"number", "counted"},
	clicktocall.OfNetwork: {"network", "created"},
	clicktocall.OfSite:    {"site", "created"},
	clicktocall.OfBlock:   {"block", "created"},
	clicktocall.OfWidget:  {"entry", "counted"},
	clicktocall.OfTenant:  {"tenant", "counted"},
}

// moment is what caps are checked for: a call now or later.
type moment struct {
	now, call time.Time
	self      string // of the call back itself, if it exists; it is not counted
}

// fullCaps returns the caps that are reached: with one more call back some
// period of the cap's length would hold too many.
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

// fullUntil returns until when a cap is reached; zero: it is not. It checks
// each run of call backs around the call, as many as the cap allows: those
// before it, and scheduled ones after it.
func (c counting) fullUntil(ctx context.Context) (until time.Time, err error) {
	if c.since == "created" {
		c.call = c.now // they count from when they are asked for
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
	for n := 1; n < most && n <= len(before); n++ { // n before the call, the others after it
		if rest := most - n; rest <= len(later) && later[rest-1].Sub(before[n-1]) < c.cap.Per {
			latest(before[n-1])
		}
	}
	return until, nil
}

// where returns the condition for what a cap counts.
func (c counting) where() string {
	where := "FROM callbacks WHERE " + c.of + " = $1 AND id <> $2"
	if c.cap.Scope == clicktocall.OfSite || c.cap.Scope == clicktocall.OfBlock {
		where += " AND " + c.of + " <> ''" // to match their indexes
	}
	if c.cap.Bare {
		where += " AND bare = 1"
	}
	if c.cap.Later {
		where += " AND at <> 0"
	}
	return where
}

// before returns the times of call backs before the call, newest first, within
// the cap's period: all up to the cap's number, or only the one that reaches
// it.
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

// waiting returns when call backs are due after the call, earliest first,
// within the cap's period.
func (c counting) waiting(ctx context.Context) ([]time.Time, error) {
	if c.since == "created" || c.cap.Scope == clicktocall.OfNumber && c.call.Equal(c.now) {
		return nil, nil // being called now delays a later call to the same number a little
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
