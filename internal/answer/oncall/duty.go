package oncall

import (
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
)

// skew is how far a source's clock may be ahead of ours: if it says that somebody
// is on call they are, though by our clock their duty begins in a moment.
const skew = 5 * time.Minute

// duty is a person who counts as on call.
type duty struct {
	person *source.Person
	level  int
	over   bool // their time is over, and no successor is known
}

// onDuty returns who counts as on call at a time, by level.
//
// A source says until when somebody is on call, and it may be down when that
// time comes. Their duty ends only if somebody else of their level is on duty
// then; otherwise the last one on duty stays, as a call that reaches the wrong
// colleague is better than one that reaches nobody. Nobody is rung before their
// time, except for the difference between two clocks.
func onDuty(people []source.Person, now time.Time) []duty {
	var all []duty
	for i := range people {
		p := &people[i]
		all = append(all, duty{person: p, level: max(p.Level, 1)})
	}
	slices.SortStableFunc(all, func(a, b duty) int { return a.level - b.level })
	var found []duty
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].level == all[0].level {
			n++
		}
		found = append(found, onDutyAtLevel(all[:n], now)...)
		all = all[n:]
	}
	return found
}

// onDutyAtLevel returns who of one level counts as on call: those whose time it is,
// else those whose time ended last, else those whose time is about to begin.
func onDutyAtLevel(people []duty, now time.Time) []duty {
	var on, over, ahead []duty
	var ended time.Time
	for _, d := range people {
		since, until := d.person.Since, d.person.Until
		switch {
		case !until.IsZero() && !now.Before(until):
			d.over = true
			if until.After(ended) {
				ended, over = until, over[:0]
			}
			if until.Equal(ended) {
				over = append(over, d)
			}
		case now.Before(since):
			if since.Sub(now) <= skew {
				ahead = append(ahead, d)
			}
		default:
			on = append(on, d)
		}
	}
	switch {
	case len(on) > 0:
		return on
	case len(over) > 0:
		return over
	}
	return ahead
}

// nextChange returns the next time after now at which somebody's duty begins or
// ends; zero: none is known.
func nextChange(people []source.Person, now time.Time) time.Time {
	var next time.Time
	for i := range people {
		for _, t := range [...]time.Time{people[i].Since, people[i].Until} {
			if t.After(now) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	return next
}
