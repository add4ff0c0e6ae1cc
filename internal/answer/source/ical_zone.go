package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/switchhook/switchhook/internal/answer/ical"
)

const (
	// maxChanges bounds the changes of the clock that we read from a calendar's
	// own time zone: ten times what two a year for as long as there are computers
	// amount to.
	maxChanges = 2_000

	// zoneAhead is how many years the rules of a calendar's own time zone are
	// followed. It is read again whenever it changes, and at least when the
	// program starts.
	zoneAhead = 10

	// maxOffset is the farthest that a zone can be from UTC, in seconds.
	maxOffset = 26 * 60 * 60
)

// observance is a part of a VTIMEZONE: when a clock is put to an offset, by
// RFC 5545, section 3.6.5.
type observance struct {
	start    time.Time // on the wall, in UTC
	from, to int       // seconds east of UTC
	summer   bool
	rule     string
	dates    []time.Time // RDATE, on the wall
}

// change is a time at which a clock is put to an offset.
type change struct {
	at     int64 // Unix seconds
	offset int
	summer bool
}

// changes returns when the clock is put by this observance, up to a year.
func (o observance) changes(lastYear int) ([]change, error) {
	walls := append([]time.Time{o.start}, o.dates...)
	if o.rule != "" {
		option, until, _, err := readRule(o.rule)
		if err != nil {
			return nil, errors.New("a rule of it cannot be read")
		}
		if option.Freq != rrule.YEARLY && option.Freq != rrule.MONTHLY {
			return nil, errors.New("its clock changes too often")
		}
		option.Dtstart = o.start
		if o.start.Year() < firstYear { // 1601 is how some programs say: since ever
			option.Dtstart = o.start.AddDate((firstYear-o.start.Year()+399)/400*400, 0, 0) // whole cycles of the calendar
		}
		last := time.Date(lastYear, time.December, 31, 0, 0, 0, 0, time.UTC)
		option.Until = last
		if until != "" {
			wall, _, zone, err := wallTime(until)
			if err != nil {
				return nil, errors.New("a rule of it cannot be read")
			}
			if zone == "Z" {
				wall = wall.Add(time.Duration(o.from) * time.Second)
			}
			if wall.Before(last) {
				option.Until = wall
			}
		}
		if err := checkRule(option); err != nil {
			return nil, err
		}
		rule, err := rrule.NewRRule(*option)
		if err != nil {
			return nil, errors.New("a rule of it cannot be followed")
		}
		next := rule.Iterator()
		for wall, ok := next(); ok; wall, ok = next() {
			if walls = append(walls, wall); len(walls) > maxChanges {
				return nil, errors.New("its clock changes too often")
			}
		}
	}
	found := make([]change, len(walls))
	for i, wall := range walls {
		found[i] = change{at: wall.Unix() - int64(o.from), offset: o.to, summer: o.summer}
	}
	return found, nil
}

// ownZone returns a time zone made of its observances.
func ownZone(name string, observances []observance, now time.Time) (*time.Location, error) {
	if len(observances) == 0 {
		return nil, errors.New("it says nothing about its clock")
	}
	var changes []change
	for _, o := range observances {
		more, err := o.changes(now.Year() + zoneAhead)
		if err != nil {
			return nil, err
		}
		if changes = append(changes, more...); len(changes) > maxChanges {
			return nil, errors.New("its clock changes too often")
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return int(min(max(a.at-b.at, -1), 1)) })
	earliest := slices.MinFunc(observances, func(a, b observance) int { return a.start.Compare(b.start) })
	zone, err := time.LoadLocationFromTZData(name, zoneData(earliest.from, changes))
	if err != nil {
		return nil, errors.New("it cannot be read")
	}
	return zone, nil
}

// zoneData writes changes of the clock in the form of RFC 9636, which package
// time reads. before is the offset before the first change.
func zoneData(before int, changes []change) []byte {
	type kind struct {
		offset int32
		summer bool
	}
	kinds := []kind{{offset: int32(before)}}
	var times, indexes bytes.Buffer
	last := int64(-1 << 62)
	count := 0
	for _, c := range changes {
		k := kind{int32(c.offset), c.summer}
		i := slices.Index(kinds[1:], k) + 1
		if i == 0 {
			if len(kinds) == 255 {
				continue // no clock has so many offsets
			}
			i, kinds = len(kinds), append(kinds, k)
		}
		if c.at <= last {
			continue // times must rise; of two changes at one time the first counts
		}
		last = c.at
		count++
		times.Write(binary.BigEndian.AppendUint64(nil, uint64(c.at)))
		indexes.WriteByte(byte(i))
	}
	header := func(times, kinds, letters int) []byte {
		h := append([]byte("TZif2"), make([]byte, 15)...)
		for _, n := range [...]int{0, 0, 0, times, kinds, letters} {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		return h
	}
	const letters = "STD\x00DST\x00"
	data := header(0, 0, 0) // the part for programs that know only 32 bits
	data = append(data, header(count, len(kinds), len(letters))...)
	data = append(data, times.Bytes()...)
	data = append(data, indexes.Bytes()...)
	for _, k := range kinds {
		data = binary.BigEndian.AppendUint32(data, uint32(k.offset))
		if k.summer {
			data = append(data, 1, 4)
		} else {
			data = append(data, 0, 0)
		}
	}
	data = append(data, letters...)
	return append(data, "\n\n"...)
}

// parseOffset reads an offset from UTC such as +0100 or -033000, in seconds.
func parseOffset(text string) (int, bool) {
	if len(text) != 5 && len(text) != 7 || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[1:]+strings.Repeat("0", 7-len(text)), 10, 32)
	if err != nil {
		return 0, false
	}
	offset := int(n/10_000*3600 + n/100%100*60 + n%100)
	if offset >= maxOffset {
		return 0, false
	}
	if text[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// observances reads the parts of a VTIMEZONE. It leaves out those that cannot be
// read, and reports them.
func (r *reader) observances(zone *ical.Component) []observance {
	var found []observance
	for _, part := range zone.Parts {
		if part.Name != "STANDARD" && part.Name != "DAYLIGHT" {
			continue
		}
		o := observance{summer: part.Name == "DAYLIGHT"}
		hasStart, hasFrom, hasTo, fits := false, false, false, true
		for i := range part.Properties {
			p := &part.Properties[i]
			value := strings.TrimSpace(p.Value)
			switch p.Name {
			case "DTSTART":
				wall, _, _, err := wallTime(value)
				o.start, hasStart = wall, err == nil
			case "TZOFFSETFROM":
				o.from, hasFrom = parseOffset(value)
			case "TZOFFSETTO":
				o.to, hasTo = parseOffset(value)
			case "RRULE":
				o.rule = value
			case "RDATE":
				for value := range strings.SplitSeq(value, ",") {
					wall, _, _, err := wallTime(value)
					o.dates, fits = append(o.dates, wall), fits && err == nil
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
