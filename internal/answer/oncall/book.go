package oncall

import (
	"time"
)

const (
	// keepCalls is how long a call is remembered for the phone system's
	// notifications. Calls to people on call can be long.
	keepCalls = 4 * time.Hour

	// maxCalls bounds the calls that are remembered; past it the oldest go.
	maxCalls = 20_000

	// maxPeople bounds the people of whom we remember when they were rung.
	maxPeople = 10_000

	// bindWithin is how long after a decision we expect the phone system's first
	// notification of the call: it comes with the call itself.
	bindWithin = 2 * time.Minute

	// nextAttempt is how long after one attempt a phone system asks for the
	// next: it lets a telephone ring for half a minute, rarely for minutes.
	nextAttempt = 5 * time.Minute
)

// book remembers who was put through to whom: for the policies that need it, for
// the attempts of a caller, and for notifications of phone systems. Its owner
// holds a lock for each method.
type book struct {
	rung    map[turn]time.Time
	engaged map[string]time.Time
	busy    map[string]*call
	calls   map[party]*call  // the last of each caller
	told    map[string]*call // by the phone system's id
	queue   []*call          // by age, the oldest first
}

// turn is a person on a route.
type turn struct{ route, key string }

// party is a caller of a route, by the digits of their number.
type party struct{ route, caller string }

// call is a caller who was put through to somebody.
type call struct {
	record  *Record
	party   party
	did     string
	at      time.Time
	attempt int
	key     string
	number  string   // digits
	tried   []string // keys, this one's last
	told    string   // the phone system's id, once it is known
	helped  bool     // somebody picked up
	ended   bool
}

func newBook() *book {
	return &book{
		rung: map[turn]time.Time{}, engaged: map[string]time.Time{}, busy: map[string]*call{},
		calls: map[party]*call{}, told: map[string]*call{},
	}
}

// attempt returns which attempt of a caller a request is, whether we counted
// that ourselves, and whom they were put through to before.
func (b *book) attempt(p party, told int, repeatWithin time.Duration, now time.Time) (attempt int, repeated bool, tried []string) {
	last := b.calls[p]
	known := last != nil && p.caller != "" && !last.helped
	switch {
	case told > 1 && known && now.Sub(last.at) <= nextAttempt && last.attempt < told:
		return told, false, last.tried
	case told > 0:
		return told, false, nil
	case known && repeatWithin > 0 && now.Sub(last.at) <= repeatWithin:
		if last.key == "" {
			return last.attempt, true, last.tried // the fallback was rung, which no level was asked for
		}
		return min(last.attempt+1, maxAttempt), true, last.tried
	}
	return 1, false, nil
}

// past returns what is known of a person on a route.
func (b *book) past(route, key string) Past {
	c := b.busy[key]
	return Past{Rung: b.rung[turn{route, key}], Engaged: b.engaged[key], Busy: c != nil}
}

// put records that a caller is put through to somebody.
func (b *book) put(c *call) {
	b.prune(c.at)
	if c.key != "" {
		if len(b.rung) >= maxPeople || len(b.engaged) >= maxPeople {
			clear(b.rung) // people come and go; who is on call now is back at their next call
			clear(b.engaged)
		}
		b.rung[turn{c.party.route, c.key}] = c.at
		b.engaged[c.key] = c.at
	}
	b.calls[c.party] = c
	b.queue = append(b.queue, c)
}

// recall takes in what an earlier process recorded, unless more is known.
func (b *book) recall(r *Record) {
	if r.Key == "" {
		return
	}
	at := r.At
	if b.rung[turn{r.Route, r.Key}].Before(at) {
		b.rung[turn{r.Route, r.Key}] = at
	}
	if r.Outcome == Talked && r.Ended.After(at) {
		at = r.Ended
	}
	if b.engaged[r.Key].Before(at) {
		b.engaged[r.Key] = at
	}
}

// prune forgets old calls.
func (b *book) prune(now time.Time) {
	n := 0
	for n < len(b.queue) && (now.Sub(b.queue[n].at) > keepCalls || len(b.queue)-n >= maxCalls) {
		c := b.queue[n]
		if b.calls[c.party] == c {
			delete(b.calls, c.party)
		}
		if b.told[c.told] == c {
			delete(b.told, c.told)
		}
		if b.busy[c.key] == c {
			delete(b.busy, c.key)
		}
		b.queue[n] = nil
		n++
	}
	b.queue = b.queue[n:]
}

// find returns the call that a notification is about. The webhook of the phone
// system has no id of the call, so the first notification after it is matched by
// the caller and the called number; those that follow by the id. If several
// calls match, as with callers who hide their numbers, it returns none.
func (b *book) find(n *Notification, now time.Time) *call {
	if c := b.told[n.CallID]; c != nil {
		// The next attempt of the same call has a decision of its own.
		if last := b.calls[c.party]; last != nil && last != c && last.told == "" && !c.helped && !c.ended && c.party.caller != "" {
			last.told = n.CallID
			b.told[n.CallID] = last
			return last
		}
		return c
	}
	caller, did := keyOfNumber(n.Caller), keyOfNumber(n.DID)
	var found *call
	for i := len(b.queue) - 1; i >= 0 && now.Sub(b.queue[i].at) <= bindWithin; i-- {
		c := b.queue[i]
		if c.told != "" || c.ended || !matches(c.party.caller, caller) || c.did != "" && n.DID != "" && !matches(c.did, did) {
			continue
		}
		if found != nil {
			if caller == "" || found.party != c.party {
				return nil
			}
			continue // an earlier attempt of the same caller
		}
		found = c
	}
	if found != nil {
		found.told = n.CallID
		b.told[n.CallID] = found
	}
	return found
}

// matches reports whether two numbers are one, of which the second may lack its
// calling code.
func matches(a, b string) bool {
	if a == b {
		return true
	}
	if len(b) > len(a) {
		a, b = b, a
	}
	if len(b) > 1 && b[0] == '0' {
		b = b[1:]
	}
	return len(b) >= minInternational-1 && len(a)-len(b) <= 3 && a[len(a)-len(b):] == b
}

// engage records that a call's person has picked up.
func (b *book) engage(c *call, now time.Time) {
	c.helped = true
	if c.key != "" {
		b.busy[c.key] = c
		b.engaged[c.key] = now
	}
}

// end records that a call is over.
func (b *book) end(c *call, now time.Time) {
	c.ended = true
	if b.busy[c.key] == c {
		delete(b.busy, c.key)
		b.engaged[c.key] = now
	}
}
