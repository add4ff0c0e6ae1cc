package barring

import (
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// ceiling is how much of something an account may use, and has used.
type ceiling struct {
	owner      string
	used, most int
	of         string // what is counted
	key        string // the setting of most
}

// fewest is the least ceiling that is warned of before it is reached: of fewer
// calls at once the last but one is no sign of anything.
const fewest = 5

// ceilings returns those of a settled account: of calls in hand, and of minutes.
func (r *rules) ceilings(a *account) (calls, minutes ceiling) {
	calls = ceiling{a.owner, a.calls, r.TrunkCalls, "calls out at once", "core.trunk_calls"}
	minutes = ceiling{a.owner, int(a.day.total() / time.Minute), r.TrunkMinutes, "minutes of calls out within 24 hours", "core.trunk_minutes"}
	if a.owner != "" {
		calls.most, calls.key = r.TrunkCallsPerOwner, "core.trunk_calls_per_owner"
		minutes.most, minutes.key = r.TrunkMinutesPerOwner, "core.trunk_minutes_per_owner"
	}
	return calls, minutes
}

// foreign returns that of calls to other countries and premium numbers.
func (r *rules) foreign(a *account, now instant) ceiling {
	return ceiling{a.owner, a.lately(now), r.ForeignCallsPerHour, "calls to other countries or premium numbers within an hour", "core.foreign_calls_per_hour"}
}

func (c ceiling) full() bool { return c.used >= c.most }

// near reports whether four fifths are used.
func (c ceiling) near() bool { return c.most >= fewest && 5*c.used >= 4*c.most }

func (c ceiling) String() string {
	holder := c.owner
	if holder == "" {
		holder = "the server"
	}
	return fmt.Sprintf("%s has used %d of %d %s (%s)", holder, c.used, c.most, c.of, c.key)
}

// roomFor decides by what settled accounts have in hand and have used.
func (r *rules) roomFor(call target, of, server *account, now instant) *refusal {
	ownCalls, ownMinutes := r.ceilings(of)
	calls, minutes := r.ceilings(server)
	switch {
	case ownCalls.full():
		return ownCalls.refuse(OwnerCalls)
	case calls.full():
		return calls.refuse(Calls)
	case call.metered && ownMinutes.full():
		return ownMinutes.refuse(OwnerMinutes)
	case call.metered && minutes.full():
		return minutes.refuse(Minutes)
	case call.dear && r.foreign(of, now).full():
		return r.foreign(of, now).refuse(ForeignLimit)
	}
	return nil
}

// refuse returns the refusal of a call that a ceiling leaves no room for.
func (c ceiling) refuse(why Result) *refusal {
	r := refuse(why, fault.Refused, "%s", c).hint("try later, or raise the limit")
	r.err.Again = fault.Later
	return r
}
