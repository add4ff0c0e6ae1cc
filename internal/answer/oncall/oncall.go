// Package oncall answers a phone system that asks whom to ring. Three parts do
// the work: Decide, a pure function that knows the policies; a Keeper, which
// asks the sources in the background and stores what they said; and a
// Dispatcher, which serves both to the webhooks of phone systems.
//
// A caller never waits for a source as long as anything is known: the answer of
// a source that is down is used up to a configured age, then comes the next
// source, then the fallback.
//
// A request goes from its handler (voys.go, document.go) through admit, which
// knows the secrets, and matchRoute to Dispatcher.decideAndRecord, and its decision
// back to the handler as the number to ring. Keepers poll what package source
// fetches from vendors.
package oncall

import (
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
)

// Policy says which of several people is rung.
type Policy string

// The policies.
const (
	Random      Policy = "random"       // anybody; of several numbers, any
	RoundRobin  Policy = "round_robin"  // who was rung longest ago
	Ordered     Policy = "ordered"      // the first that the source names
	LongestIdle Policy = "longest_idle" // who has had no call for longest
)

// Beyond says what an attempt past the last level gets.
type Beyond string

// What an attempt past the last level gets.
const (
	Last Beyond = "last" // the last level again
	Wrap Beyond = "wrap" // the first level, and on from there
	Stop Beyond = "stop" // no level: the fallback
)

// Rules are what an operator says of a route. The zero Rules ring anybody of
// level n at attempt n.
type Rules struct {
	Policy Policy // empty: Random
	Beyond Beyond // empty: Last

	// NextLevel tries the levels above if a level has nobody who can be rung.
	// Without it the next source is tried, then the fallback: a phone system
	// that escalates by itself asks for the next level when it wants it.
	NextLevel bool

	// Preferred rings a person's preferred number under Random too.
	Preferred bool

	// Numbers are people's numbers by id, e-mail address or name, in this order
	// of precedence and regardless of case. They stand in for those of the
	// source; a person with an empty list is not rung.
	Numbers map[string][]string

	// CallingCode is that of the country, such as 31. Numbers that are written
	// as they are dialled there are understood with it.
	CallingCode string

	Hours *hours.Schedule // nil: always open

	// Block and Allow list callers: a number, the first digits of some and an
	// asterisk, or the word anonymous. With an Allow only those get through;
	// who is on both does not.
	Block, Allow []string

	reader *numberReader // nil: numbers are read for each decision

	// What is rung instead of a person: a number or an extension. Empty: the
	// phone system hears that there is nobody.
	Fallback string // if nobody can be rung, or no source knows whom
	Closed   string // outside Hours
	Refused  string // for callers who do not get through
}

// Answer is what is known of a source.
type Answer struct {
	Source   string // its name
	Heard    bool   // it has answered; else Snapshot is empty
	Snapshot source.Snapshot

	FreshFor time.Duration // an older answer is stale; 0: none is
	MaxAge   time.Duration // an older one is not used; 0: any is
	Problem  string        // why it does not answer now; empty: it does
}

// Past is what is known of a person.
type Past struct {
	Rung    time.Time // when they were last rung on this route
	Busy    bool      // they are in a call
	Engaged time.Time // when they were last rung, or ended a call, on any route
}

// Situation is all that a decision depends on.
type Situation struct {
	Now     time.Time
	Known   time.Time // when the answers were read, to compute their age; zero: Now
	Route   string    // its name
	Rules   Rules
	Request Request
	Answers []Answer // of the route's sources, the preferred one first

	// Attempt is which of the caller's attempts this is; 0: what the request
	// says, else the first. Repeated says that we counted it, over calls that
	// came within so long, and that the request did not say it.
	Attempt  int
	Repeated time.Duration

	Override *Override             // of the route; nil: there is none
	Tried    []string              // keys of people whom this caller was put through to before; others are preferred
	Past     func(key string) Past // nil: nothing is known of anybody
	Random   func(choices int) int // from 0 to choices-1; nil: always 0

	reader      *numberReader // nil: the numbers are not read yet; see readNumbers
	caller, did phone.Number
}

// Reason says why a decision is as it is. They are a closed set.
type Reason string

// The reasons. The fallback is for NobodyOnCall, NobodyAtLevel, NoNumber,
// NoAnswer and Defect; NoRoute has none, as a fallback is a route's.
const (
	OnCall        Reason = "on_call"         // somebody is, and is rung
	NobodyOnCall  Reason = "nobody_on_call"  // the sources say that nobody is
	NobodyAtLevel Reason = "nobody_at_level" // nobody is at the level that is asked
	NoNumber      Reason = "no_number"       // those who are have no number that can be rung
	NoAnswer      Reason = "no_answer"       // no source has said anything, or not for too long
	Shut          Reason = "closed"          // it is outside opening hours
	Blocked       Reason = "blocked"         // the caller is on the block list
	NotAllowed    Reason = "not_allowed"     // there is an allow list, and the caller is not on it
	NoRoute       Reason = "no_route"        // no route is for what was dialled
	Defect        Reason = "defect"          // of ours
)

// Decision says whom to ring.
type Decision struct {
	At      time.Time
	Route   string
	Attempt int // 1 is the first
	Level   int // that was asked; 0: none

	Reason   Reason
	Number   string // E.164 or an extension; empty: nobody is to be rung
	Fallback bool   // the number is the fallback's

	Key     string // of the person; tells them apart from all others
	Name    string // of the person, or what else the source has to call them by
	Choices int    // how many people could have been rung

	Source string        // whose answer was used
	Age    time.Duration // of that answer
	Stale  bool          // the source has not confirmed it of late

	Steps []Step // how it was reached
}
