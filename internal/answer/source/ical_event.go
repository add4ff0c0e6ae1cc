package source

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"github.com/switchhook/switchhook/internal/answer/ical"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// event is a VEVENT, with what tells its versions apart.
type event struct {
	*ical.Component
	scope *scope
	name  string // in sentences, once it was asked for

	uid             string
	sequence        int
	stamp, modified time.Time
	order           int            // in the file
	turn            *ical.Property // RECURRENCE-ID; nil: it is no change of a turn
	isLater         bool           // it changes all later turns too
}

func newEvent(s *scope, c *ical.Component, order int) *event {
	e := &event{Component: c, scope: s, order: order, turn: c.Get("RECURRENCE-ID")}
	e.uid = e.text("UID")
	e.sequence, _ = strconv.Atoi(e.text("SEQUENCE")) // what is no number is the first
	e.stamp, e.modified = e.time("DTSTAMP"), e.time("LAST-MODIFIED")
	e.isLater = e.turn != nil && strings.EqualFold(e.turn.Param("RANGE"), "THISANDFUTURE")
	return e
}

// text returns the text of a property, composed, or "".
func (e *event) text(name string) string {
	if p := e.Get(name); p != nil {
		return strings.TrimSpace(plaintext.Compose(ical.Text(plainValue(p))))
	}
	return ""
}

// plainValue returns a property's value, decoded where it is in the encoding of
// vCalendar 1.0, which some programs write in calendars of version 2.0.
func plainValue(p *ical.Property) string {
	if !strings.EqualFold(p.Param("ENCODING"), "QUOTED-PRINTABLE") {
		return p.Value
	}
	decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(p.Value)))
	if err != nil {
		return p.Value
	}
	if encoding, _ := charset.Lookup(p.Param("CHARSET")); encoding != nil {
		if text, err := encoding.NewDecoder().Bytes(decoded); err == nil {
			return string(text)
		}
	}
	return strings.ToValidUTF8(string(decoded), "\uFFFD")
}

// time returns the time of a property; zero: it has none.
func (e *event) time(name string) time.Time {
	if p := e.Get(name); p != nil {
		if m, err := e.scope.moment(p, p.Value, e.scope.zone); err == nil {
			return m.instant()
		}
	}
	return time.Time{}
}

// summary is the event's summary on one line.
func (e *event) summary() string { return strings.Join(strings.Fields(e.text("SUMMARY")), " ") }

// isCancelled reports whether the event was cancelled.
func (e *event) isCancelled() bool {
	return e.scope.cancels || strings.EqualFold(e.text("STATUS"), "CANCELLED")
}

// compare tells which of two versions of an event is the later one: by SEQUENCE,
// then by DTSTAMP (RFC 5546, section 2.1.5), then by what programs write besides.
func (e *event) compare(other *event) int {
	return cmp.Or(
		cmp.Compare(e.sequence, other.sequence),
		e.stamp.Compare(other.stamp),
		e.modified.Compare(other.modified),
		cmp.Compare(e.order, other.order),
	)
}

// what names the event in sentences.
func (e *event) what() string {
	if e.name == "" {
		e.name = e.named()
	}
	return e.name
}

func (e *event) named() string {
	name := label(e.summary())
	switch {
	case name != "":
	case e.uid != "":
		name = "with the UID " + label(e.uid)
	default:
		name = "without a name"
	}
	start := ""
	if p := e.Get("DTSTART"); p != nil {
		if wall, _, _, err := wallTime(p.Value); err == nil {
			start = " of " + wall.Format(time.DateOnly)
		}
	}
	return "the event " + name + start
}

// first returns the first property of a name that read can read. It reports
// others that say something else.
func (e *event) first(name string, read func(p *ical.Property) error) (found bool, err error) {
	value := ""
	for i := range e.Properties {
		p := &e.Properties[i]
		if p.Name != name {
			continue
		}
		if found {
			if strings.TrimSpace(p.Value) != value {
				e.scope.reader.odd("%s has more than one %s, of which the first counts", e.what(), name)
			}
			continue
		}
		met := read(p)
		if found = met == nil; found {
			value = strings.TrimSpace(p.Value)
			continue
		}
		err = cmp.Or(err, met)
	}
	if found {
		return true, nil
	}
	return false, err
}

// times reads when an event begins, how long it lasts, and how often it happens.
func (e *event) times(s *series) error {
	var start moment
	found, err := e.first("DTSTART", func(p *ical.Property) (err error) {
		start, err = e.scope.moment(p, p.Value, e.scope.zone)
		return err
	})
	switch {
	case err != nil:
		return err
	case !found:
		return errors.New("it does not say when it begins")
	}
	s.starts(start)
	if s.lasts, err = e.length(start); err != nil {
		return err
	}
	if s.lasts.wall < 0 || s.lasts.exact < 0 {
		return errors.New("it ends before it begins")
	}
	return nil
}

