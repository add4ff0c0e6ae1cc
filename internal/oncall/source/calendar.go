package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

const (
	// maxCalendar bounds a calendar, in bytes. A rota of ten people over ten
	// years, with each change of it kept, is about 2 MiB.
	maxCalendar = 8 << 20

	// maxNesting bounds how deep the parts of a calendar stand in each other.
	// The standard has three levels; the library follows each into itself.
	maxNesting = 8

	// maxEvents bounds the events of a calendar.
	maxEvents = 20_000

	// maxOddities bounds what is told of one calendar: whoever mends the first
	// ones sees the next.
	maxOddities = 10
)

// calendar is a rota, as shifts that may recur.
type calendar struct {
	shifts   []shift
	oddities []string
}

// shift is one event: who is on call, when.
type shift struct {
	series
	people  []Person // with their level; without times
	what    string   // for sentences
	open    bool     // it has always been: its start means nothing
	lasting bool     // it lasts for good: its end means nothing
}

// at returns who is on call at a time. Its error is the context's.
func (c *calendar) at(ctx context.Context, t time.Time) (people []Person, oddities []string, err error) {
	for i := range c.shifts {
		s := &c.shifts[i]
		if err := ctx.Err(); err != nil {
			return nil, nil, err // a rule that never comes true takes a while to be followed
		}
		turns, err := s.turns(t)
		if err != nil {
			oddities = append(oddities, fmt.Sprintf("%s is left out: %s", s.what, err))
		}
		for _, turn := range turns {
			if len(s.people) == 0 {
				oddities = append(oddities, s.what+" names nobody")
			}
			for _, p := range s.people {
				if !s.open {
					p.Since = turn.start
				}
				if !s.lasting {
					p.Until = turn.end
				}
				people = append(people, p)
			}
		}
	}
	return arrange(people), oddities, nil
}

// reader reads one calendar.
type reader struct {
	zone       *time.Location // of times that name none
	zones      map[string]*time.Location
	level      int
	categories map[string]int // by lower-case name
	now        time.Time

	calendar calendar
	untold   int // oddities above maxOddities
}

// odd notes what could not be used, each once.
func (r *reader) odd(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch {
	case slices.Contains(r.calendar.oddities, text):
	case len(r.calendar.oddities) < maxOddities:
		r.calendar.oddities = append(r.calendar.oddities, text)
	default:
		r.untold++
	}
}

// errHalf says that a calendar ends before its end.
var errHalf = errors.New("it ends in the middle")

// checkCalendar looks at the frame of a calendar before the library reads it:
// the library takes one that breaks off between two events for whole, and
// follows nesting without a bound.
func checkCalendar(data []byte) error {
	depth, events, begun := 0, 0, false
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n \t")
		switch {
		case bytes.HasPrefix(line, []byte("BEGIN:")):
			if depth++; depth > maxNesting {
				return errors.New("its parts stand too deep in each other")
			}
			if bytes.Equal(line, []byte("BEGIN:VEVENT")) {
				events++
			}
			begun = true
		case bytes.HasPrefix(line, []byte("END:")):
			depth--
		}
		if !begun && len(line) > 0 {
			return errors.New("it is no calendar")
		}
	}
	switch {
	case !begun:
		return errors.New("it is no calendar")
	case events > maxEvents:
		return fmt.Errorf("it has more than %d events", maxEvents)
	case depth > 0:
		return errHalf
	}
	return nil
}

// read reads a calendar in the form of RFC 5545. Its error says in a few words
// what is wrong with it.
func (r *reader) read(data []byte) (*calendar, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if err := checkCalendar(data); err != nil {
		return nil, err
	}
	parsed, err := ics.ParseCalendarWithOptions(bytes.NewReader(data), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		return nil, errors.New("it is no calendar as RFC 5545 has it") // the library's words may quote an event
	}
	r.readZones(parsed)
	events := newest(parsed.Events())
	changed := changes(events)
	for _, event := range events {
		r.event(event, changed)
	}
	if r.untold > 0 {
		r.calendar.oddities = append(r.calendar.oddities, fmt.Sprintf("and %d more of this kind", r.untold))
	}
	return &r.calendar, nil
}

// eventKey tells one event, or one changed turn of it, from another.
func eventKey(e *ics.VEvent) string {
	return text(e, ics.ComponentPropertyUniqueId) + "\x00" + text(e, ics.ComponentPropertyRecurrenceId)
}

// newest leaves out events that a later version of the same event replaces.
func newest(events []*ics.VEvent) []*ics.VEvent {
	latest := make(map[string]int)
	for _, e := range events {
		latest[eventKey(e)] = max(latest[eventKey(e)], sequence(e))
	}
	return slices.DeleteFunc(events, func(e *ics.VEvent) bool {
		return text(e, ics.ComponentPropertyUniqueId) != "" && sequence(e) < latest[eventKey(e)]
	})
}

func sequence(e *ics.VEvent) int {
	n, err := strconv.Atoi(text(e, ics.ComponentPropertySequence))
	if err != nil {
		return 0
	}
	return n
}

// changes returns, by UID, the turns that have an event of their own.
func changes(events []*ics.VEvent) map[string][]*ics.IANAProperty {
	changed := make(map[string][]*ics.IANAProperty)
	for _, e := range events {
		if p := e.GetProperty(ics.ComponentPropertyRecurrenceId); p != nil {
			uid := text(e, ics.ComponentPropertyUniqueId)
			changed[uid] = append(changed[uid], p)
		}
	}
	return changed
}

