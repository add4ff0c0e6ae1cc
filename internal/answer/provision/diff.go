package provision

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/phone"
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

// Action is what Run does about a difference.
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
	What    string         `json:"what"`              // names the thing, such as "user 8001"
	Fields  []Field        `json:"fields,omitempty"`  // of what Differs
	Why     string         `json:"why,omitempty"`     // of what is Foreign or Unseen: a sentence
	Action  Action         `json:"action"`            // what Run does about it
	Earlier bool           `json:"earlier,omitempty"` // it is not, or no longer, part of what is wanted

	thing  Thing               // as it is, or is to be, recorded
	found  netsapiens.DialRule // what is there
	target netsapiens.DialRule // what is to be there
	err    error               // of what is Unseen
}

// Observed is what a phone system has for an entry.
type Observed struct {
	User       *netsapiens.User // nil: there is none
	UserErr    error            // why it could not be seen; NotFound does not count
	Rules      []netsapiens.DialRule
	RulesErr   error
	AnswerRule *netsapiens.AnswerRule
	AnswerErr  error

	Earlier []Found // for each Thing that was made and is not wanted, in their order
}

// Found is the current state of a Thing that was made.
type Found struct {
	User       *netsapiens.User
	DialRule   *netsapiens.DialRule
	AnswerRule *netsapiens.AnswerRule // of a user too, with which it would go
	Err        error                  // why it could not be seen
	Stays      string                 // why it must stay, as a sentence; empty: it need not
}

// Diff returns how a phone system differs from what is wanted: the parts of the
// chain in the order in which they are made, then what is superfluous in the
// order in which it is taken away.
func Diff(d Desired, o Observed, made []Thing) []Difference {
	return append(diffWanted(d, o, made), diffEarlier(d, o, made)...)
}

// diffWanted is Diff for the parts of the chain.
func diffWanted(d Desired, o Observed, made []Thing) []Difference {
	var all []Difference
	add := func(found *Difference) {
		if found != nil {
			all = append(all, *found)
		}
	}
	if !d.nothing() {
		add(diffUser(d, o, made))
		add(diffRule(d, o, made))
		add(diffAnswer(d, o, made))
	}
	return all
}

// difference returns a Difference to be completed.
func (d Desired) difference(p Part, made []Thing) *Difference {
	thing := d.thing(p)
	if known := find(made, thing); known != nil {
		thing = *known
	}
	return &Difference{Part: p, What: thing.String(), thing: thing}
}

// String names a Thing.
func (t Thing) String() string {
	switch t.Part {
	case User:
		return "user " + t.User
	case DialRule:
		to, _, _ := strings.Cut(t.Match, "||")
		return "dial rule for " + phone.MaskIn(to)
	}
	return "answer rule of user " + t.User
}

// state says how the thing is, for people.
func (f *Difference) state() string {
	what := "the " + f.What
	if f.Part == User {
		what = f.What
	}
	switch f.Kind {
	case Missing, Gone:
		return what + " is missing"
	case SwitchedOff:
		return what + " is switched off"
	case Foreign, Unseen:
		return f.Why
	}
	return what + " is not as it should be"
}

// absent completes a Difference: the thing is not there.
func (f *Difference) absent(known *Thing) *Difference {
	f.Kind, f.Action = Missing, Create
	if known != nil && !known.Pending {
		f.Kind = Gone
	}
	return f
}

func (f *Difference) foreign(why string) *Difference {
	f.Kind, f.Action, f.Why = Foreign, Leave, printable(why)
	return f
}

// printable returns a sentence with strangers' words in it as one line that
// cannot affect a terminal.
func printable(sentence string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, sentence)
}

func (f *Difference) unseen(err error, action Action) *Difference {
	f.Kind, f.Action, f.err, f.Why = Unseen, action, err, sentence(err)
	return f
}

func diffUser(d Desired, o Observed, made []Thing) *Difference {
	f := d.difference(User, made)
	known := find(made, d.thing(User))
	switch {
	case o.UserErr != nil:
		// Whatever we saw, creating is safe: it never changes what is there.
		return f.unseen(o.UserErr, Create)
	case o.User == nil:
		return f.absent(known)
	}
	if why := stranger(*o.User, d.User, known); why != "" {
		return f.foreign(why)
	}
	return nil
}

// stranger says why an existing user is not one for web responders. If a phone
// system does not return the service code, the e-mail address decides, unless
// the operator has changed it since.
func stranger(is, wanted netsapiens.User, known *Thing) string {
	switch {
	case is.ServiceCode == serviceCode,
		is.ServiceCode == "" && is.Email == wanted.Email,
		is.ServiceCode == "" && known != nil && !known.Pending && is.FirstName == firstName && is.LastName == lastName:
		return ""
	case is.ServiceCode == "":
		return fmt.Sprintf("user %s is there already and is not one for web responders", is.User)
	}
	return fmt.Sprintf("user %s is there already, for another service: %s", is.User, is.ServiceCode)
}

// foreignUser reports whether the user is known to be somebody else's.
func foreignUser(d Desired, o Observed, made []Thing) bool {
	f := diffUser(d, o, made)
	return f != nil && f.Kind == Foreign
}

func diffAnswer(d Desired, o Observed, made []Thing) *Difference {
	f := d.difference(AnswerRule, made)
	known := find(made, d.thing(AnswerRule))
	to := alias(d.User.User)
	if foreignUser(d, o, made) {
		return f.foreign("the answer rule belongs to that user and stays as it is")
	}
	if rule := o.AnswerRule; o.AnswerErr == nil && rule != nil {
		on := rule.ForwardAlways.Enabled == netsapiens.Yes && hasText(rule.ForwardAlways.Parameters)
		elsewhere := on && !slices.Equal(rule.ForwardAlways.Parameters, []string{to})
		list := phone.MaskIn(strings.Join(rule.ForwardAlways.Parameters, ", "))
		switch {
		case rule.Forwards(to):
			return nil
		case elsewhere && (known == nil || known.Pending):
			return f.foreign(fmt.Sprintf("calls for user %s are forwarded to %s already", d.User.User, list))
		case elsewhere:
			f.Fields = []Field{{"forward-always", list, to}}
			f.Kind, f.Action = Differs, Change
		case on || known != nil && !known.Pending:
			f.Kind, f.Action = SwitchedOff, Change
		default:
			f.Kind, f.Action = Missing, Change // the rule is there, and does nothing yet
		}
	}
	switch {
	case o.UserErr != nil && netsapiens.Temporary(o.UserErr):
		f.unseen(o.UserErr, Leave)
		f.Why = fmt.Sprintf("whose user %s is cannot be seen, so its answer rule stays as it is: %v", d.User.User, o.UserErr)
	case f.Kind != "":
	case o.AnswerErr == nil:
		f.absent(known)
	case netsapiens.Temporary(o.AnswerErr):
		f.unseen(o.AnswerErr, Leave) // what is there may lead elsewhere
	default:
		f.unseen(o.AnswerErr, Create) // the user is ours, and so is its rule
	}
	return f
}

func hasText(parameters []string) bool {
	return slices.ContainsFunc(parameters, func(s string) bool { return s != "" })
}

// sentence returns an error's sentence, without what failure puts before it.
func sentence(err error) string { return strings.TrimPrefix(failure(err), Failed+": ") }
