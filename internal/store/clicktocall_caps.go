package store

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
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

// readCaps counts for the caps of an Ask, and continues with next.
//
// One statement counts for all of them. Another follows only if calls are
// scheduled that the caps count.
func readCaps(b *batch, counts *[]counting, a clicktocall.Ask, self string, now time.Time, next step) error {
	all := make([]counting, len(a.Caps))
	*counts = all
	var first timesQuery
	for i, c := range a.Caps {
		columns, ok := capColumns[c.Scope]
		if !ok || c.Most < 1 {
			return fmt.Errorf("a cap of %v", c)
		}
		count := &all[i]
		*count = counting{cap: c, of: columns[0], since: columns[1], moment: moment{now: now, call: cmp.Or(a.At, now), self: self}}
		if count.since == "created" {
			count.call = now // they count from when they are asked for
		}
		first.addBefore(&count.reaching, *count, 1, c.Most-1)
		if count.mayWait() {
			first.addLater(&count.later, *count)
		}
	}
	first.queue(b)
	b.then(func(b *batch) error {
		var second timesQuery
		for i := range all {
			if count := &all[i]; len(count.later) > 0 {
				second.addBefore(&count.before, *count, count.cap.Most, 0)
			}
		}
		if len(second.parts) == 0 {
			return next(b)
		}
		second.queue(b)
		b.then(next)
		return nil
	})
	return nil
}

// fullCaps returns the caps that are reached: with one more call back some
// period of the cap's length would hold too many.
func fullCaps(counts []counting) (full []clicktocall.Full) {
	for _, count := range counts {
		if until := count.fullUntil(); !until.IsZero() {
			full = append(full, clicktocall.Full{Cap: count.cap, Until: until})
		}
	}
	return full
}

// counting counts for one cap. The times are of call backs within the cap's
// period, earliest first.
type counting struct {
	cap       clicktocall.Cap
	of, since string // columns
	moment

	reaching []time.Time // the one before the call that reaches the cap, if there is one
	later    []time.Time // scheduled ones after the call, up to the cap's number
	before   []time.Time // those before it, up to the cap's number; only if there are later ones
}

// mayWait reports whether call backs that are due after the call count.
func (c counting) mayWait() bool {
	// Being called now delays a later call to the same number a little.
	return c.since != "created" && (c.cap.Scope != clicktocall.OfNumber || !c.call.Equal(c.now))
}

// fullUntil returns until when a cap is reached; zero: it is not. It checks
// each run of call backs around the call, as many as the cap allows: those
// before it, and scheduled ones after it.
func (c counting) fullUntil() (until time.Time) {
	most := c.cap.Most
	latest := func(first time.Time) {
		if free := first.Add(c.cap.Per); free.After(until) {
			until = free
		}
	}
	if len(c.reaching) > 0 {
		latest(c.reaching[0])
	}
	if len(c.later) == most {
		latest(c.later[0])
	}
	for n := 1; n < most && n <= len(c.before); n++ { // n before the call, the others after it
		first := c.before[len(c.before)-n]
		if rest := most - n; rest <= len(c.later) && c.later[rest-1].Sub(first) < c.cap.Per {
			latest(first)
		}
	}
	return until
}

// timesQuery asks for times of call backs for several caps in one statement.
type timesQuery struct {
	parts []string
	args  []any
	into  []*[]time.Time // of each part
}

// addBefore asks for the newest call backs before the call, so many after those
// that are skipped.
func (q *timesQuery) addBefore(into *[]time.Time, c counting, most, skipped int) {
	q.add(into, c, "%[1]s > %[2]s AND (%[1]s <= %[3]s OR state <> 'scheduled') ORDER BY %[1]s DESC", c.call.Add(-c.cap.Per), c.call, most, skipped)
}

// addLater asks for the earliest call backs that are due after the call.
func (q *timesQuery) addLater(into *[]time.Time, c counting) {
	q.add(into, c, "state = 'scheduled' AND %[1]s > %[2]s AND %[1]s < %[3]s ORDER BY %[1]s", c.call, c.call.Add(c.cap.Per), c.cap.Most, 0)
}

func (q *timesQuery) add(into *[]time.Time, c counting, between string, from, to time.Time, most, skipped int) {
	where := c.of + " = " + q.arg(c.cap.Of) + " AND id <> " + q.arg(c.self)
	if c.cap.Scope == clicktocall.OfSite || c.cap.Scope == clicktocall.OfBlock {
		where += " AND " + c.of + " <> ''" // to match their indexes
	}
	if c.cap.Bare {
		where += " AND bare = 1"
	}
	if c.cap.Later {
		where += " AND at <> 0"
	}
	q.parts = append(q.parts, fmt.Sprintf("SELECT * FROM (SELECT %d AS part, %s AS counts FROM callbacks WHERE %s AND %s LIMIT %s OFFSET %s) AS part%[1]d",
		len(q.parts), c.since, where, fmt.Sprintf(between, c.since, q.arg(millis(from)), q.arg(millis(to))), q.arg(most), q.arg(skipped)))
	q.into = append(q.into, into)
}

// arg returns the placeholder of a value.
func (q *timesQuery) arg(value any) string {
	q.args = append(q.args, value)
	return "$" + strconv.Itoa(len(q.args))
}

func (q *timesQuery) queue(b *batch) {
	if len(q.parts) == 0 {
		return
	}
	b.query(func(row scanner) error {
		var part int
		var ms int64
		err := row.Scan(&part, &ms)
		if err == nil {
			*q.into[part] = append(*q.into[part], fromMillis(ms))
		}
		return err
	}, strings.Join(q.parts, " UNION ALL ")+" ORDER BY part, counts", q.args...)
}