// event reads one event and adds its shift.
func (r *reader) event(e *ics.VEvent, changed map[string][]*ics.IANAProperty) {
	what := r.what(e)
	if strings.EqualFold(text(e, ics.ComponentPropertyStatus), "CANCELLED") {
		return
	}
	s := shift{people: r.people(e), what: what}
	wholeDays, err := r.length(e, &s.series)
	if err != nil {
		r.odd("%s is left out: %s", what, err)
		return
	}
	own := e.GetProperty(ics.ComponentPropertyRecurrenceId)
	if own != nil && strings.EqualFold(first0(own.ICalParameters["RANGE"]), "THISANDFUTURE") {
		r.odd("%s is a change of all turns from one on, of which the first alone is changed here", what)
	}
	if own == nil {
		if err := r.recurrence(e, &s.series, wholeDays); err != nil {
			r.odd("%s is left out: %s", what, err)
			return
		}
		for _, p := range changed[text(e, ics.ComponentPropertyUniqueId)] {
			if err := r.leaveOut(&s.series, p); err != nil {
				r.odd("%s has a change that is not understood: %s", what, err)
			}
		}
	}
	r.calendar.shifts = append(r.calendar.shifts, s)
}

// what names an event in sentences.
func (r *reader) what(e *ics.VEvent) string {
	name := label(text(e, ics.ComponentPropertySummary))
	if name == "" {
		name = "without a name"
	}
	start := ""
	if p := e.GetProperty(ics.ComponentPropertyDtStart); p != nil && len(p.Value) >= len(dateForm) {
		if day, err := time.Parse(dateForm, p.Value[:len(dateForm)]); err == nil {
			start = " of " + day.Format(time.DateOnly)
		}
	}
	return "the event " + name + start
}

// length reads when an event begins and how long it lasts.
func (r *reader) length(e *ics.VEvent, s *series) (wholeDays bool, err error) {
	begin := e.GetProperty(ics.ComponentPropertyDtStart)
	if begin == nil {
		return false, errors.New("it does not say when it begins")
	}
	if s.start, wholeDays, err = r.moment(begin, begin.Value); err != nil {
		return false, err
	}
	if end := e.GetProperty(ics.ComponentPropertyDtEnd); end != nil {
		at, _, err := r.moment(end, end.Value)
		if err != nil {
			return false, err
		}
		s.lasts = until(s.start, at)
	} else if lasts := e.GetProperty(ics.ComponentPropertyDuration); lasts != nil {
		l, ok := parseDuration(lasts.Value)
		if !ok {
			return false, errors.New("its duration cannot be read")
		}
		s.lasts = l
	} else if wholeDays {
		s.lasts = length{wall: 24 * time.Hour}
	}
	if s.lasts.wall < 0 || s.lasts.exact < 0 {
		return false, errors.New("it ends before it begins")
	}
	return wholeDays, nil
}

// recurrence reads how often an event happens.
func (r *reader) recurrence(e *ics.VEvent, s *series, wholeDays bool) error {
	rules := e.GetProperties(ics.ComponentPropertyRrule)
	if len(rules) > 1 || len(e.GetProperties(ics.ComponentPropertyExrule)) > 0 {
		return errors.New("it has more than one rule")
	}
	if len(rules) == 1 {
		rule, err := parseRule(rules[0].Value, s.start, wholeDays)
		if err != nil {
			return err
		}
		if s.lasts.wall+s.lasts.exact > maxTurn {
			return fmt.Errorf("a turn of it lasts longer than %s", span(maxTurn))
		}
		s.rule = rule
	}
	for _, p := range e.GetProperties(ics.ComponentPropertyRdate) {
		for value := range strings.SplitSeq(p.Value, ",") {
			one, err := r.turn(p, value, s.lasts)
			if err != nil {
				return err
			}
			s.extra = append(s.extra, one)
		}
	}
	for _, p := range e.GetProperties(ics.ComponentPropertyExdate) {
		if err := r.leaveOut(s, p); err != nil {
			return err
		}
	}
	return nil
}

// turn reads a time of an RDATE: a start, or a period.
func (r *reader) turn(p *ics.IANAProperty, value string, lasts length) (turn, error) {
	begin, end, isPeriod := strings.Cut(value, "/")
	start, _, err := r.moment(p, begin)
	if err != nil {
		return turn{}, err
	}
	if !isPeriod {
		return turn{start, lasts.from(start)}, nil
	}
	if l, ok := parseDuration(end); ok {
		return turn{start, l.from(start)}, nil
	}
	to, _, err := r.moment(p, end)
	return turn{start, to}, err
}

// leaveOut takes the turns that a property lists out of a series: those of an
// EXDATE, or the one of a RECURRENCE-ID.
func (r *reader) leaveOut(s *series, p *ics.IANAProperty) error {
	for value := range strings.SplitSeq(p.Value, ",") {
		at, isDay, err := r.moment(p, value)
		switch {
		case err != nil:
			return err
		case isDay:
			if s.withoutDays == nil {
				s.withoutDays = make(map[string]bool)
			}
			s.withoutDays[at.Format(dateForm)] = true
		default:
			if s.without == nil {
				s.without = make(map[int64]bool)
			}
			s.without[at.Unix()] = true
		}
	}
	return nil
}

// text returns the value of a property, or "".
func text(e *ics.VEvent, name ics.ComponentProperty) string {
	if p := e.GetProperty(name); p != nil {
		return strings.TrimSpace(p.Value)
	}
	return ""
}

// first0 returns the first of values, or "".
func first0(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
