package dialplan

import "time"

// Directory knows the phone system's numbers, users and dial plans. It answers
// from memory: routing never blocks. Each method returns nil for what does not
// exist. Names are case-insensitive.
type Directory interface {
	// Number returns a number by its digits, without a plus.
	Number(digits string) *Number

	// User returns a domain's user.
	User(domain, name string) *User

	// Plan returns a domain's dial plan; the system's own have SystemDomain.
	Plan(domain, name string) *Plan

	// HasDomain reports whether a domain is one of this phone system.
	HasDomain(name string) bool
}

// SystemDomain is the domain of what belongs to the whole system.
const SystemDomain = "*"

// DefaultTable is the table that knows users, aliases and numbers. A domain's
// dial plan chains to it for calls that none of its own rules match. It is built
// in; a dial plan of the system with this name replaces it.
const DefaultTable = "Default"

// Number is a number that can be called from outside (a DID), and what is done
// with calls to it.
type Number struct {
	Digits   string
	Domain   string // whose it is
	Disabled bool
	Action

	// Lead says where the settings lead calls to this number, in place of what is
	// above but the digits and the domain. Nil: they say nothing.
	Lead *Lead
}

// Lead is how the settings lead a number to a web responder.
type Lead struct {
	Web   Web
	Owner string // the user whose dial plan decides where the responder's Forward leads
	Hides bool   // the API has made the number too; looked up for a Query that is to Explain
}

// User is a user, as far as routing goes.
type User struct {
	Domain, Name string
	Plan         string         // the user's dial plan
	Zone         *time.Location // nil: UTC
	CallerIDName string
	CallerID     string
	Private      bool         // those whom the user calls are not shown who calls
	Registered   bool         // a phone of the user can be rung
	AnswerRules  []AnswerRule // in their order
}

// Address returns user@domain.
func (u *User) Address() string { return u.Name + "@" + u.Domain }

// Always is the time frame of the answer rule that holds when no other does.
const Always = "*"

// AnswerRule says what to do with a user's calls within a time frame.
type AnswerRule struct {
	TimeFrame          string // Always or the name of one
	Disabled           bool
	DoNotDisturb       bool
	ForwardAlways      []string // where to; empty: it is off
	ForwardOnDND       []string // while DoNotDisturb is on
	ForwardUnreachable []string // while no phone is registered
}
