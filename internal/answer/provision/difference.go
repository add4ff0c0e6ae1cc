package provision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/netsapiens"
)

// DifferenceKind classifies differences.
type DifferenceKind string

// The kinds of differences.
const (
	Missing     DifferenceKind = "missing"      // it was never made
	Gone        DifferenceKind = "gone"         // we made it, and somebody deleted it
	Differs     DifferenceKind = "differs"      // it is ours, and not as it should be
	SwitchedOff DifferenceKind = "switched off" // it is ours, and switched off
	Foreign     DifferenceKind = "foreign"      // somebody else's stands in its place, or ours has become somebody else's
	Superfluous DifferenceKind = "superfluous"  // we made it for what the entry no longer wants
	Unseen      DifferenceKind = "unseen"       // the phone system could not be asked
)

// Action is what is done about a difference.
type Action string

// The actions.
const (
	Create  Action = "create"
	Change  Action = "change"
	Replace Action = "replace" // delete and create: what a dial rule matches cannot be changed
	Delete  Action = "delete"
	Leave   Action = "leave"
	Forget  Action = "forget" // what was to be deleted is not there any more
)

// Field is a field that is not as it should be, as people see it: numbers
// masked, without secrets.
type Field struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Difference is one way in which a phone system is not as wanted.
type Difference struct {
	Part    Part           `json:"part"`
	Kind    DifferenceKind `json:"kind"`
	What    string         `json:"what"`              // names the resource, such as "user 8001"
	Fields  []Field        `json:"fields,omitempty"`  // of what Differs
	Why     Reason         `json:"why,omitzero"`      // of what is Foreign or Unseen
	Action  Action         `json:"action"`            // what is done about it
	Earlier bool           `json:"earlier,omitempty"` // it is not, or no longer, part of what is wanted

	resource Resource            // as it is, or is to be, recorded
	found    netsapiens.DialRule // what is there
	target   netsapiens.DialRule // what is to be there
	err      error               // of what is Unseen
}

// Observed is what a phone system has for an entry.
type Observed struct {
	User       *netsapiens.User // nil: there is none
	UserErr    error            // why it could not be seen; NotFound does not count
	Rules      []netsapiens.DialRule
	RulesErr   error
	AnswerRule *netsapiens.AnswerRule
	AnswerErr  error

	Earlier []Found // for each resource that was made and is not wanted, in their order
}

// Found is the current state of a resource that was made.
type Found struct {
	User       *netsapiens.User
	DialRule   *netsapiens.DialRule
	AnswerRule *netsapiens.AnswerRule // of a user too, with which it would go
	Err        error                  // why it could not be seen
	Stays      Reason                 // why it must stay; zero: it need not
}

// Diff returns how a phone system differs from what is wanted: the parts of the
// chain in the order in which they are made, then what is superfluous in the
// order in which it is taken away.
func Diff(d Desired, o Observed, made []Resource) []Difference {
	return append(diffWanted(d, &o, made), diffEarlier(d, &o, made)...)
}

// diffWanted is Diff for the parts of the chain.
func diffWanted(d Desired, o *Observed, made []Resource) []Difference {
	var all []Difference
	for _, p := range Parts {
		if d.nothing() {
			break
		}
		if f := chain[p].diff(d, o, made); f != nil {
			all = append(all, *f)
		}
	}
	return all
}

// difference returns a Difference to be completed, and what is on record of the
// part; nil: nothing is.
func (d Desired) difference(p Part, made []Resource) (*Difference, *Resource) {
	m := d.resource(p)
	known := findMade(made, m)
	if known != nil {
		m = *known
	}
	return &Difference{Part: p, What: m.String(), resource: m}, known
}

// absent completes a Difference: the resource is not there.
func (f *Difference) absent(known *Resource) *Difference {
	f.Kind, f.Action = Missing, Create
	if known != nil && !known.Pending {
		f.Kind = Gone
	}
	return f
}

// foreign completes a Difference: somebody else's is there.
func (f *Difference) foreign(why Reason) *Difference {
	f.Kind, f.Action, f.Why = Foreign, Leave, why
	return f
}

// unseen completes a Difference: an error hides what is there.
func (f *Difference) unseen(err error, action Action) *Difference {
	f.Kind, f.Action, f.err, f.Why = Unseen, action, err, because(err)
	return f
}

// left is the result for what is left as it is.
func (f *Difference) left() Result {
	if f.Kind == Unseen {
		return Result{Failed, f.Why}
	}
	return Result{Conflict, f.Why}
}

// unwanted returns what was made and is not part of what is wanted, in the order
// in which it is taken away: each chain from its beginning, so that no call is
// led only half the way.
func (d Desired) unwanted(made []Resource) []Resource {
	rank := map[Part]int{AnswerRule: 0, DialRule: 1, User: 2}
	var all []Resource
	for _, m := range made {
		if d.nothing() || !m.same(d.resource(m.Part)) {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b Resource) int {
		return cmp.Or(strings.Compare(a.Domain, b.Domain), strings.Compare(a.User, b.User), cmp.Compare(rank[a.Part], rank[b.Part]))
	})
	return all
}

