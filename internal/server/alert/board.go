package alert

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// Board holds what to tell, and what was told: a state machine without a clock
// and without a network. Its methods take the time; it is not safe for
// concurrent use.
type Board struct {
	Matters map[Key]*Matter

	repeat    time.Duration       // how long the same is not told again
	pasteable func(string) string // has commands run as they stand in a text
	happened  []activity.Item     // since it was read
}

const (
	// maxMatters bounds the matters of one kind. A thousand entries that fail
	// at once are one problem, and nobody reads a thousand alerts.
	maxMatters = 50

	// manyAbout is the subject of the alerts beyond those.
	manyAbout = "others"

	// allOfKind is the subject of the mute of a whole kind.
	allOfKind = "*"

	// kindPace is how long after an alert of a kind the next about something
	// else waits, for more that can be told with it.
	kindPace = time.Minute

	// causeWait is how long we wait for the cause of something: it is found
	// within two minutes of its beginning, if not sooner. After its end what
	// followed from it has as long to be well again.
	causeWait = 3 * time.Minute

	// remindAfter is how long something can stand until it is told again.
	remindAfter = 24 * time.Hour

	// giveUpAfter is how long we try to send a report. A chat that is down for
	// longer gets what has come up since.
	giveUpAfter = 15 * time.Minute

	// lease is how long a server may take to send a report before another one
	// sends it.
	lease = time.Minute

	// forgetAfter is how long what is over can be listed.
	forgetAfter = 30 * 24 * time.Hour

	// staleAfter is how long what does not last is worth telling: by a way that
	// is new, or by a server that was off.
	staleAfter = time.Hour
)

// raise records that a server has raised an alert so many times.
func (b *Board) raise(a Alert, count int, server string, now time.Time) {
	key := Key{a.Kind, a.About}
	if kinds[a.Kind].shared {
		server = ""
	}
	if b.Matters[key] == nil && b.full(a.Kind, now) {
		key.About = manyAbout
	}
	if b.Matters[key] == nil {
		b.Matters[key] = &Matter{}
	}
	b.Matters[key].raise(a, count, server, b.repeat, now)
}

// full says whether a kind has reached the limit of matters, after dropping one
// that is over.
func (b *Board) full(kind Kind, now time.Time) bool {
	n, oldest := 0, Key{}
	for key, m := range b.Matters {
		if key.Kind != kind {
			continue
		}
		n++
		if !b.waits(key, m) && !m.Muted.After(now) && (b.Matters[oldest] == nil || m.At.Before(b.Matters[oldest].At)) {
			oldest = key
		}
	}
	if n >= maxMatters && b.Matters[oldest] != nil && now.Sub(b.Matters[oldest].At) >= b.repeat {
		delete(b.Matters, oldest)
		n--
	}
	return n >= maxMatters
}

// waits reports whether there may be more to tell of a matter.
func (b *Board) waits(key Key, m *Matter) bool {
	if key.Kind.Lasts() && m.Stands() {
		return true
	}
	for _, t := range m.Ways {
		if t.Upto < m.Total && m.Stands() || t.Open && !m.Ended.IsZero() || !t.Busy.IsZero() {
			return true
		}
	}
	return len(m.Ways) == 0
}

// resolve records the end of a matter, and says what to do now.
func (b *Board) resolve(key Key, now string, server string, at time.Time) {
	if kinds[key.Kind].shared {
		server = ""
	}
	m := b.Matters[key]
	if m == nil || !m.resolve(now, server, at) {
		return
	}
	for other, follows := range b.Matters { // its end tells what has followed
		if follows.Cause == nil || *follows.Cause != key || other.Kind.Lasts() {
			continue
		}
		for way, t := range m.Ways {
			if t.Open {
				told := follows.telling(way)
				told.Upto, told.Told = follows.Total, at
				follows.setTelling(way, told)
			}
		}
	}
}

