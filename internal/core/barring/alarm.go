package barring

import (
	"fmt"
	"time"
)

// Kind is what an Alert is about. The set is closed.
type Kind string

// The kinds.
const (
	NearLimit        Kind = "near_limit"        // a ceiling is used to four fifths
	LimitReached     Kind = "limit_reached"     // a ceiling has turned a call down
	CallsBarred      Kind = "calls_barred"      // calls abroad or to premium numbers were turned down: maybe fraud
	EmergencyRefused Kind = "emergency_refused" // somebody has tried to call an emergency service
)

// Alert is what an operator should know. Those with the same Kind and Owner are
// one matter.
type Alert struct {
	Kind  Kind
	Owner string // empty: it concerns the whole server
	Text  string // what is the matter and what to do; numbers in it are masked
	Over  bool   // it has not come up for a while; there is no Text
}

// calm is how long nothing more must come up until an alert is over: as long as
// the same one is held back, so that calls that come and go do not flood a chat.
const calm = 15 * time.Minute

// matter identifies Alerts of one matter.
type matter struct {
	kind  Kind
	owner string
}

// alarms are the matters that are not over, by when they came up last.
type alarms struct {
	told func(Alert) // nil: nobody is
	last map[matter]instant
}

// raise tells that a matter has come up.
func (a *alarms) raise(kind Kind, owner string, now instant, text string) {
	a.last[matter{kind, owner}] = now
	a.tell(Alert{Kind: kind, Owner: owner, Text: text})
}

// persist tells of a matter once, however long it lasts.
func (a *alarms) persist(kind Kind, owner string, now instant, text func() string) {
	m := matter{kind, owner}
	if _, known := a.last[m]; !known {
		a.raise(kind, owner, now, text())
		return
	}
	a.last[m] = now
}

// review tells which matters are over.
func (a *alarms) review(now instant) {
	for m, last := range a.last {
		if now-last >= calm {
			delete(a.last, m)
			a.tell(Alert{Kind: m.kind, Owner: m.owner, Over: true})
		}
	}
}

func (a *alarms) tell(alert Alert) {
	if a.told != nil {
		a.told(alert)
	}
}

// refused tells of a call that was turned down, where an operator should know.
func (a *alarms) refused(r *refusal, owner, to string, now instant) {
	switch r.why {
	case Emergency:
		a.raise(EmergencyRefused, owner, now, fmt.Sprintf("%s has tried to call the emergency number %s, which cannot be reached from here. "+
			"Make sure that people there know which telephone can.", owner, to))
	case Foreign, Premium, ForeignLimit:
		a.raise(CallsBarred, owner, now, fmt.Sprintf("A call of %s was refused: %s; %s. If nobody there makes such calls, somebody else does: "+
			"change passwords, and see where responders forward calls.", owner, r.err.Message, r.err.Hint))
	case OwnerCalls, OwnerMinutes:
		a.raise(LimitReached, owner, now, limitReached(r))
	case Calls, Minutes:
		a.raise(LimitReached, "", now, limitReached(r))
	case Admitted, NotANumber:
	}
}

func limitReached(r *refusal) string {
	return fmt.Sprintf("A call out was refused: %s. Calls in hand go on. If these are calls that should be made, raise the limit.", r.err.Message)
}

// watch tells of an account's ceilings that are nearly used up.
func (a *alarms) watch(r *rules, of *account, now instant) {
	calls, minutes := r.ceilings(of)
	for _, c := range [...]ceiling{calls, minutes} {
		if c.near() {
			a.persist(NearLimit, of.owner, now, func() string {
				return fmt.Sprintf("Calls out: %s. At %d more are refused, and calls in hand go on.", c, c.most)
			})
		}
	}
}
