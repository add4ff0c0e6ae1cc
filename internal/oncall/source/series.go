package source

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

const (
	// maxCount bounds how often a rule with a COUNT is followed: ten years of
	// days, and then some.
	maxCount = 10_000

	// maxInterval bounds the INTERVAL of a rule. Nobody takes a turn once in a
	// thousand weeks.
	maxInterval = 1_000

	// maxRuleList bounds each list of a rule: the days of a leap year.
	maxRuleList = 366

	// maxTimesOfDay bounds how often a rule may happen within a day.
	maxTimesOfDay = 48

	// maxTurn is the longest that something may last which happens again and
	// again, as looking for it looks back so far.
	maxTurn = 400 * 24 * time.Hour

	// firstYear is the earliest year in which something may begin that
	// happens again and again.
	firstYear = 1900
)

// errFrequency says that a rule is none that people take turns by.
var errFrequency = errors.New("it happens again within the hour, or at too many times of a day")

// errRule says that a rule is one that the library trips over.
var errRule = errors.New("its rule cannot be followed")

// length is how long something lasts: so much on the clock on the wall, and
// then so much of time itself. They differ where summer time begins or ends.
type length struct{ wall, exact time.Duration }

// from returns the end of what begins at a time.
func (l length) from(start time.Time) time.Time {
	end := start
	if l.wall != 0 {
		year, month, day := start.Date()
		hour, minute, second := start.Clock()
		days := int(l.wall / (24 * time.Hour))
		rest := int(l.wall % (24 * time.Hour) / time.Second)
		end = time.Date(year, month, day+days, hour, minute, second+rest, 0, start.Location())
	}
	return end.Add(l.exact)
}

// until returns the length, on the clock on the wall, from a start to an end.
func until(start, end time.Time) length {
	return length{wall: onWall(end.In(start.Location())).Sub(onWall(start))}
}

// onWall returns what a clock on the wall shows at t, as a time that can be
// reckoned with.
func onWall(t time.Time) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

// turn is one time that something happens.
type turn struct{ start, end time.Time }

// series is something that happens once, or again and again: the start in its
// time zone, the length of each turn, and a rule (RFC 5545, section 3.8.5).
type series struct {
	start time.Time
	lasts length
	rule  *rrule.ROption // nil: once
	extra []turn         // RDATE

	without     map[int64]bool  // starts that are left out, in Unix seconds
	withoutDays map[string]bool // whole days that are left out, as 20060102
}

// turns returns the turns that t lies in: from the start on, to before the end.
func (s *series) turns(t time.Time) (found []turn, err error) {
	add := func(one turn) {
		if !one.start.After(t) && one.end.After(t) && !s.leavesOut(one.start) {
			found = append(found, one)
		}
	}
	if s.rule == nil {
		add(turn{s.start, s.lasts.from(s.start)})
	} else {
		err = s.follow(t, func(start time.Time) { add(turn{start, s.lasts.from(start)}) })
	}
	for _, one := range s.extra {
		add(one)
	}
	return found, err
}

func (s *series) leavesOut(start time.Time) bool {
	return s.without[start.Unix()] || s.withoutDays[start.In(s.start.Location()).Format(dateForm)]
}

// follow calls found with the starts by the rule that are not after t, but for
// those whose turn must have ended by then.
//
// The library takes places in its tables from what a rule says, and there may
// be a rule beside those that checkRule knows which makes it reach beyond
// them. That is one event's end, and not that of a program that answers calls.
func (s *series) follow(t time.Time, found func(start time.Time)) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = errRule
		}
	}()
	option := *s.rule
	option.Dtstart = s.near(t)
	if option.Dtstart.After(t) {
		return nil
	}
	if option.Until.IsZero() || option.Until.After(t) {
		option.Until = t
	}
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return errRule
	}
	next := rule.Iterator()
	for start, ok := next(); ok && !start.After(t); start, ok = next() {
		found(start)
	}
	return nil
}

