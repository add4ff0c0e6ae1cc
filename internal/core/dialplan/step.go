package dialplan

import "fmt"

// Step is one step of a decision. Its text names numbers in full: mask them
// (package phone) before showing it to anyone but those who asked.
type Step struct {
	Kind   StepKind
	Table  string      // the dial plan
	Rule   *Rule       // of Matched and PassedOver
	Number *Number     // of Called
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

// String returns the step as a sentence without a full stop.
func (s Step) String() string {
	switch s.Kind {
	case Called:
		return fmt.Sprintf("%s is a number of %s: %s, destination %s", s.Number.Digits, s.Number.Domain, s.Number.Application, s.After.Address())
	case Owned:
		return fmt.Sprintf("user %s owns the call (dial plan %s, time zone %s)", s.User.Address(), s.User.Plan, s.User.Zone)
	case Answered:
		return fmt.Sprintf("answer rule %s of %s: %s", s.Answer.TimeFrame, s.User.Address(), s.Note)
	case Skipped:
		return fmt.Sprintf("answer rule %s of %s does not count: %s", s.Answer.TimeFrame, s.User.Address(), s.Note)
	case Matched:
		return fmt.Sprintf("dial plan %s: rule %s matches %s: %s", s.Table, s.Rule, s.To, s.action())
	case PassedOver:
		return fmt.Sprintf("dial plan %s: rule %s matches %s too: %s", s.Table, s.Rule, s.To, s.Note)
	case Unmatched:
		return fmt.Sprintf("dial plan %s: no rule matches %s", s.Table, s.To)
	case Missing:
		return fmt.Sprintf("dial plan %s does not exist", s.Table)
	}
	return s.Note
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
