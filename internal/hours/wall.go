package hours

import "time"

// farthest is more than any zone is from UTC.
const farthest = 27 * time.Hour

// Instant returns when a clock on the wall of a zone shows a time, which is
// given as a time of UTC; a nil zone is the machine's. As RFC 5545, section
// 3.3.5, has it, a time that does not exist because clocks are put forward is
// read by the offset before, and one that comes twice is the first.
func Instant(wall time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.Local
	}
	for at, before := wall.Add(-farthest).In(zone), 0; ; {
		_, offset := at.Zone()
		start, end := at.ZoneBounds()
		found := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		switch {
		case !end.IsZero() && !found.Before(end):
			at, before = end, offset
		case !start.IsZero() && found.Before(start):
			return wall.Add(-time.Duration(before) * time.Second).In(zone) // between the two offsets
		default:
			return found
		}
	}
}

// Wall returns what a clock on the wall shows at a time, by that time's zone,
// as a time of UTC.
func Wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.Add(time.Duration(offset) * time.Second).UTC()
}