// diffEarlier returns what to do about what was made and is no longer wanted.
func diffEarlier(d Desired, o *Observed, made []Resource) []Difference {
	var all []Difference
	for i, m := range d.unwanted(made) {
		f := Difference{Part: m.Part, Kind: Superfluous, Action: Delete, What: m.String(), Earlier: true, resource: m}
		found := o.Earlier[i]
		switch {
		case found.Err != nil:
			f.unseen(found.Err, Leave)
		case !found.has(m.Part):
			f.Kind, f.Action = Gone, Forget
		case !found.Stays.IsZero():
			f.foreign(found.Stays)
		default:
			f.judge(d, found)
		}
		all = append(all, f)
	}
	return all
}

// has reports whether the resource itself was found.
func (f Found) has(p Part) bool {
	return map[Part]bool{User: f.User != nil, DialRule: f.DialRule != nil, AnswerRule: f.AnswerRule != nil}[p]
}

// judge decides what to do about a resource that is still there: delete it only
// if it is still what we made.
func (f *Difference) judge(d Desired, found Found) {
	m := f.resource
	to, on := forwardOf(found.AnswerRule)
	switch {
	case on && !slices.Equal(to, []string{alias(m.User)}): // a user goes with its answer rules
		f.foreign(reasonForwardedNow.with(why.Args{"user": m.User, "to": shownForward(to)}))
	case m.Part == AnswerRule && !on: // it does nothing any more
		f.Kind, f.Action = Gone, Forget
	case m.Part == User:
		if used := usedOtherwise(*found.User); !used.IsZero() {
			f.foreign(used)
		}
	case m.Part == DialRule:
		f.found = *found.DialRule
		if !d.leadsHere(f.found, &m) || m.Pending && !d.marked(f.found, &m) {
			f.foreign(ruleChanged(m, f.found))
		}
	}
}

// String returns the difference, and what is done about it, as one line.
func (f Difference) String() string {
	what := f.named()
	switch f.Kind {
	case Missing:
		if f.Action == Change { // the rule that each user has
			return "~ " + what + " does not lead to the webhook yet: will be changed"
		}
		return "+ " + what + " is missing: will be created"
	case Gone:
		if f.Action == Forget {
			return "  " + what + ", made for what is no longer wanted, is gone already"
		}
		return "+ " + what + " was deleted by somebody: will be created again"
	case SwitchedOff:
		return "~ " + what + " is switched off: will be switched on"
	case Superfluous:
		return "- " + what + " is no longer wanted: will be deleted"
	case Foreign:
		return "! " + f.Why.String() + ": will be left as it is"
	case Unseen:
		if f.Action == Leave {
			return "? " + what + ": " + f.Why.String() + ": will be left as it is"
		}
		return "? " + what + " cannot be seen (" + f.Why.String() + "): will be created unless it is there"
	}
	var changes []string
	for _, field := range f.Fields {
		changes = append(changes, fmt.Sprintf("%s is %q, not %q", field.Name, field.From, field.To))
	}
	done := "will be changed"
	if f.Action == Replace {
		done = "will be made again, and this one deleted"
	}
	return "~ " + what + ": " + strings.Join(changes, "; ") + ": " + done
}

// state says how the resource is, for people.
func (f *Difference) state() string {
	switch f.Kind {
	case Missing, Gone:
		return f.named() + " is missing"
	case SwitchedOff:
		return f.named() + " is switched off"
	case Foreign, Unseen:
		return f.Why.String()
	}
	return f.named() + " is not as it should be"
}

// named names the resource within a sentence.
func (f *Difference) named() string {
	if f.Part == User {
		return f.What
	}
	return "the " + f.What
}

// Plan is how a phone system differs from what an entry says, and what is done
// about it.
type Plan struct {
	Entry       string       `json:"entry"`
	Domain      string       `json:"domain,omitempty"`
	SystemUser  string       `json:"system_user,omitempty"`
	Differences []Difference `json:"differences"` // none: all is as it should be
}

func newPlan(d Desired, o Observed, made []Resource) Plan {
	differences := Diff(d, o, made)
	if differences == nil {
		differences = []Difference{}
	}
	return Plan{Entry: d.Entry, Domain: d.Domain, SystemUser: d.User.User, Differences: differences}
}

// InOrder reports whether nothing differs.
func (p Plan) InOrder() bool { return len(p.Differences) == 0 }

// Writes reports whether carrying out the plan changes the phone system.
func (p Plan) Writes() bool {
	return slices.ContainsFunc(p.Differences, func(f Difference) bool { return f.Action != Leave && f.Action != Forget })
}

// String returns the plan as a person reads it: a line for the entry and one
// for each difference, without a line break at the end.
func (p Plan) String() string {
	var b strings.Builder
	b.WriteString(p.Entry)
	if p.Domain != "" {
		fmt.Fprintf(&b, " (user %s of %s)", p.SystemUser, p.Domain)
	}
	if p.InOrder() {
		b.WriteString(": in order")
	}
	for i := range p.Differences {
		b.WriteString("\n  " + p.Differences[i].String())
	}
	return b.String()
}
