package source

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ical"
	"github.com/switchhook/switchhook/internal/hours"
)

// dateForm is how a calendar writes a day (RFC 5545, section 3.3.4).
const dateForm = "20060102"

// oneDay is a day on the wall's clock.
const oneDay = 24 * time.Hour

// moment is a day or a time of a calendar, as a clock on the wall shows it.
type moment struct {
	wall     time.Time // as a time of UTC; of a day its midnight
	zone     *time.Location
	isDay    bool
	floating bool // it names no zone, and is of the one that was at hand
}

// instant returns when it is.
func (m moment) instant() time.Time { return hours.Instant(m.wall, m.zone) }

// in returns what the clock shows at that time in another zone.
func (m moment) in(zone *time.Location) time.Time {
	if m.isDay || m.floating || sameZone(m.zone, zone) {
		return m.wall // a time that does not exist stays what it is
	}
	return hours.Wall(m.instant().In(zone))
}

// isMidnight reports whether it is the beginning of a day, by its own clock.
func (m moment) isMidnight() bool { return m.wall.Equal(m.wall.Truncate(oneDay)) }

// day returns the day that is meant where days are compared: the one that is
// written, or the one that begins then in a zone. Programs write days in either
// way.
func (m moment) day(zone *time.Location) time.Time {
	if !m.isDay && !m.floating && !m.isMidnight() {
		if wall := hours.Wall(m.instant().In(zone)); wall.Equal(wall.Truncate(oneDay)) {
			return wall
		}
	}
	return m.wall.Truncate(oneDay)
}

func sameZone(a, b *time.Location) bool { return a == b || a.String() == b.String() }

// momentForm is a day or a time (RFC 5545, sections 3.3.4, 3.3.5), or one as ISO
// 8601 has it, which some programs write.
var momentForm = regexp.MustCompile(`^(\d{4})-?(\d{2})-?(\d{2})(?:[Tt ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?\s*([Zz]|[+-]\d{2}:?\d{2})?)?$`)

// wallTime reads a day or a time without its zone.
func wallTime(value string) (wall time.Time, isDay bool, zone string, err error) {
	m := momentForm.FindStringSubmatch(strings.TrimSpace(value))
	if m == nil {
		what := "a time of it cannot be read"
		if len(strings.TrimSpace(value)) == len(dateForm) {
			what = "a day of it cannot be read"
		}
		return time.Time{}, false, "", errors.New(what)
	}
	number := func(i int) int { n, _ := strconv.Atoi(m[i]); return n } // digits, or nothing
	year, month, day := number(1), number(2), number(3)
	hour, minute, second := number(4), number(5), number(6)
	wall = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	const mostHours, mostSeconds = 24, 60 // midnight at the day's end, and a leap second
	switch {
	case wall.Day() != day || int(wall.Month()) != month:
		return time.Time{}, false, "", errors.New("a day of it cannot be read")
	case hour > mostHours || minute > 59 || second > mostSeconds || hour == mostHours && minute+second > 0:
		return time.Time{}, false, "", errors.New("a time of it cannot be read")
	}
	wall = wall.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(min(second, 59))*time.Second)
	return wall, m[4] == "", strings.ToUpper(m[7]), nil
}

// moment reads a value of a property. One that names no zone is of the one that
// is given; a day is one of the calendar's zone.
func (s *scope) moment(p *ical.Property, value string, floating *time.Location) (moment, error) {
	wall, isDay, suffix, err := wallTime(value)
	switch {
	case err != nil:
		return moment{}, err
	case isDay || strings.EqualFold(p.Param("VALUE"), "DATE"):
		return moment{wall: wall.Truncate(oneDay), zone: s.zone, isDay: true}, nil
	case suffix == "Z":
		return moment{wall: wall, zone: time.UTC}, nil
	case suffix != "":
		if zone, ok := fixedZone(suffix); ok {
			return moment{wall: wall, zone: zone}, nil
		}
		return moment{}, errors.New("a time of it cannot be read")
	}
	if name := strings.Join(p.All("TZID"), ","); strings.TrimSpace(name) != "" {
		if zone, ok := s.zoneOf(name); ok {
			return moment{wall: wall, zone: zone}, nil
		}
	}
	return moment{wall: wall, zone: floating, floating: true}, nil
}

// durationForm is RFC 5545, section 3.3.6; that weeks stand alone is not asked
// for.
var durationForm = regexp.MustCompile(`^([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$`)

// parseDuration reads a duration. Weeks and days are those of the wall, hours
// and less are time itself, as the standard says.
func parseDuration(value string) (length, bool) {
	m := durationForm.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(value)))
	if len(m) == 0 || strings.HasSuffix(m[0], "P") || strings.HasSuffix(m[0], "T") {
		return length{}, false
	}
	of := func(i int, unit time.Duration) time.Duration {
		n, _ := strconv.Atoi(m[i]) // digits, or nothing
		return time.Duration(n) * unit
	}
	l := length{
		wall:  of(2, 7*oneDay) + of(3, oneDay),
		exact: of(4, time.Hour) + of(5, time.Minute) + of(6, time.Second),
	}
	if m[1] == "-" {
		l.wall, l.exact = -l.wall, -l.exact
	}
	return l, true
}
