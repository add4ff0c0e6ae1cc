package provision

import (
	"fmt"
	"strings"
)

// Plan is how a phone system differs from what an entry says, and what Run does
// about it.
type Plan struct {
	Entry       string       `json:"entry"`
	Domain      string       `json:"domain,omitempty"`
	SystemUser  string       `json:"system_user,omitempty"`
	Differences []Difference `json:"differences"` // none: all is as it should be
}

func newPlan(d Desired, o Observed, made []Thing) Plan {
	differences := Diff(d, o, made)
	if differences == nil {
		differences = []Difference{}
	}
	return Plan{Entry: d.Entry, Domain: d.Domain, SystemUser: d.User.User, Differences: differences}
}

// InOrder reports whether nothing differs.
func (p Plan) InOrder() bool { return len(p.Differences) == 0 }

// Writes reports whether Run would change something on the phone system.
func (p Plan) Writes() bool {
	for i := range p.Differences {
		if a := p.Differences[i].Action; a != Leave && a != Forget {
			return true
		}
	}
	return false
}

// replacing returns the difference of a dial rule that is to be created again,
// or nil.
func (p Plan) replacing() *Difference {
	for i := range p.Differences {
		if f := &p.Differences[i]; f.Action == Replace {
			return f
		}
	}
	return nil
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
		return b.String()
	}
	for i := range p.Differences {
		b.WriteString("\n  " + p.Differences[i].String())
	}
	return b.String()
}

// String returns the difference, and what is done about it, as one line.
func (f Difference) String() string {
	what := "the " + f.What
	if f.Part == User {
		what = f.What
	}
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
		return "! " + f.Why + ": will be left as it is"
	case Unseen:
		if f.Action == Leave {
			return "? " + what + ": " + f.Why + ": will be left as it is"
		}
		return "? " + what + " cannot be seen (" + f.Why + "): will be created unless it is there"
	}
	var changes []string
	for _, field := range f.Fields {
		changes = append(changes, fmt.Sprintf("%s is %q, not %q", field.Name, field.From, field.To))
	}
	done := "will be changed"
	if f.Action == Replace {
		done = "will be made anew, and this one deleted"
	}
	return "~ " + what + ": " + strings.Join(changes, "; ") + ": " + done
}
