package barring

import "time"

// instant is a time, as what has passed since 1970.
type instant = time.Duration

// hours is how many hours of the clock a day holds: 24, and the one that has
// begun. What was spent thus counts for 24 to 25 hours, and a ceiling holds in
// any 24.
const hours = 25

// Day is how old the hours are that still count.
const Day = hours * time.Hour

// day has the time spent in the last hours.
type day struct {
	last  int64 // the latest hour, since 1970
	spent [hours]time.Duration
	saved [hours]time.Duration // of spent, what a database has
}

func hourOf(t instant) int64 { return int64(t / time.Hour) }

// advance goes on to an hour, and forgets those that are a day older.
func (d *day) advance(hour int64) {
	for next := max(d.last+1, hour-hours+1); next <= hour; next++ {
		d.spent[next%hours], d.saved[next%hours] = 0, 0
	}
	d.last = max(d.last, hour)
}

// add adds the time between two instants, so many times over.
func (d *day) add(times int, from, to instant) {
	d.advance(hourOf(to))
	for hour := max(hourOf(from), d.last-hours+1); hour <= hourOf(to); hour++ {
		begin := instant(hour) * time.Hour
		d.spent[hour%hours] += time.Duration(times) * (min(to, begin+time.Hour) - max(from, begin))
	}
}

// total returns the time spent, once the day is advanced.
func (d *day) total() time.Duration {
	var sum time.Duration
	for _, spent := range d.spent {
		sum += spent
	}
	return sum
}

// Spent is time that an owner spent on calls within an hour of the clock.
type Spent struct {
	Owner string
	Hour  time.Time // its beginning
	Time  time.Duration
}

func (s Spent) hour() int64 { return hourOf(instant(s.Hour.UnixNano())) }

// has reports whether an hour is one of the last.
func (d *day) has(hour int64) bool { return d.last-hours < hour && hour <= d.last }

// restore adds what a database has.
func (d *day) restore(s Spent) {
	if hour := s.hour(); d.has(hour) {
		d.spent[hour%hours] += s.Time
		d.saved[hour%hours] += s.Time
	}
}

// appendUnsaved appends what a database does not have yet, in whole milliseconds.
// It is less than nothing where a call turned out to be shorter.
func (d *day) appendUnsaved(rows []Spent, owner string) []Spent {
	for hour := d.last - hours + 1; hour <= d.last; hour++ {
		if more := (d.spent[hour%hours] - d.saved[hour%hours]).Truncate(time.Millisecond); more != 0 {
			rows = append(rows, Spent{owner, time.Unix(hour*3600, 0).UTC(), more})
		}
	}
	return rows
}

// markSaved records that a database has a row.
func (d *day) markSaved(s Spent) {
	if hour := s.hour(); d.has(hour) {
		d.saved[hour%hours] += s.Time
	}
}