// Mute keeps a matter quiet until a time, and returns until when it was before:
// with about as "", all of a kind. The zero time ends that.
func (b *Board) Mute(key Key, until time.Time) (before time.Time) {
	key.About = cmp.Or(key.About, allOfKind)
	m := b.Matters[key]
	if m == nil {
		m = &Matter{}
		b.Matters[key] = m
	}
	before, m.Muted = m.Muted, until
	if m.Total == 0 && until.IsZero() {
		delete(b.Matters, key)
	}
	return before
}

// Works notes that a way works.
func (b *Board) Works(way string, now time.Time) {
	b.resolve(Key{Undelivered, way}, "", "", now)
}

// Muted returns until when a matter on the board is muted, itself or with all of
// its kind.
func (b *Board) Muted(key Key) time.Time {
	until := b.Matters[key].Muted
	if all := b.Matters[Key{key.Kind, allOfKind}]; all != nil && all.Muted.After(until) {
		until = all.Muted
	}
	return until
}

// forget drops what is over for long.
func (b *Board) forget(now time.Time) {
	maps.DeleteFunc(b.Matters, func(key Key, m *Matter) bool {
		return now.Sub(m.At) >= forgetAfter && !m.Muted.After(now) && !(key.Kind.Lasts() && m.Stands())
	})
}

// due returns when a matter is to be told by a way, and whether its end is; ok
// is false if there is nothing to tell.
func (b *Board) due(key Key, m *Matter, way string, now time.Time) (at time.Time, ended, ok bool) {
	t := m.telling(way)
	switch {
	case m.Total == 0 || key.Kind == Undelivered && key.About == way:
		return at, false, false
	case !m.Ended.IsZero():
		if !t.Open || b.groupStands(key, m, way) {
			return at, false, false
		}
		if at, ended = m.Ended, true; m.comesAndGoes() {
			at = at.Add(b.repeat)
		}
	case !key.Kind.Lasts():
		if t.Upto == m.Total || now.Sub(m.At) >= max(staleAfter, b.repeat) {
			return at, false, false
		}
		if at = m.Up; !t.Told.IsZero() {
			at = later(at, t.Told.Add(b.repeat))
		}
	case t.Open:
		at = t.Told.Add(remindAfter)
	case m.Total-m.Downs < kinds[key.Kind].times:
		return at, false, false
	default:
		if at = m.Up.Add(kinds[key.Kind].over); !t.Told.IsZero() {
			at = later(at, t.Told.Add(b.repeat))
		}
	}
	if !ended {
		since, caused := b.caused(m)
		if since.IsZero() && caused {
			return at, false, false
		}
		at = later(at, since)
	}
	at = later(later(at, b.Muted(key)), later(t.Next, t.Busy))
	return later(at, b.paced(key, way, ended)), ended, true
}

// caused says from when on something is told by itself although it has a cause;
// the zero time: not while its cause stands.
func (b *Board) caused(m *Matter) (from time.Time, caused bool) {
	if m.Cause == nil {
		return time.Time{}, false
	}
	from = m.Up.Add(causeWait)
	if cause := b.Matters[*m.Cause]; cause != nil && cause.Total > 0 {
		if cause.Ended.IsZero() {
			return time.Time{}, true
		}
		from = later(from, cause.Ended.Add(causeWait))
	}
	return from, true
}

// groupStands reports whether something stands that was told together with a
// matter: their end is told together too.
func (b *Board) groupStands(key Key, m *Matter, way string) bool {
	group := m.telling(way).Group
	if group.IsZero() {
		return false
	}
	for other, with := range b.Matters {
		if other.Kind == key.Kind && with.Stands() && with.telling(way).Group.Equal(group) {
			return true
		}
	}
	return false
}

