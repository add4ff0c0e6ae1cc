package source

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// The forms of days and times in a calendar (RFC 5545, sections 3.3.4, 3.3.5).
const (
	dateForm     = "20060102"
	dateTimeForm = "20060102T150405"
)

// moment reads a day or a time. A day is its midnight in the calendar's zone.
func (r *reader) moment(p *ics.IANAProperty, value string) (at time.Time, isDay bool, err error) {
	value = strings.TrimSpace(value)
	if len(value) == len(dateForm) {
		at, err = time.ParseInLocation(dateForm, value, r.zone)
		if err != nil {
			return time.Time{}, false, errors.New("a day of it cannot be read")
		}
		return at, true, nil
	}
	zone := r.zone
	local, isUTC := strings.CutSuffix(value, "Z")
	if isUTC {
		zone = time.UTC
	} else if name := first0(p.ICalParameters["TZID"]); name != "" {
		zone = r.zoneOf(name)
	}
	at, err = time.ParseInLocation(dateTimeForm, local, zone)
	if err != nil {
		return time.Time{}, false, errors.New("a time of it cannot be read")
	}
	return at, false, nil
}

// zoneOf returns the time zone that a calendar means by a name. One of the
// database is preferred to the calendar's own words, which programs write
// without the past and without the future.
func (r *reader) zoneOf(name string) *time.Location {
	if zone, ok := r.zones[name]; ok {
		return zone
	}
	zone, ok := knownZone(name)
	if !ok {
		zone = r.zone
		r.odd("the time zone %s is not known: its times are read as those of %s", label(name), r.zone)
	}
	r.zones[name] = zone
	return zone
}

// readZones finds the calendar's zone, and those that it describes itself.
func (r *reader) readZones(c *ics.Calendar) {
	r.zones = make(map[string]*time.Location)
	for _, zone := range c.Timezones() {
		name, known := "", ""
		for _, p := range zone.Properties {
			switch p.IANAToken {
			case "TZID":
				name = strings.TrimSpace(p.Value)
			case "X-LIC-LOCATION":
				known = p.Value
			}
		}
		found, ok := knownZone(name)
		if !ok {
			found, ok = knownZone(known)
		}
		if !ok {
			var err error
			if found, err = ownZone(name, r.observances(zone), r.now); err != nil {
				r.odd("the time zone %s of the calendar is not understood: %s", label(name), err)
				continue
			}
		}
		r.zones[name] = found
	}
	for _, p := range c.CalendarProperties {
		if p.IANAToken == "X-WR-TIMEZONE" || p.IANAToken == "TIMEZONE-ID" {
			r.zone = r.zoneOf(strings.TrimSpace(p.Value))
		}
	}
}

// observances reads the parts of a VTIMEZONE. Those that cannot be read are
// left out, and told.
func (r *reader) observances(zone *ics.VTimezone) []observance {
	var found []observance
	for _, part := range zone.Components {
		var o observance
		switch part.(type) {
		case *ics.Standard:
		case *ics.Daylight:
			o.summer = true
		default:
			continue
		}
		hasStart, hasFrom, hasTo, fits := false, false, false, true
		for _, p := range part.UnknownPropertiesIANAProperties() {
			switch p.IANAToken {
			case "DTSTART":
				o.start, hasStart = wallTime(p.Value)
			case "TZOFFSETFROM":
				o.from, hasFrom = parseOffset(p.Value)
			case "TZOFFSETTO":
				o.to, hasTo = parseOffset(p.Value)
			case "RRULE":
				o.rule = p.Value
			case "RDATE":
				for value := range strings.SplitSeq(p.Value, ",") {
					at, ok := wallTime(value)
					o.dates, fits = append(o.dates, at), fits && ok
				}
			}
		}
		if !hasStart || !hasFrom || !hasTo || !fits {
			r.odd("a part of a time zone of the calendar cannot be read, and is left out")
			continue
		}
		found = append(found, o)
	}
	return found
}

// wallTime reads a time on the wall, as one that can be reckoned with.
func wallTime(value string) (time.Time, bool) {
	at, err := time.Parse(dateTimeForm, strings.TrimSuffix(strings.TrimSpace(value), "Z"))
	return at, err == nil
}

// durationForm is RFC 5545, section 3.3.6, without a sign: nothing lasts less
// than no time.
var durationForm = regexp.MustCompile(`^\+?P(?:(\d{1,4})W|(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?)$`)

// parseDuration reads a duration. Weeks and days are those of the wall, hours
// and less are time itself, as the standard says.
func parseDuration(value string) (length, bool) {
	m := durationForm.FindStringSubmatch(strings.TrimSpace(value))
	if len(m) == 0 || strings.HasSuffix(m[0], "P") || strings.HasSuffix(m[0], "T") {
		return length{}, false
	}
	of := func(i int, unit time.Duration) time.Duration {
		n, _ := strconv.Atoi(m[i]) // digits, or nothing
		return time.Duration(n) * unit
	}
	const day = 24 * time.Hour
	return length{
		wall:  of(1, 7*day) + of(2, day),
		exact: of(3, time.Hour) + of(4, time.Minute) + of(5, time.Second),
	}, true
}
