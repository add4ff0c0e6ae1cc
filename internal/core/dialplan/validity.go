package dialplan

import (
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// Validity says when a rule holds, in the time zone of the call's owner. The
// zero value holds always.
type Validity struct {
	days       uint8 // a bit for each day it does not hold, Sunday first
	from, to   int   // dates as 20261231, both included; 0: no limit
	start, end int   // minutes of the day plus one, both included; 0: no limit
}

const (
	minutesADay = 24 * 60
	everyDay    = 1<<7 - 1
)

// Fields of a Validity that mean no limit, as they stand in Cores. 23:99 is the
// last choice of the vendor's form.
const (
	noLimit     = "*"
	noDate      = "0000-00-00"
	endOfDay    = "23:99"
	dateLayout  = "2006-01-02"
	exampleDays = "0 is Sunday; write *, a day such as 1, or a class such as [1-5]"
)

// ParseValidity reads the fields of a dial rule: days of the week such as 1 or
// [1-5] (Sunday is 0), dates such as 2026-12-31, times such as 17:00. A *, an
// empty field, 0000-00-00 and 23:99 are no limit. A range of times whose end
// comes before its start runs over midnight.
func ParseValidity(days, startDate, endDate, startTime, endTime string) (Validity, error) {
	var v Validity
	var err error
	if v.days, err = parseDays(days); err != nil {
		return Validity{}, err
	}
	if v.from, err = parseDate(startDate); err != nil {
		return Validity{}, err
	}
	if v.to, err = parseDate(endDate); err != nil {
		return Validity{}, err
	}
	if v.from > v.to && v.to != 0 {
		return Validity{}, fault.Newf(fault.Invalid, "a rule that begins on %s cannot end on %s", startDate, endDate)
	}
	if v.start, err = parseTime(startTime); err != nil {
		return Validity{}, err
	}
	if v.end, err = parseTime(endTime); err != nil {
		return Validity{}, err
	}
	if v.start == 1 && (v.end == 0 || v.end == minutesADay) {
		v.start, v.end = 0, 0 // from midnight to the end of the day
	}
	return v, nil
}

func parseDays(text string) (without uint8, err error) {
	switch text {
	case "", noLimit:
		return 0, nil
	}
	p, err := ParsePattern(text)
	if err != nil || len(p.tokens) != 1 {
		return 0, fault.Newf(fault.Invalid, "%q is not a day of the week", text).WithHint(exampleDays)
	}
	with := uint8(0)
	for day := range 7 {
		if p.matches(string(rune('0' + day))) {
			with |= 1 << day
		}
	}
	if with == 0 {
		return 0, fault.Newf(fault.Invalid, "%q is not a day of the week", text).WithHint(exampleDays)
	}
	return everyDay &^ with, nil
}

func parseDate(text string) (int, error) {
	switch text {
	case "", noLimit, noDate:
		return 0, nil
	}
	t, err := time.Parse(dateLayout, text)
	if err != nil {
		return 0, fault.Newf(fault.Invalid, "%q is not a date", text).WithHint("write it as 2026-12-31, or * for no limit")
	}
	return dateOf(t), nil
}

func dateOf(t time.Time) int { return (t.Year()*100+int(t.Month()))*100 + t.Day() }

func parseTime(text string) (int, error) {
	switch text {
	case "", noLimit, endOfDay:
		return 0, nil
	}
	hour, minute, ok := strings.Cut(text, ":")
	h, m := twoDigits(hour), twoDigits(minute)
	if !ok || h < 0 || m < 0 || h > 23 || m > 59 {
		return 0, fault.Newf(fault.Invalid, "%q is not a time of day", text).WithHint("write it as 17:30, or * for no limit")
	}
	return h*60 + m + 1, nil
}

// twoDigits returns a number of one or two digits, or -1.
func twoDigits(s string) int {
	if s == "" || len(s) > 2 {
		return -1
	}
	n := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// moment is a point in time as validities see it.
type moment struct {
	date   int
	day    time.Weekday
	minute int // of the day, plus one
}

func momentOf(t time.Time) moment {
	return moment{date: dateOf(t), day: t.Weekday(), minute: t.Hour()*60 + t.Minute() + 1}
}

// holds reports whether a rule holds at a moment.
func (v *Validity) holds(m moment) bool {
	switch {
	case v.days&(1<<m.day) != 0, v.from > m.date, v.to != 0 && v.to < m.date:
		return false
	case v.start != 0 && v.end != 0 && v.start > v.end:
		return m.minute >= v.start || m.minute <= v.end
	}
	return m.minute >= v.start && (v.end == 0 || m.minute <= v.end)
}

// limits counts what is limited: a rule for one holiday goes before one for
// every day.
func (v *Validity) limits() int {
	n := 0
	for _, limited := range []bool{v.days != 0, v.from != 0 || v.to != 0, v.start != 0 || v.end != 0} {
		if limited {
			n++
		}
	}
	return n
}

// String says when the rule holds: "Mon Tue, 09:00 to 17:00", or "always".
func (v Validity) String() string {
	var parts []string
	if v.days != 0 {
		var days []string
		for day := time.Sunday; day <= time.Saturday; day++ {
			if v.days&(1<<day) == 0 {
				days = append(days, day.String()[:3])
			}
		}
		parts = append(parts, strings.Join(days, " "))
	}
	date := func(d int) string { return fmt.Sprintf("%04d-%02d-%02d", d/10000, d/100%100, d%100) }
	parts = appendRange(parts, v.from, v.to, date)
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", (m-1)/60, (m-1)%60) }
	parts = appendRange(parts, v.start, v.end, clock)
	if parts == nil {
		return "always"
	}
	return strings.Join(parts, ", ")
}

func appendRange(parts []string, from, to int, text func(int) string) []string {
	switch {
	case from != 0 && to != 0:
		return append(parts, text(from)+" to "+text(to))
	case from != 0:
		return append(parts, "from "+text(from))
	case to != 0:
		return append(parts, "until "+text(to))
	}
	return parts
}
