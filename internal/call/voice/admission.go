package voice

import (
	"net/netip"
	"time"
)

// Refusal is why a call was turned down. The values are the whole set, so that a
// metric may have them as a label.
type Refusal string

// Why a call is turned down, with 503 and Retry-After.
const (
	Full       Refusal = "calls"        // there are MaxCalls
	TooFast    Refusal = "rate"         // MaxPerSecond have just begun
	SourceFull Refusal = "source_calls" // there are MaxOfSource of its source
	SourceFast Refusal = "source_rate"  // MaxOfSourcePerSecond of its source have just begun
	Draining   Refusal = "draining"     // the calls in hand drain
	NoPort     Refusal = "no_port"      // every port for sound is in use
	taken      Refusal = ""             // it is not turned down
)

// refusals are all of them.
var refusals = [...]Refusal{Full, TooFast, SourceFull, SourceFast, Draining, NoPort}

// admission decides which calls are taken, within limits for all and for each
// source. It is a value without a clock; times are since it was made.
type admission struct {
	total, ofSources, ofSource limits
	inHand                     int
	pace, paceOfSources        pace
	sources                    map[netip.Prefix]*share
}

// limits are how many calls there may be at once, and how many may begin in a
// second.
type limits struct{ calls, perSecond int }

// share is what a source has of the calls.
type share struct {
	inHand int
	pace   pace
}

// newAdmission returns the admission within limits for all, of which some are kept for
// calls without a source, and limits for each source.
func newAdmission(total, kept, ofSource limits) admission {
	return admission{
		total: total, ofSources: limits{total.calls - kept.calls, total.perSecond - kept.perSecond}, ofSource: ofSource,
		sources: make(map[netip.Prefix]*share),
	}
}

// judge says why a call would not be taken. The zero source is one of those that
// have no limit of their own.
func (a *admission) judge(source netip.Prefix, now time.Duration) Refusal {
	own := a.shareOf(source)
	switch {
	case own != nil && own.inHand >= a.ofSource.calls:
		return SourceFull
	case own != nil && !own.pace.allows(a.ofSource.perSecond, now):
		return SourceFast
	case a.inHand >= a.total.calls, own != nil && a.inHand >= a.ofSources.calls:
		return Full
	case !a.pace.allows(a.total.perSecond, now), own != nil && !a.paceOfSources.allows(a.ofSources.perSecond, now):
		return TooFast
	}
	return taken
}

// admit takes a call, or says why not. What a source is refused costs the others
// nothing.
func (a *admission) admit(source netip.Prefix, now time.Duration) Refusal {
	if why := a.judge(source, now); why != taken {
		return why
	}
	own := a.shareOf(source)
	a.inHand++
	a.pace.take(a.total.perSecond, now)
	if own != nil {
		a.forget(now)
		a.paceOfSources.take(a.ofSources.perSecond, now)
		own.inHand++
		own.pace.take(a.ofSource.perSecond, now)
		a.sources[source] = own
	}
	return taken
}

// shareOf returns what a source has, which is not stored before it has a call; nil
// if it has no limit.
func (a *admission) shareOf(source netip.Prefix) *share {
	if source == (netip.Prefix{}) {
		return nil
	}
	if own := a.sources[source]; own != nil {
		return own
	}
	return &share{}
}

// leave takes back a call of a source that admit has taken.
func (a *admission) leave(source netip.Prefix) {
	a.inHand--
	if own := a.sources[source]; own != nil {
		own.inHand--
	}
}

// forget forgets the sources that are as if they had never called, once there are
// more of them than can have called in the last second or have a call. So a flood
// of sources leaves no more in memory, and few admissions pay for the search.
func (a *admission) forget(now time.Duration) {
	if len(a.sources) < a.total.calls+2*a.total.perSecond {
		return
	}
	for source, own := range a.sources {
		if own.inHand == 0 && own.pace.paid <= now {
			delete(a.sources, source)
		}
	}
}

// pace is how fast calls come. Each pays for a while; those who have paid for more
// than a second in advance wait. After a silence a whole second's calls may come
// at once. The zero value is after a silence.
type pace struct{ paid time.Duration }

// next returns until when is paid if one more call comes.
func (p pace) next(perSecond int, now time.Duration) time.Duration {
	return max(p.paid, now) + time.Second/time.Duration(perSecond)
}

func (p pace) allows(perSecond int, now time.Duration) bool {
	return p.next(perSecond, now)-now <= time.Second
}

func (p *pace) take(perSecond int, now time.Duration) { p.paid = p.next(perSecond, now) }
