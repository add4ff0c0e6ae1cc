package provision

import (
	"slices"
	"strings"
)

// Outcome is what a step came to.
type Outcome string

// The outcomes.
const (
	Created  Outcome = "created"
	Exists   Outcome = "exists"
	Updated  Outcome = "updated"
	Removed  Outcome = "removed"
	Absent   Outcome = "absent"
	Kept     Outcome = "kept" // until the new chain works
	Failed   Outcome = "failed"
	Conflict Outcome = "conflict" // somebody else's is in the way
)

// Result is what a step came to, and why. Its text is the outcome, and after a
// colon the reason: so it is answered to forms and stored.
type Result struct {
	Outcome Outcome
	Reason  Reason // of Kept, Failed and Conflict
}

// IsZero reports whether there was no step.
func (r Result) IsZero() bool { return r.Outcome == "" }

// Open reports whether the step is still to be done.
func (r Result) Open() bool { return r.Outcome == Failed || r.Outcome == Conflict }

// String returns the result for people.
func (r Result) String() string {
	if r.Reason.IsZero() {
		return string(r.Outcome)
	}
	return string(r.Outcome) + ": " + r.Reason.String()
}

// MarshalText returns what String does.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText writes. The reason is then a sentence.
func (r *Result) UnmarshalText(text []byte) error {
	outcome, why, explained := strings.Cut(string(text), ": ")
	*r = Result{Outcome: Outcome(outcome)}
	if explained {
		r.Reason = Sentence(why)
	}
	return nil
}

// failure is the result of a step that met an error.
func failure(err error) Result { return Result{Failed, because(err)} }

// worst returns one result for several: the reasons of all failures, else of all
// conflicts, else whether something was removed. Zero: there were none.
func worst(results []Result) Result {
	for _, outcome := range []Outcome{Failed, Conflict} {
		var sentences []string
		for _, r := range results {
			if why := r.Reason.String(); r.Outcome == outcome && !slices.Contains(sentences, why) {
				sentences = append(sentences, why)
			}
		}
		if sentences != nil {
			return Result{outcome, Sentence(strings.Join(sentences, "; "))}
		}
	}
	for _, outcome := range []Outcome{Removed, Absent} {
		if slices.ContainsFunc(results, func(r Result) bool { return r.Outcome == outcome }) {
			return Result{Outcome: outcome}
		}
	}
	return Result{}
}

// Report has the result of each step.
type Report struct {
	User       Result `json:"user"`
	DialRule   Result `json:"dial_rule"`
	AnswerRule Result `json:"answer_rule"`

	// FromNumber is set if the number that texts come from is not the user's, or
	// its owner could not be determined.
	FromNumber Result `json:"from_number,omitzero"`

	// Earlier is the result for what was made for an earlier system user of the
	// entry. Zero: there was nothing.
	Earlier Result `json:"earlier,omitzero"`
}

// Done reports whether every step holds.
func (r Report) Done() bool {
	return !r.User.Open() && !r.DialRule.Open() && !r.AnswerRule.Open() && !r.Earlier.Open()
}

// step returns the result for a part, to be read and set.
func (r *Report) step(p Part) *Result {
	return map[Part]*Result{User: &r.User, DialRule: &r.DialRule, AnswerRule: &r.AnswerRule}[p]
}
