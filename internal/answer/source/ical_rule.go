package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

const (
	// maxRules bounds the rules of one event.
	maxRules = 4

	// maxCount bounds how often a rule with a COUNT is followed: ten years of
	// days, and then some.
	maxCount = 10_000

	// maxInterval bounds the INTERVAL of a rule. No rota has a turn once in a
	// thousand weeks.
	maxInterval = 1_000

	// maxRuleList bounds each list of a rule: the days of a leap year.
	maxRuleList = 366

	// maxTimesOfDay bounds how often a rule may happen within a day.
	maxTimesOfDay = 48

	// firstYear is the earliest year in which something may begin that
	// happens again and again.
	firstYear = 1900
)

// errFrequency says that no rota uses such a rule.
var errFrequency = errors.New("it happens again within the hour, or at too many times of a day")

// errRule says that the library fails on a rule.
var errRule = errors.New("its rule cannot be followed")

var errRead = errors.New("the rule cannot be read")

// rule is a rule of RFC 5545, section 3.3.10, that is followed on the wall's
// clock.
type rule struct {
	option rrule.ROption
	last   func(wall, start time.Time) bool // whether a turn is not past UNTIL; nil: there is none
}

// parseRule reads a rule for something that begins at start. It refuses rules
// that no rota uses and those that take long to follow. The notes say which
// parts are not followed.
func parseRule(text string, start moment) (*rule, []string, error) {
	option, until, notes, err := readRule(text)
	if err != nil {
		return nil, nil, err
	}
	r := &rule{option: *option}
	if until != "" {
		if r.last, err = readUntil(until, start); err != nil {
			return nil, nil, err
		}
	}
	r.option.Dtstart = start.wall
	return r, notes, checkRule(&r.option)
}

// readUntil reads until when a rule holds. The standard wants an UNTIL of the
// same kind as the start; programs that write a day instead mean all of it.
func readUntil(text string, start moment) (func(wall, at time.Time) bool, error) {
	wall, isDay, zone, err := wallTime(text)
	if err != nil {
		return nil, errRead
	}
	until := moment{wall: wall, zone: start.zone, isDay: isDay, floating: true}
	if zone != "" {
		offset, ok := namedZone(zone)
		if !ok {
			return nil, errRead
		}
		until.zone, until.floating = offset, false
	}
	switch {
	case start.isDay:
		day := until.day(start.zone)
		return func(wall, _ time.Time) bool { return !wall.After(day) }, nil
	case isDay:
		return func(w, _ time.Time) bool { return w.Before(wall.Add(oneDay)) }, nil
	case zone == "":
		return func(w, _ time.Time) bool { return !w.After(wall) }, nil
	}
	instant := until.instant()
	return func(_, at time.Time) bool { return !at.After(instant) }, nil
}

// readRule reads the parts of a rule but for UNTIL, which it returns as it is
// written. Blanks, letter case, empty parts and those of vendors mean nothing;
// the notes say which others are not followed.
func readRule(text string) (option *rrule.ROption, until string, notes []string, err error) {
	text = strings.ToUpper(strings.Join(strings.Fields(text), ""))
	text = strings.TrimPrefix(text, "RRULE:")
	var parts []string
	seen := make(map[string]string)
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		value = strings.Join(slices.DeleteFunc(strings.Split(value, ","), func(s string) bool { return s == "" }), ",")
		if before, twice := seen[name]; twice && before != value {
			return nil, "", nil, errRead
		} else if twice {
			continue
		}
		seen[name] = value
		switch {
		case part == "", strings.HasPrefix(name, "X-"):
		case value == "":
			notes = append(notes, part)
		case name == "RSCALE" && value != "GREGORIAN":
			return nil, "", nil, errors.New("the rule counts by another calendar than ours")
		case name == "RSCALE", name == "SKIP" && value == "OMIT":
		case name == "UNTIL":
			until = value
		case name == "COUNT" && strings.Trim(value, "0") == "":
			notes = append(notes, part)
			parts = append(parts, "COUNT=1") // the start counts always
		case name == "WKST" && !slices.Contains(weekdays[:], value), !isRulePart(name):
			notes = append(notes, part)
		default:
			parts = append(parts, name+"="+value)
		}
	}
	option, err = rrule.StrToROption(strings.Join(parts, ";"))
	if err != nil {
		return nil, "", nil, errRead
	}
	return option, until, notes, nil
}

var weekdays = [...]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// isRulePart reports whether a name is one of a rule's parts. BYEASTER is of the
// library, and refused.
func isRulePart(name string) bool {
	switch name {
	case "FREQ", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST", "BYEASTER":
		return true
	}
	return false
}

// follow calls found with the starts by the rule, on the wall's clock, from a
// time to another.
//
// The library indexes its tables by what a rule says, and a rule that checkRule
// does not know of may make it panic with an index out of range. That must cost
// one event, not the program that answers calls.
func (r *rule) follow(from, to time.Time, found func(wall time.Time)) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = errRule
		}
	}()
	option := r.option
	option.Dtstart = r.near(from)
	if option.Dtstart.After(to) {
		return nil
	}
	ahead := yearsAhead(option.Dtstart.Year(), to.Year())
	option.Dtstart, option.Until = inYears(option.Dtstart, ahead), inYears(to, ahead)
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return errRule
	}
	next := rule.Iterator()
	for wall, ok := next(); ok; wall, ok = next() {
		if wall = inYears(wall, -ahead); wall.After(to) {
			break
		}
		if !wall.Before(from) {
			found(wall)
		}
	}
	return nil
}

// yearsAhead returns how many years lie between those of a rule, from its first
// to the last that is asked for, and others with the same days: weekdays and
// leap years come again every 400 years, and every 28 where no year is left out,
// from 1901 to 2099. The library searches up to the year 9999 for a rule's next
// turn: close to that year, a rule that never comes true costs a search of
// decades, not of eighty centuries.
func yearsAhead(first, last int) int {
	const (
		cycle, short = 400, 28
		end          = 9999 - 14 // a leap year and weeks that reach into the next have room
		block        = 8000      // 1902 to 1999 are 9902 to 9999
		blockBegins  = 1902
	)
	if first >= blockBegins && last <= 2098 {
		back := 0
		for last-back > end-block {
			back += short
		}
		if first-back >= blockBegins {
			return block - back
		}
	}
	return max((end-last)/cycle*cycle, 0)
}

func inYears(t time.Time, years int) time.Time {
	return time.Date(t.Year()+years, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}

// near returns a start that is whole intervals after the first one and not
// after a time, so that a rota of ten years takes no longer than one of a week.
// A rule that counts has to be counted from its beginning; those of months and
// years are short anyway.
func (r *rule) near(from time.Time) time.Time {
	period := time.Duration(0)
	switch r.option.Freq {
	case rrule.DAILY, rrule.HOURLY:
		period = oneDay
	case rrule.WEEKLY:
		period = 7 * oneDay
	}
	period *= time.Duration(max(r.option.Interval, 1))
	start := r.option.Dtstart
	if period == 0 || r.option.Count > 0 {
		return start
	}
	// One period more, as the first week of a rule may begin before its start.
	if ahead := from.Sub(start) - period; ahead > 0 {
		return start.Add(ahead - ahead%period)
	}
	return start
}

// checkRule refuses rules that no rota uses. The library searches up to the year
// 9999 for the next turn in one go, so a rule that never comes true must be quick
// to search.
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
		return errRead
	case slices.ContainsFunc(o.Byweekday, func(d rrule.Weekday) bool { return max(d.N(), -d.N()) > most }):
		return errRule // the library would search for it beyond the month
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
