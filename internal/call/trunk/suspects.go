package trunk

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

// suspectFor is how long a server that did not answer is tried after the others:
// calls do not wait for it, and one that works again is soon back in use.
const suspectFor = 5 * time.Minute

// maxAvoided bounds how long a server can ask not to be used, by Retry-After.
const maxAvoided = time.Hour

// suspects are the servers that did not answer lately, or said that they have too
// much to do, and until when each is tried after the others.
type suspects map[dialog.Hop]time.Time

// note takes a server up, for as long as it asked for; 0: it did not.
func (s suspects) note(hop dialog.Hop, retryAfter time.Duration, now time.Time) {
	maps.DeleteFunc(s, func(_ dialog.Hop, until time.Time) bool { return !now.Before(until) })
	if retryAfter <= 0 {
		retryAfter = suspectFor
	}
	s[hop] = now.Add(min(retryAfter, maxAvoided))
}

// clear forgets a server: it answered.
func (s suspects) clear(hop dialog.Hop) { delete(s, hop) }

// last returns servers in their order, but for suspects, which come after all
// others: first the one that is suspected for the shortest time.
func (s suspects) last(hops []dialog.Hop, now time.Time) []dialog.Hop {
	rest := func(hop dialog.Hop) time.Duration { return max(0, s[hop].Sub(now)) }
	sorted := slices.Clone(hops)
	slices.SortStableFunc(sorted, func(a, b dialog.Hop) int { return cmp.Compare(rest(a), rest(b)) })
	return sorted
}