// paced is until when a matter waits for others of its kind that can be told
// with it, because one was just told.
func (b *Board) paced(key Key, way string, ended bool) (until time.Time) {
	for other, m := range b.Matters {
		if t := m.telling(way); other.Kind == key.Kind && other.About != key.About && t.Open != ended && !t.Told.IsZero() {
			until = later(until, t.Told.Add(kindPace))
		}
	}
	return until
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// next returns what is told first by a way, and when; ok is false if there is
// nothing to tell.
func (b *Board) next(way string, now time.Time) (first Key, due time.Time, ended, ok bool) {
	for key, m := range b.Matters {
		at, over, waits := b.due(key, m, way, now)
		// Comparing the keys only makes the map's order stable.
		if waits && (!ok || cmp.Or(at.Compare(due), compareKeys(key, first)) < 0) {
			first, due, ended, ok = key, at, over, true
		}
	}
	return first, due, ended, ok
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.About, b.About))
}

// claim returns what is to be told now by a way, with all of its kind that is to
// be told now too, and takes it: no other server sends it.
func (b *Board) claim(way string, now time.Time) (r report, ok bool) {
	first, due, ended, waits := b.next(way, now)
	if !waits || due.After(now) {
		return report{}, false
	}
	keys := []Key{}
	for key, m := range b.Matters {
		at, over, waits := b.due(key, m, way, now)
		if key.Kind == first.Kind && waits && over == ended && !at.After(now) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	r = report{way: way, ended: ended, at: now}
	for _, key := range keys {
		m := b.Matters[key]
		t := m.telling(way)
		r.parts = append(r.parts, newItem(b, key, m, t))
		t.Busy = now.Add(lease)
		m.setTelling(way, t)
	}
	return r, true
}

// done records that a report has arrived.
func (b *Board) done(r report, now time.Time) {
	b.Works(r.way, now)
	b.each(r, func(_ *Matter, p item, _ Telling) Telling {
		if r.way == logWay {
			b.record(r.happened(), p.key, why.Args{"text": p.text})
		}
		next := Telling{Upto: p.upto, Open: !r.ended, Told: now}
		if len(r.parts) > 1 {
			next.Group = r.at
		}
		return next
	})
}

// failed records that a report has not arrived. It is tried again, unless it is
// hopeless or was tried for too long.
func (b *Board) failed(r report, now time.Time, p *Problem) (gaveUp bool) {
	b.each(r, func(m *Matter, sent item, t Telling) Telling {
		if t.First.IsZero() {
			t.First = now
		}
		t.Tries++
		t.Busy, t.Why = time.Time{}, p.Reason
		t.Next = now.Add(max(pauseAfter(t.Tries), min(p.Wait, longestPause)))
		if !p.Hopeless && now.Sub(t.First) < giveUpAfter {
			return t
		}
		gaveUp = true
		next := Telling{Upto: sent.upto, Open: t.Open && !r.ended, Told: now, Why: p.Reason}
		if m.Total > sent.upto {
			next.Upto = t.Upto // what was lost is told with what came since
		}
		b.record(NotReceived, sent.key, why.Args{"way": r.way, "problem": p.Reason, "text": sent.text})
		return next
	})
	if gaveUp {
		a := undelivered(r.way, p)
		a.Do = b.pasteable(a.Do)
		b.raise(a, 1, "", now)
	}
	return gaveUp
}

// undelivered is the alert that others do not arrive by a way.
func undelivered(way string, p *Problem) Alert {
	return Alert{Kind: Undelivered, About: way, Do: "See what stands with: switchhook alert list; once it is fixed, try with: switchhook alert test",
		Text: "Alerts do not arrive by " + way + ": " + p.Reason + "."}
}

// each changes what was told by a way of the matters of a report.
func (b *Board) each(r report, change func(*Matter, item, Telling) Telling) {
	for _, p := range r.parts {
		if m := b.Matters[p.key]; m != nil { // else it was forgotten meanwhile
			m.setTelling(r.way, change(m, p, m.telling(r.way)))
		}
	}
}

const (
	// firstPause is the pause after an alert that did not arrive. It doubles
	// each time, up to longestPause.
	firstPause   = 2 * time.Second
	longestPause = 2 * time.Minute
)

func pauseAfter(tries int) time.Duration {
	return min(firstPause<<min(tries-1, 10), longestPause)
}
