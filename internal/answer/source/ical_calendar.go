package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ical"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

const (
	// maxCalendar bounds a calendar, in bytes. A rota of ten people over ten
	// years, with each change of it kept, is about 2 MiB.
	maxCalendar = 8 << 20

	// maxEvents bounds the events of a calendar.
	maxEvents = 20_000

	// followPatience bounds how long the rules of a calendar are followed at one
	// time. Those of ten years of a large team take some milliseconds.
	followPatience = 5 * time.Second

	// maxGathered bounds the people that are gathered before those who come
	// several times are put together.
	maxGathered = 4 * maxPeople

	// maxOddities bounds what is reported of one calendar: after the first ones
	// are fixed the next show up.
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
	asked   bool     // people were invited: somebody does not take part
	open    bool     // it has always been: its start means nothing
	lasting bool     // it lasts for good: its end means nothing
}

// snapshot returns who is on call at a time, by a calendar that a source of this
// kind has just read.
func (c *calendar) snapshot(ctx context.Context, kind, name string, t time.Time) (Snapshot, error) {
	asked := time.Now()
	people, oddities, err := c.at(ctx, t)
	if err != nil {
		return Snapshot{}, &Error{Source: kind, Code: fault.Unavailable, Message: "reading the " + name + " was given up", Err: err}
	}
	return Snapshot{At: asked, People: people, Oddities: slices.Concat(oddities, c.oddities)}, nil
}

// at returns who is on call at a time. Its error is the context's.
func (c *calendar) at(ctx context.Context, t time.Time) (people []Person, oddities []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, followPatience)
	defer cancel()
	left := 0
	for i := range c.shifts {
		s := &c.shifts[i]
		if err := ctx.Err(); err != nil {
			return nil, nil, err // a rule that never comes true takes a while to be followed
		}
		turns, err := s.turns(t)
		if err != nil && len(oddities) < maxRemarks {
			oddities = append(oddities, fmt.Sprintf("%s is left out: %s", s.what, err))
		}
		for _, turn := range turns {
			those, what := s.people, s.what
			if turn.what != "" {
				those, what = turn.people, turn.what
			}
			switch {
			case len(those) > 0 || len(oddities) >= maxRemarks:
			case s.asked:
				oddities = append(oddities, what+" names nobody who takes part")
			default:
				oddities = append(oddities, what+" names nobody")
			}
			for _, p := range those {
				if !s.open {
					p.Since = turn.start
				}
				if !s.lasting {
					p.Until = turn.end
				}
				people = append(people, p)
			}
			if len(people) > maxGathered {
				all := arrange(people)
				people = atMost(all, t)
				left = max(left, len(all)-len(people))
			}
		}
	}
	if left > 0 {
		oddities = append([]string{crowded(left)}, oddities...)
	}
	return arrange(people), oddities, nil
}

// reader reads the calendars of one file.
type reader struct {
	home       string                    // the calling code of numbers that say none; empty: they have to
	zone       *time.Location            // of times that name none, where the calendar names none
	own        map[string]*time.Location // that some calendar describes
	level      int
	categories map[string]int // by lower-case name
	now        time.Time

	calendar calendar
	untold   int // oddities above maxOddities
}

// odd records what could not be used, each once.
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

// tell records what is odd about the lines of a component, and of those in it.
func (r *reader) tell(what string, c *ical.Component) {
	for _, o := range c.Odd {
		r.odd("%s %s", what, shown(o))
	}
	for _, part := range c.Parts {
		r.tell(what, part)
	}
}

// shown is an oddity as a part of a sentence, with the beginning of the line
// that it is about.
func shown(o ical.Oddity) string {
	const enough = 40 // characters
	text := []rune(label(o.Text))
	if len(text) > enough {
		text = append(text[:enough-1], '…')
	}
	if len(text) == 0 {
		return o.What
	}
	return o.What + ": " + string(text)
}

// errHalf says that a file ends before its end.
var errHalf = errors.New("it ends in the middle")

// read reads a file in the form of RFC 5545, of one calendar or several. Its
// error says in a few words what is wrong with it.
//
// What is odd costs the event that it is found in. Only what may have lost
// events is refused: a file without a calendar, and one that breaks off.
func (r *reader) read(data []byte) (*calendar, error) {
	file, err := ical.Read(plaintext.Decode(data))
	if errors.Is(err, ical.ErrHalf) {
		return nil, errHalf
	} else if err != nil {
		return nil, err
	}
	r.own = make(map[string]*time.Location)
	for _, o := range file.Odd {
		r.odd("%s", shown(o))
	}
	var events []*event
	for _, c := range file.Calendars {
		for _, o := range c.Odd {
			r.odd("the calendar %s", shown(o))
		}
		scope := r.scope(c)
		for _, part := range c.Parts {
			if part.Name != "VEVENT" {
				continue
			}
			if len(events) == maxEvents {
				return nil, fmt.Errorf("it has more than %d events", maxEvents)
			}
			events = append(events, newEvent(scope, part, len(events)))
		}
	}
	for _, e := range events {
		r.tell(e.what(), e.Component)
	}
	for _, group := range grouped(events) {
		r.group(group)
	}
	if r.untold > 0 {
		r.calendar.oddities = append(r.calendar.oddities, fmt.Sprintf("and %d more of this kind", r.untold))
	}
	return &r.calendar, nil
}
