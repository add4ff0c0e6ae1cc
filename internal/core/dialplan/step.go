package dialplan

import (
	"fmt"

	"github.com/switchhook/switchhook/internal/fault/why"
)

// Step is one step of a decision. Its text names numbers in full: mask them
// (package phone) before showing it to anyone but those who asked.
type Step struct {
	Kind   StepKind
	Table  string      // the dial plan
	Rule   *Rule       // of Matched and PassedOver
	Number *Number     // of Called, Led, Hidden and Ownerless
	User   *User       // of Owned, Answered and Skipped
	Answer *AnswerRule // of Answered and Skipped
	To     URI         // who was called, before the step; of Matched, after it too
	After  URI
	Note   string // of PassedOver and Skipped the reason, else what was decided
}

// StepKind is the kind of a step.
type StepKind string

// The kinds of steps.
const (
	Called     StepKind = "number"      // the called number was found
	Led        StepKind = "led"         // the settings lead the called number to a responder
	Hidden     StepKind = "hidden"      // what the API says of that number does not count
	Ownerless  StepKind = "ownerless"   // the user who was to own the call is not there
	Owned      StepKind = "owner"       // a user owns the call from here on
	Answered   StepKind = "answer_rule" // an answer rule decided
	Skipped    StepKind = "skipped"     // an answer rule did not count
	Matched    StepKind = "rule"        // a dial rule decided
	PassedOver StepKind = "passed_over" // a dial rule matched too
	Unmatched  StepKind = "no_rule"     // no rule of a dial plan matched
	Missing    StepKind = "no_table"    // a dial plan that does not exist
	Defaulted  StepKind = "default"     // the built-in table decided
	Decided    StepKind = "decided"     // the end
)

// sentences are those of steps, without a full stop.
var sentences = map[StepKind]string{ //nolint:gosec // PassedOver is no password
	Called:     "$number is a number of $domain: $does, destination $after",
	Led:        "$number is a number of $domain, which the settings lead to a responder",
	Hidden:     "the API has made $number too, which does not count beside the settings",
	Ownerless:  "user $user, whom the settings name, is not there: nobody owns the call, and its responder cannot forward it",
	Owned:      "user $user owns the call (dial plan $plan, time zone $zone)",
	Answered:   "answer rule $rule of $user: $note",
	Skipped:    "answer rule $rule of $user does not count: $note",
	Matched:    "dial plan $plan: rule $rule matches $to: $does",
	PassedOver: "dial plan $plan: rule $rule matches $to too: $note",
	Unmatched:  "dial plan $plan: no rule matches $to",
	Missing:    "dial plan $plan does not exist",
	Defaulted:  "$note",
	Decided:    "$note",
}

// Sentence returns the sentence of a step.
func (k StepKind) Sentence() string { return sentences[k] }

// String returns the step as a sentence without a full stop.
func (s Step) String() string { return s.Why().String() }

// Why returns the step by its code and arguments. They name numbers in full too.
func (s Step) Why() why.Step[StepKind] {
	var args why.Args
	switch s.Kind {
	case Called:
		n := s.Number
		args = why.Args{"number": n.Digits, "domain": n.Domain, "does": n.Application, "after": s.After.Address()}
	case Led:
		args = why.Args{"number": s.Number.Digits, "domain": s.Number.Domain}
	case Hidden:
		args = why.Args{"number": s.Number.Digits}
	case Ownerless:
		args = why.Args{"user": s.Number.Lead.Owner + "@" + s.Number.Domain}
	case Owned:
		args = why.Args{"user": s.User.Address(), "plan": s.User.Plan, "zone": s.User.Zone.String()}
	case Answered, Skipped:
		args = why.Args{why.Rule: s.Answer.TimeFrame, "user": s.User.Address(), "note": s.Note}
	case Matched:
		args = why.Args{"plan": s.Table, why.Rule: s.Rule.String(), "to": s.To.String(), "does": s.action()}
	case PassedOver:
		args = why.Args{"plan": s.Table, why.Rule: s.Rule.String(), "to": s.To.String(), "note": s.Note}
	case Unmatched:
		args = why.Args{"plan": s.Table, "to": s.To.String()}
	case Missing:
		args = why.Args{"plan": s.Table}
	case Defaulted, Decided:
		args = why.Args{"note": s.Note}
	}
	return why.Step[StepKind]{Code: s.Kind, Args: args}
}

// action says what a matched rule does.
func (s *Step) action() string {
	if s.After == s.To {
		return s.Rule.Application
	}
	return fmt.Sprintf("%s, destination now %s", s.Rule.Application, s.After)
}

// String returns which calls the rule is for: its destination, and its source
// where it has one.
func (r *Rule) String() string {
	if from := r.From.String(); from != noLimit {
		return fmt.Sprintf("%s from %s", r.To, from)
	}
	return r.To.String()
}
