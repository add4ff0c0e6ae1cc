package hours

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of what is read. No schedule needs more; a file of millions would cost
// every caller time.
const (
	maxSpans    = 24 // of a day
	maxHolidays = 1000
)

// names are the days as they are written, by time.Weekday.
var names = [days]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseWeek reads the JSON {"mon": ["09:00-17:00", "18:00-20:00"], "fri":
// ["22:00-02:00"]}. A day that is not named is closed; an object without days,
// or null, is a nil Week. The error names the day and what is wrong with it.
func ParseWeek(data []byte) (*Week, error) {
	if week, ok := quickWeek(data); ok {
		return week, nil
	}
	var given map[string][]string
	if err := json.Unmarshal(data, &given); err != nil {
		return nil, explainWeek(data)
	}
	if len(given) == 0 {
		return nil, nil
	}
	var week Week
	known := 0
	for weekday, name := range names {
		spans, ok := given[name]
		if !ok {
			continue
		}
		known++
		if len(spans) > maxSpans {
			return nil, fmt.Errorf("%s: it has more than %d spans", name, maxSpans)
		}
		for _, text := range spans {
			span, err := ParseSpan(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			week[weekday] = append(week[weekday], span)
		}
	}
	if known < len(given) {
		return nil, unknownDay(given)
	}
	return &week, nil
}

// explainWeek says what is wrong with JSON that is not of a week's form.
func explainWeek(data []byte) error {
	var given map[string]json.RawMessage
	if json.Unmarshal(data, &given) != nil {
		return errors.New(`it is not an object of days, such as {"mon": ["09:00-17:00"]}`)
	}
	for _, name := range sorted(given) {
		var spans []string
		if json.Unmarshal(given[name], &spans) != nil {
			return fmt.Errorf(`%s: it is not a list of spans, such as ["09:00-17:00"]`, clip(name))
		}
	}
	return errors.New("it cannot be read")
}

func unknownDay(given map[string][]string) error {
	for _, name := range sorted(given) {
		if !slices.Contains(names[:], name) {
			return fmt.Errorf("%q is not a day: they are mon, tue, wed, thu, fri, sat and sun", clip(name))
		}
	}
	return nil
}

// sorted returns the keys in a stable order.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// ParseSpan reads 09:00-17:00. A span that ends no later than it begins is one
// over midnight; the whole day is 00:00-24:00.
func ParseSpan(text string) (Span, error) {
	begin, end, ok := strings.Cut(text, "-")
	from, fromOK := clock(begin)
	to, toOK := clock(end)
	switch {
	case !ok || !fromOK || !toOK || from == day/minute:
		return Span{}, fmt.Errorf("%q is not a span such as 09:00-17:00", clip(text))
	case from == to:
		return Span{}, fmt.Errorf("%q begins and ends at the same time; the whole day is 00:00-24:00", text)
	case to < from:
		to += day / minute
	}
	return Span{from, to}, nil
}

// clock reads 09:00 as minutes from midnight; 24:00 is the day's end.
func clock(text string) (minutes int, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) != len("09:00") || text[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	hour, minutes := int(text[0]-'0')*10+int(text[1]-'0'), int(text[3]-'0')*10+int(text[4]-'0')
	if hour > 24 || minutes > 59 || hour == 24 && minutes > 0 {
		return 0, false
	}
	return hour*60 + minutes, true
}

// ParseHolidays reads the JSON ["2026-12-25", "2027-01-01"]. The error says
// which date is none.
func ParseHolidays(data []byte) (Holidays, error) {
	var given []string
	if err := json.Unmarshal(data, &given); err != nil {
		return nil, errors.New(`it is not a list of dates, such as ["2026-12-25"]`)
	}
	if len(given) > maxHolidays {
		return nil, fmt.Errorf("it has more than %d dates", maxHolidays)
	}
	var holidays Holidays
	for _, text := range given {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a date such as 2026-12-25", clip(text))
		}
		holidays = append(holidays, dateOf(t.Unix()))
	}
	slices.Sort(holidays)
	return slices.Compact(holidays), nil
}

// zones caches the zones that were asked for, by name. Reading one takes some
// 50 µs, and ten thousand customers live in a few. They never change, and there
// are no more of them than the database has.
var zones sync.Map

// ParseZone returns the time zone of a name such as America/New_York.
func ParseZone(name string) (*time.Location, error) {
	if known, ok := zones.Load(name); ok {
		if zone, ok := known.(*time.Location); ok {
			return zone, nil
		}
	}
	if name == "" || name == "Local" { // to Go they are zones, too
		return nil, fmt.Errorf("%q is not a time zone such as America/New_York", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time zone such as America/New_York", clip(name))
	}
	zones.Store(name, zone)
	return zone, nil
}

// maxShown is how much of an input an error quotes, in bytes.
const maxShown = 40

func clip(s string) string {
	if len(s) > maxShown {
		return strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}
