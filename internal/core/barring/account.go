package barring

import "time"

// account is what an owner, or the whole server, has in hand and has used.
type account struct {
	owner   string // empty: the server
	calls   int    // in hand
	metered int    // of them, those whose minutes count
	settled instant
	day     day
	dear    []instant // when calls abroad or to premium numbers began within the last hour
}

func newAccount(owner string, now instant) *account {
	a := &account{owner: owner, settled: now}
	a.day.advance(hourOf(now))
	return a
}

// settle counts the minutes of calls in hand up to now.
func (a *account) settle(now instant) {
	a.day.add(a.metered, a.settled, now)
	a.settled = now
}

// begin counts a call, once the account is settled.
func (a *account) begin(t target, now instant) {
	a.calls++
	if t.metered {
		a.metered++
	}
	if t.dear {
		a.dear = append(a.dear, now)
	}
}

// end counts the end of a call that began at an instant, and takes back the
// minutes in which it only rang.
func (a *account) end(t target, began instant, talked time.Duration, now instant) {
	a.settle(now)
	a.calls--
	if t.metered {
		a.metered--
		a.day.add(-1, began, now-min(max(talked, 0), now-began))
	}
}

// lately returns how many calls abroad or to premium numbers began within an hour.
func (a *account) lately(now instant) int {
	old := 0
	for old < len(a.dear) && now-a.dear[old] >= time.Hour {
		old++
	}
	a.dear = append(a.dear[:0], a.dear[old:]...)
	return len(a.dear)
}

// idle reports whether nothing would be lost if the settled account was forgotten.
func (a *account) idle(now instant) bool {
	return a.calls == 0 && a.lately(now) == 0 && a.day == day{last: a.day.last}
}
