package clicktocall

import (
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
)

// Sentence returns the sentence of a step with this code.
func (s State) Sentence() string {
	return map[State]string{
		Scheduled: "The visitor is called at $at[: $problem].",
		Placing:   "The phone system is asked to call the visitor.",
		Placed:    "The phone system took the call into its queue.",
		Calling:   "The call has left the queue: the visitor's telephone rings, or they talk.",
		Over:      "Nothing more is known of the call.",
		Uncertain: "The phone system may have taken the call, and is not asked again[: $problem].",
		Failed:    "Nobody is called[: $problem].",
		Cancelled: "The visitor cancelled the call.",
	}[s]
}

// Sentence returns the sentence of a step with this code.
func (c Code) Sentence() string {
	return map[Code]string{
		BadRequest:        "The request cannot be read.",
		UnknownID:         "No entry with click-to-call has the id.",
		OriginRefused:     "The page is not among the origins of the entry[: $origin].",
		TokenRequired:     "The request has no token.",
		TokenInvalid:      "The token is forged, used, too old, or of another page or network.",
		WorkMissing:       "The nonce does not prove the work that the token asks for.",
		NumberInvalid:     "The number is of none of the countries that the entry calls.",
		NumberRefused:     "Numbers of this kind are never called.",
		Limited:           "There have been as many calls as may be, or the number wants none[, until $until].",
		Closed:            "The place is closed at that time[; it opens at $opens].",
		PhoneSystemFailed: "The phone system did not take the call.",
		PhoneSystemSlow:   "The phone system did not answer in time.",
		Unavailable:       "The database failed[: $problem].",
	}[c]
}

// Item tells of a call back that was just begun.
func (c CallBack) Item(at time.Time) activity.Item {
	i := StateItem(c.ID, c.State, "", at)
	i.Entry, i.Tenant, i.Number, i.Story = c.Entry, c.Tenant, c.Number, c.ID
	if !c.At.IsZero() {
		i.Steps[0].Args = why.Args{"at": why.Time(c.At)}
	}
	return i
}

// StateItem tells of the state that a call back came into. Entry, number and so
// on are the call back's: the store adds them.
func StateItem(id string, is State, problem string, at time.Time) activity.Item {
	step := why.Step[State]{Code: is}
	if problem != "" {
		step.Args = why.Args{"problem": problem}
	}
	return activity.Item{At: at, Kind: activity.CallBack, Outcome: string(is), About: id, Steps: activity.Steps(step)}
}

// tellRefused tells of a request that leads to no call back.
func (d *Desk) tellRefused(c *Case, number string, refused *Refusal) *Refusal {
	if d.Tell == nil {
		return refused
	}
	args := why.Args{}
	for name, value := range map[string]string{why.Until: why.Time(refused.Retry), "opens": why.Time(refused.Next), "origin": c.Origin} {
		if value != "" {
			args[name] = value
		}
	}
	if refused.Err != nil {
		args["problem"] = phone.MaskIn(refused.Err.Error())
	}
	i := activity.Item{At: c.Now, Kind: activity.CallBack, Outcome: string(refused.Code), Number: number, Steps: activity.Steps(why.Step[Code]{Code: refused.Code, Args: args})}
	if c.Entry != nil {
		i.Entry, i.Tenant = c.Entry.ID, tenantOf(c.Entry)
	}
	d.Tell(i)
	return refused
}