// near returns a start that is whole intervals after the first one and not
// long before what may reach to t, so that a rota of ten years takes no longer
// than one of a week. A rule that counts has to be counted from its beginning;
// those of months and years are short anyway.
func (s *series) near(t time.Time) time.Time {
	period := 0
	switch s.rule.Freq {
	case rrule.DAILY, rrule.HOURLY:
		period = 1
	case rrule.WEEKLY:
		period = 7
	}
	period *= max(s.rule.Interval, 1)
	if period == 0 || s.rule.Count > 0 {
		return s.start
	}
	const slack = 2 * 24 * time.Hour // zones, and whatever a clock does in a night
	ahead := t.Sub(s.start) - s.lasts.wall - s.lasts.exact - slack - time.Duration(period)*24*time.Hour
	periods := int(ahead / (time.Duration(period) * 24 * time.Hour))
	for ; periods > 0; periods-- {
		moved := s.start.AddDate(0, 0, periods*period)
		if onWall(moved).Equal(onWall(s.start).AddDate(0, 0, periods*period)) {
			return moved
		} // else the clock was put forward just there, and the rule would keep the hour
	}
	return s.start
}

// parseRule reads a rule of RFC 5545, section 3.3.10, for something that
// begins at start. It refuses what nobody takes turns by and what would take
// long to follow.
func parseRule(text string, start time.Time, wholeDays bool) (*rrule.ROption, error) {
	option, err := rrule.StrToROptionInLocation(text, start.Location())
	if err != nil {
		return nil, errors.New("the rule cannot be read")
	}
	if !wholeDays && untilDay.MatchString(text) {
		// The standard wants an UNTIL of the same kind as the start. Those who
		// write a day all the same mean the whole of it.
		option.Until = option.Until.AddDate(0, 0, 1).Add(-time.Second)
	}
	option.Dtstart = start
	return option, checkRule(option)
}

// untilDay matches a rule whose UNTIL is a day without a time.
var untilDay = regexp.MustCompile(`(?:^|;)UNTIL=[0-9]{8}(?:;|$)`)

// checkRule refuses what nobody takes turns by. The library looks for the next
// turn up to the year 9999 in one go, so that a rule which never comes true has
// to be one that is looked through in a moment.
func checkRule(o *rrule.ROption) error {
	lists := [...]int{len(o.Bysetpos), len(o.Bymonth), len(o.Bymonthday), len(o.Byyearday), len(o.Byweekno), len(o.Byweekday)}
	clock := [...]int{len(o.Byhour), len(o.Byminute), len(o.Bysecond)}
	times, total := 1, 0
	for _, n := range clock {
		times *= max(n, 1)
		total += n
	}
	for _, n := range lists {
		if n > maxRuleList {
			return errors.New("a list in the rule is too long")
		}
		total += n
	}
	most := 53 // Mondays of a year
	if o.Freq == rrule.MONTHLY || len(o.Bymonth) > 0 {
		most = 5
	}
	switch {
	case o.Freq > rrule.HOURLY, o.Freq == rrule.HOURLY && total > 0, times > maxTimesOfDay:
		return errFrequency
	case o.Freq == rrule.DAILY && len(o.Bysetpos) > 0, len(o.Byeaster) > 0: // the first means nothing, the second is the library's own
		return errors.New("the rule cannot be read")
	case slices.ContainsFunc(o.Byweekday, func(d rrule.Weekday) bool { return max(d.N(), -d.N()) > most }):
		return errRule // the library would look for it beyond the month
	case o.Count > maxCount || o.Count < 0:
		return fmt.Errorf("it happens more than %d times", maxCount)
	case o.Interval > maxInterval || o.Interval < 0:
		return fmt.Errorf("its interval is above %d", maxInterval)
	case o.Dtstart.Year() < firstYear:
		return fmt.Errorf("it begins before the year %d", firstYear)
	}
	if _, err := rrule.NewRRule(*o); err != nil {
		return errRule
	}
	return nil
}
