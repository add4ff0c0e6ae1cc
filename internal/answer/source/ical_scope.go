package source

import (
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ical"
)

// maxUnknown bounds how many unknown time zones of a calendar we look up, as each
// lookup takes a moment.
const maxUnknown = 100

// scope is one calendar of a file: its zone, and those that it describes.
type scope struct {
	reader  *reader
	zone    *time.Location // of times that name none
	own     map[string]*time.Location
	zones   map[string]*time.Location // that were asked for; nil: not known
	unknown int                       // names
	cancels bool                      // it takes back what is in it (RFC 5546, section 3.2.5)
}

// scope returns the calendar's zones.
func (r *reader) scope(c *ical.Component) *scope {
	s := &scope{reader: r, zone: r.zone, own: make(map[string]*time.Location), zones: make(map[string]*time.Location)}
	for _, zone := range c.Parts {
		if zone.Name == "VTIMEZONE" {
			s.describe(zone)
		}
	}
	for _, name := range [...]string{"X-WR-TIMEZONE", "TIMEZONE-ID"} {
		if p := c.Get(name); p != nil && strings.TrimSpace(p.Value) != "" {
			if zone, ok := s.zoneOf(ical.Text(p.Value)); ok {
				s.zone = zone
				break
			}
		}
	}
	if p := c.Get("METHOD"); p != nil {
		s.cancels = strings.EqualFold(strings.TrimSpace(p.Value), "CANCEL")
	}
	return s
}

// describe adds a time zone that the calendar itself describes.
func (s *scope) describe(c *ical.Component) {
	name := ""
	if p := c.Get("TZID"); p != nil {
		name = p.Value
	}
	s.reader.tell("the time zone "+label(name), c)
	if p := c.Get("X-LIC-LOCATION"); p != nil {
		if zone, ok := regionZone(p.Value); ok {
			s.own[zoneKey(name)] = zone
			return
		}
	}
	zone, err := ownZone(name, s.reader.observances(c), s.reader.now)
	if err != nil {
		s.reader.odd("the time zone %s of the calendar is not understood: %s", label(name), err)
		return
	}
	s.own[zoneKey(name)] = zone
	if s.reader.own[zoneKey(name)] == nil {
		s.reader.own[zoneKey(name)] = zone
	}
}

func zoneKey(name string) string { return strings.ToLower(cleanZone(name)) }

// zoneOf returns the time zone that a calendar means by a name. It prefers a
// region of the database to the calendar's own description, which often lacks
// past and future changes, and that to any other name.
func (s *scope) zoneOf(name string) (*time.Location, bool) {
	key := zoneKey(name)
	zone, ok := s.zones[key]
	if ok {
		return zone, zone != nil
	}
	if s.unknown < maxUnknown {
		zone = s.find(name, key)
		s.zones[key] = zone
	}
	if zone == nil {
		s.unknown++
		s.reader.odd("the time zone %s is not known: its times are read as those of %s", label(name), s.zone)
	}
	return zone, zone != nil
}

func (s *scope) find(name, key string) *time.Location {
	if zone, ok := regionZone(name); ok {
		return zone
	}
	if zone := s.own[key]; zone != nil {
		return zone
	}
	if zone, ok := namedZone(name); ok {
		return zone
	}
	return s.reader.own[key] // of another calendar of the file
}
