package provision

import (
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// Told says what a run came to, and what its steps did, in the activity record.
// They are a closed set.
type Told string

const (
	toldChanged  Told = "changed"
	toldRepaired Told = "repaired" // what was wanted is as it was
	toldInOrder  Told = "in_order"
	toldFailed   Told = "failed"
	toldConflict Told = "conflict"
	toldRemoved  Told = "removed"

	toldUser       Told = "user"
	toldDialRule   Told = "dial_rule"
	toldAnswerRule Told = "answer_rule"
	toldFromNumber Told = "from_number"
	toldEarlier    Told = "earlier"
)

// Sentence returns the sentence of an outcome or a step with this code.
func (t Told) Sentence() string {
	return map[Told]string{
		toldChanged:  "The phone system was brought to what the entry says.",
		toldRepaired: "The phone system was not as the entry says, and was repaired.",
		toldInOrder:  "The phone system is as the entry says.",
		toldFailed:   "The phone system could not be brought to what the entry says: calls may not reach it.[ It is tried again at $next.]",
		toldConflict: "Something of somebody else's is in the way: calls may not reach the entry. switchhook provision --plan $entry says what to do.",
		toldRemoved:  "What was made for the entry was taken away.",

		toldUser:       "System user[ $user]: $result.",
		toldDialRule:   "Dial rule: $result.",
		toldAnswerRule: "Answer rule: $result.",
		toldFromNumber: "Number that texts come from: $result.",
		toldEarlier:    "What was made for an earlier system user: $result.",
	}[t]
}

// item tells of a run that changed something, or how the entry stands; nil: it
// is as it was.
func (r *reconciler) item(before *Record, news bool, now time.Time) *activity.Item {
	did := false
	results := []struct {
		code   Told
		result Result
	}{
		{toldUser, r.report.User}, {toldDialRule, r.report.DialRule}, {toldAnswerRule, r.report.AnswerRule},
		{toldFromNumber, r.report.FromNumber}, {toldEarlier, r.report.Earlier},
	}
	for _, one := range results {
		switch one.result.Outcome {
		case Created, Updated, Removed:
			did = true
		}
	}
	was, is := before.Condition(), r.record.Condition()
	if !did && !news && was == is {
		return nil
	}
	head := why.Step[Told]{Args: why.Args{}}
	switch {
	case is == Failing:
		head = why.Step[Told]{Code: toldFailed, Args: why.Args{"next": why.Time(r.record.Next)}}
	case is == Disputed:
		head = why.Step[Told]{Code: toldConflict, Args: why.Args{"entry": r.base.Entry}}
	case is == Away:
		head.Code = toldRemoved
	case !did:
		head.Code = toldInOrder
	case before.Fingerprint == r.record.Fingerprint && was != Away:
		head.Code = toldRepaired
	default:
		head.Code = toldChanged
	}
	steps := []why.Step[Told]{head}
	for _, one := range results {
		if one.result.IsZero() {
			continue
		}
		args := why.Args{"result": one.result.String()}
		if one.code == toldUser && r.record.SystemUser != "" {
			args["user"] = r.record.SystemUser
		}
		steps = append(steps, why.Step[Told]{Code: one.code, Args: args})
	}
	return &activity.Item{
		At: now, Kind: activity.Provisioning, Outcome: string(head.Code), Entry: r.base.Entry, Tenant: r.record.Domain, Steps: activity.Steps(steps...),
	}
}