// length reads how long an event lasts.
func (e *event) length(start moment) (length, error) {
	var l length
	found, err := e.first("DTEND", func(p *ical.Property) error {
		end, err := e.scope.moment(p, p.Value, start.zone)
		l = between(start, end)
		return err
	})
	if found || err != nil {
		return l, err
	}
	found, err = e.first("DURATION", func(p *ical.Property) (err error) {
		var ok bool
		if l, ok = parseDuration(p.Value); !ok {
			return errors.New("its duration cannot be read")
		}
		return nil
	})
	if err != nil {
		return l, err
	}
	if start.isDay {
		if l.exact%oneDay == 0 { // days, however they are written
			l = length{wall: l.wall + l.exact}
		}
		if !found || l == (length{}) {
			l = length{wall: oneDay}
		}
	}
	return l, nil
}

// between returns the length from a start to an end. A day that ends where it
// begins is that day, as many programs write it.
func between(start, end moment) length {
	wall := end.in(start.zone)
	if start.isDay && end.isMidnight() {
		wall = end.day(start.zone)
	}
	l := length{wall: wall.Sub(start.wall)}
	switch {
	case (start.isDay || end.isDay) && wall.Equal(start.wall.Truncate(oneDay)):
		l.wall += oneDay
	case l.wall <= 0 && !start.isDay && !end.isDay:
		// The clock was put back in between.
		if exact := end.instant().Sub(start.instant()); exact > 0 {
			l = length{exact: exact}
		}
	}
	return l
}

// recurrence reads how often an event happens.
func (e *event) recurrence(s *series) error {
	var err error
	if s.rules, err = e.rules("RRULE", s.first); err != nil {
		return err
	}
	if s.exceptions, err = e.rules("EXRULE", s.first); err != nil {
		return err
	}
	if len(s.rules) > 0 && s.lasts.wall+s.lasts.exact > maxTurn {
		return fmt.Errorf("a turn of it lasts longer than %s", span(maxTurn))
	}
	e.each("RDATE", func(p *ical.Property, value string) error {
		one, err := e.extra(p, value, s)
		if err == nil {
			s.extra = append(s.extra, one)
		}
		return err
	})
	e.each("EXDATE", func(p *ical.Property, value string) error {
		m, err := e.scope.moment(p, value, s.first.zone)
		if err == nil {
			s.leaveOut(m)
		}
		return err
	})
	return nil
}

// rules reads the rules of a name, each once.
func (e *event) rules(name string, start moment) ([]*rule, error) {
	var rules []*rule
	known := make(map[string]bool)
	for i := range e.Properties {
		p := &e.Properties[i]
		if p.Name != name || known[p.Value] {
			continue
		}
		known[p.Value] = true
		if len(rules) == maxRules {
			return nil, fmt.Errorf("it has more than %d rules", maxRules)
		}
		one, notes, err := parseRule(p.Value, start)
		if err != nil {
			return nil, err
		}
		for _, note := range notes {
			e.scope.reader.odd("%s has a rule of which a part is not followed: %s", e.what(), label(note))
		}
		rules = append(rules, one)
	}
	return rules, nil
}

// each reads each value of lists of times. It leaves out those that cannot be
// read, and reports them.
func (e *event) each(name string, read func(p *ical.Property, value string) error) {
	for i := range e.Properties {
		p := &e.Properties[i]
		if p.Name != name {
			continue
		}
		for value := range strings.SplitSeq(p.Value, ",") {
			if strings.TrimSpace(value) == "" {
				continue
			}
			if err := read(p, value); err != nil {
				e.scope.reader.odd("%s has an %s that is left out: %s", e.what(), name, err)
			}
		}
	}
}

// extra reads a time of an RDATE: a start, or a period.
func (e *event) extra(p *ical.Property, value string, s *series) (extra, error) {
	begin, end, isPeriod := strings.Cut(value, "/")
	start, err := e.scope.moment(p, begin, s.first.zone)
	if err != nil {
		return extra{}, err
	}
	one := extra{wall: start.in(s.first.zone), start: start.instant()}
	switch {
	case s.first.isDay:
		start = moment{wall: start.day(s.first.zone), zone: s.first.zone, isDay: true}
		one.wall, one.start = start.wall, start.instant()
	case start.isDay: // the day's turn at the usual time
		clock := s.first.wall.Sub(s.first.wall.Truncate(oneDay))
		start = moment{wall: start.wall.Add(clock), zone: s.first.zone}
		one.wall, one.start = start.wall, start.instant()
	}
	if !isPeriod {
		return one, nil
	}
	l, ok := parseDuration(end)
	if !ok {
		to, err := e.scope.moment(p, end, start.zone)
		if err != nil {
			return extra{}, err
		}
		l = length{exact: to.instant().Sub(one.start)}
	}
	one.lasts = &l
	return one, nil
}
