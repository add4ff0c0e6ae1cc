package hours

import "time"

// farthest is more than any zone is from UTC.
const farthest = 27 * time.Hour

// Instant returns when the wall clock of a zone shows a time, which is given as a
// time of UTC; a nil zone is the machine's. By RFC 5545, section 3.3.5, a time
// that does not exist because clocks are put forward is read with the previous
// offset, and of a time that comes twice the first counts.
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

// Wall returns what the wall clock of a time's zone shows at that time, as a time
// of UTC.
func Wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.Add(time.Duration(offset) * time.Second).UTC()
}
