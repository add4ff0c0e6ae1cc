package provision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// unwanted returns what was made and is not part of what is wanted, in the order
// in which it is taken away: each chain from its beginning, so that no call is
// led only half the way.
func (d Desired) unwanted(made []Thing) []Thing {
	rank := map[Part]int{AnswerRule: 0, DialRule: 1, User: 2}
	var all []Thing
	for _, t := range made {
		if !d.wants(t) {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b Thing) int {
		return cmp.Or(strings.Compare(a.Domain, b.Domain), strings.Compare(a.User, b.User), cmp.Compare(rank[a.Part], rank[b.Part]))
	})
	return all
}

// diffEarlier returns what to do about what was made and is no longer wanted.
func diffEarlier(d Desired, o Observed, made []Thing) []Difference {
	var all []Difference
	for i, t := range d.unwanted(made) {
		f := Difference{Part: t.Part, Kind: Superfluous, Action: Delete, What: t.String(), Earlier: true, thing: t}
		found := o.Earlier[i]
		switch {
		case found.Err != nil:
			f.unseen(found.Err, Leave)
		case !found.there(t.Part):
			f.Kind, f.Action = Gone, Forget
		case found.Stays != "":
			f.foreign(found.Stays)
		default:
			f.judge(d, found)
		}
		all = append(all, f)
	}
	return all
}

// there reports whether the Thing itself was found.
func (f Found) there(p Part) bool {
	switch p {
	case User:
		return f.User != nil
	case DialRule:
		return f.DialRule != nil
	}
	return f.AnswerRule != nil
}

// judge decides what to do about a Thing that is still there: delete it only
// if it is still what we made.
func (f *Difference) judge(d Desired, found Found) {
	t := f.thing
	forwards := netsapiens.Feature{}
	if found.AnswerRule != nil {
		forwards = found.AnswerRule.ForwardAlways
	}
	on := forwards.Enabled == netsapiens.Yes && hasText(forwards.Parameters)
	elsewhere := on && !slices.Equal(forwards.Parameters, []string{alias(t.User)})
	switch {
	case elsewhere: // a user goes with its answer rules
		f.foreign(fmt.Sprintf("calls for user %s are forwarded to %s by now", t.User, phone.MaskIn(strings.Join(forwards.Parameters, ", "))))
	case t.Part == AnswerRule && !on: // it does nothing any more
		f.Kind, f.Action = Gone, Forget
	case t.Part == User:
		if why := usedOtherwise(*found.User); why != "" {
			f.foreign(why)
		}
	case t.Part == DialRule:
		f.found = *found.DialRule
		if !d.leadsHere(f.found, &t) || t.Pending && !d.marked(f.found, &t) {
			f.foreign(fmt.Sprintf("the rule for %s has been changed since and %s", shownTo(t), leads(f.found)))
		}
	}
}

// usedOtherwise says why a user that we made is now used for something else.
func usedOtherwise(is netsapiens.User) string {
	for _, field := range []struct{ name, is, was string }{
		{"its service is", cmp.Or(is.ServiceCode, serviceCode), serviceCode}, // some phone systems do not give it back
		{"its scope is", is.Scope, netsapiens.ScopeSimpleUser},
		{"its first name is", is.FirstName, firstName},
		{"its last name is", is.LastName, lastName},
	} {
		if field.is != field.was {
			return fmt.Sprintf("user %s has been changed since: %s %q", is.User, field.name, phone.MaskIn(field.is))
		}
	}
	return ""
}

// leads says where a rule leads.
func leads(r netsapiens.DialRule) string {
	if !netsapiens.IsToWeb(r.Application) {
		return "leads to " + phone.MaskIn(cmp.Or(r.Application, "nothing"))
	}
	return "asks " + phone.MaskIn(shown(address(r.Parameter)))
}

func shownTo(t Thing) string { return strings.TrimPrefix(t.String(), "dial rule for ") }
