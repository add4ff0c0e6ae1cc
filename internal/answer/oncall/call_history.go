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

// callHistory remembers who was put through to whom: for the policies that need
// it, for the attempts of a caller, and for notifications of phone systems. Its
// owner holds a lock for each method.
type callHistory struct {
	rung    map[turn]time.Time
	engaged map[string]time.Time
	busy    map[string]*call
	calls   map[party]*call  // the last of each caller
	byID    map[string]*call // by the phone system's id
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
	id      string   // the phone system's id, once it is known
	helped  bool     // somebody picked up
	ended   bool
}

func newCallHistory() *callHistory {
	return &callHistory{
		rung: map[turn]time.Time{}, engaged: map[string]time.Time{}, busy: map[string]*call{},
		calls: map[party]*call{}, byID: map[string]*call{},
	}
}

// attemptOf returns which attempt of a caller a request is, whether we counted
// that ourselves, and whom they were put through to before.
func (h *callHistory) attemptOf(p party, told int, repeatWithin time.Duration, now time.Time) (attempt int, repeated bool, tried []string) {
	last := h.calls[p]
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

// pastOf returns what is known of a person on a route.
func (h *callHistory) pastOf(route, key string) Past {
	c := h.busy[key]
	return Past{Rung: h.rung[turn{route, key}], Engaged: h.engaged[key], Busy: c != nil}
}

// addCall records that a caller is put through to somebody.
func (h *callHistory) addCall(c *call) {
	h.prune(c.at)
	if c.key != "" {
		if len(h.rung) >= maxPeople || len(h.engaged) >= maxPeople {
			clear(h.rung) // people come and go; who is on call now is back at their next call
			clear(h.engaged)
		}
		h.rung[turn{c.party.route, c.key}] = c.at
		h.engaged[c.key] = c.at
	}
	h.calls[c.party] = c
	h.queue = append(h.queue, c)
}

// restore takes in what an earlier process recorded, unless more is known.
func (h *callHistory) restore(r *Record) {
	if r.Key == "" {
		return
	}
	at := r.At
	if h.rung[turn{r.Route, r.Key}].Before(at) {
		h.rung[turn{r.Route, r.Key}] = at
	}
	if r.Outcome == Talked && r.Ended.After(at) {
		at = r.Ended
	}
	if h.engaged[r.Key].Before(at) {
		h.engaged[r.Key] = at
	}
}

// prune forgets old calls.
func (h *callHistory) prune(now time.Time) {
	n := 0
	for n < len(h.queue) && (now.Sub(h.queue[n].at) > keepCalls || len(h.queue)-n >= maxCalls) {
		c := h.queue[n]
		if h.calls[c.party] == c {
			delete(h.calls, c.party)
		}
		if h.byID[c.id] == c {
			delete(h.byID, c.id)
		}
		if h.busy[c.key] == c {
			delete(h.busy, c.key)
		}
		h.queue[n] = nil
		n++
	}
	h.queue = h.queue[n:]
}

// findCall returns the call that a notification is about. The webhook of the phone
// system has no id of the call, so the first notification after it is matched by
// the caller and the called number; those that follow by the id. If several
// calls match, as with callers who hide their numbers, it returns none.
func (h *callHistory) findCall(n *Notification, now time.Time) *call {
	if c := h.byID[n.CallID]; c != nil {
		// The next attempt of the same call has a decision of its own.
		if last := h.calls[c.party]; last != nil && last != c && last.id == "" && !c.helped && !c.ended && c.party.caller != "" {
			last.id = n.CallID
			h.byID[n.CallID] = last
			return last
		}
		return c
	}
	caller, did := keyOfNumber(n.Caller), keyOfNumber(n.DID)
	var found *call
	for i := len(h.queue) - 1; i >= 0 && now.Sub(h.queue[i].at) <= bindWithin; i-- {
		c := h.queue[i]
		if c.id != "" || c.ended || !matches(c.party.caller, caller) || c.did != "" && n.DID != "" && !matches(c.did, did) {
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
		found.id = n.CallID
		h.byID[n.CallID] = found
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

// recordAnswered records that a call's person has picked up.
func (h *callHistory) recordAnswered(c *call, now time.Time) {
	c.helped = true
	if c.key != "" {
		h.busy[c.key] = c
		h.engaged[c.key] = now
	}
}

// recordEnd records that a call is over.
func (h *callHistory) recordEnd(c *call, now time.Time) {
	c.ended = true
	if h.busy[c.key] == c {
		delete(h.busy, c.key)
		h.engaged[c.key] = now
	}
}
