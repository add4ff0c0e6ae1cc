package engine

import (
	"net/url"
	"strings"
	"sync"
	"time"
)

// The circuit breaker's limits. Five failures in a row are more than a restart
// of the responder causes; half a minute is how long callers are turned away
// before one of them tries again.
const (
	breakerFailures = 5
	breakerCooldown = 30 * time.Second
)

// breakers keeps dead responders from holding calls: after breakerFailures
// failures in a row an origin is not asked for breakerCooldown, then one call
// tries it. All calls share one.
type breakers struct {
	now func() time.Time

	mu      sync.Mutex
	origins map[string]*breaker // only of origins whose last answer was a failure
}

type breaker struct {
	failures int
	until    time.Time // not asked before
}

// allow reports whether the origin may be asked, and if not, for how long.
func (b *breakers) allow(u *url.URL) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := b.origins[originOf(u)]
	if state == nil || state.failures < breakerFailures {
		return 0, true
	}
	now := b.now()
	if now.Before(state.until) {
		return state.until.Sub(now), false
	}
	state.until = now.Add(breakerCooldown) // this one tries; the others wait for it
	return 0, true
}

// report records whether asking the origin succeeded.
func (b *breakers) report(u *url.URL, healthy bool) {
	origin := originOf(u)
	b.mu.Lock()
	defer b.mu.Unlock()
	if healthy {
		delete(b.origins, origin)
		return
	}
	if b.origins == nil {
		b.origins = make(map[string]*breaker)
	}
	state := b.origins[origin]
	if state == nil {
		b.forgetOld()
		state = &breaker{}
		b.origins[origin] = state
	}
	state.failures++
	state.until = b.now().Add(breakerCooldown)
}

// maxBroken bounds the origins that are remembered: documents can name any
// number of them.
const maxBroken = 10_000

func (b *breakers) forgetOld() {
	if len(b.origins) < maxBroken {
		return
	}
	now := b.now()
	for origin, state := range b.origins {
		if now.After(state.until) {
			delete(b.origins, origin)
		}
	}
	if len(b.origins) >= maxBroken {
		clear(b.origins)
	}
}

func originOf(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }
