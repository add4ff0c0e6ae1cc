package provision

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// ruleField is a field of a dial rule.
type ruleField struct {
	name string
	of   func(*netsapiens.DialRule) *string
}

// The fields of dial rules: those that can be changed, and those that identify
// the rule.
var (
	setFields = []ruleField{
		{"enabled", func(r *netsapiens.DialRule) *string { return &r.Enabled }},
		{"application", func(r *netsapiens.DialRule) *string { return &r.Application }},
		{"parameter", func(r *netsapiens.DialRule) *string { return &r.Parameter }},
		{"destination scheme", func(r *netsapiens.DialRule) *string { return &r.DestinationScheme }},
		{"destination user", func(r *netsapiens.DialRule) *string { return &r.DestinationUser }},
		{"destination host", func(r *netsapiens.DialRule) *string { return &r.DestinationHost }},
		{"source name", func(r *netsapiens.DialRule) *string { return &r.SourceName }},
		{"source scheme", func(r *netsapiens.DialRule) *string { return &r.SourceScheme }},
		{"source user", func(r *netsapiens.DialRule) *string { return &r.SourceUser }},
		{"source host", func(r *netsapiens.DialRule) *string { return &r.SourceHost }},
		{"description", func(r *netsapiens.DialRule) *string { return &r.Description }},
	}
	matchFields = []ruleField{
		{"matches destination", func(r *netsapiens.DialRule) *string { return &r.ToURI }},
		{"matches caller", func(r *netsapiens.DialRule) *string { return &r.FromURI }},
		{"matches days", func(r *netsapiens.DialRule) *string { return &r.Days }},
		{"matches from date", func(r *netsapiens.DialRule) *string { return &r.StartDate }},
		{"matches to date", func(r *netsapiens.DialRule) *string { return &r.EndDate }},
		{"matches from time", func(r *netsapiens.DialRule) *string { return &r.StartTime }},
		{"matches to time", func(r *netsapiens.DialRule) *string { return &r.EndTime }},
	}
)

// essential are the fields without which a rule does not lead to the webhook,
// however a phone system may show them.
var essential = []string{"enabled", "application", "parameter"}

// differing returns the fields in which a rule is not as wanted.
func differing(is, wanted netsapiens.DialRule, shows map[string]string) []ruleField {
	var fields []ruleField
	is, wanted = is.Complete(), wanted.Complete()
	for _, f := range slices.Concat(matchFields, setFields) {
		a, b := *f.of(&is), *f.of(&wanted)
		switch as, ok := shows[f.name]; {
		case a == b, ok && a == as && !slices.Contains(essential, f.name):
		case f.name == "application" && netsapiens.IsToWeb(a) && netsapiens.IsToWeb(b):
		case f.name == "parameter" && sameAddress(address(a), address(b)):
		default:
			fields = append(fields, f)
		}
	}
	return fields
}

// show returns differing fields for people.
func show(fields []ruleField, is, wanted netsapiens.DialRule) []Field {
	is, wanted = is.Complete(), wanted.Complete()
	var all []Field
	for _, f := range fields {
		from, to := phone.MaskIn(*f.of(&is)), phone.MaskIn(*f.of(&wanted))
		if f.name == "parameter" {
			from, to = shownParameter(is.Parameter), shownParameter(wanted.Parameter)
		}
		if from == to {
			from += " (another)"
		}
		all = append(all, Field{f.name, from, to})
	}
	return all
}

// marked reports whether a rule says that it is ours for this entry.
func (d Desired) marked(r netsapiens.DialRule, known *Thing) bool {
	if r.Description == descriptions+d.Entry {
		return true
	}
	as, ok := "", false
	if known != nil {
		as, ok = known.Shows["description"]
	}
	return ok && as != "" && r.Description == as
}

// leadsHere reports whether a rule asks the webhook for this entry, at its
// current URL or at the one that it had when the rule was made.
func (d Desired) leadsHere(r netsapiens.DialRule, known *Thing) bool {
	at := address(r.Parameter)
	if !netsapiens.IsToWeb(r.Application) || entryAt(at) != d.Entry {
		return false
	}
	return d.DialRule.Parameter != "" && shown(at) == shown(address(d.DialRule.Parameter)) || known != nil && known.URL != "" && shown(at) == known.URL
}

// ours reports whether we made a rule for this entry, according to the rule's
// description or to the record.
func (d Desired) ours(r netsapiens.DialRule, known *Thing) bool {
	marked, leads := d.marked(r, known), d.leadsHere(r, known)
	return marked && leads || known != nil && !known.Pending && (marked || leads)
}

// concerns reports whether a rule may be part of what is wanted, or stand in
// its place.
func (d Desired) concerns(r netsapiens.DialRule) bool {
	return r.SameMatch(d.DialRule) || r.Description == descriptions+d.Entry
}

func diffRule(d Desired, o Observed, made []Thing) *Difference {
	f := d.difference(DialRule, made)
	known := find(made, d.thing(DialRule))
	f.target = d.DialRule
	if o.RulesErr != nil {
		return f.unseen(o.RulesErr, Create) // which changes nobody else's
	}
	i := slices.IndexFunc(o.Rules, d.DialRule.SameMatch)
	if i < 0 {
		if edited := d.edited(o.Rules, made); edited != nil {
			return f.differs(*edited, differing(*edited, d.DialRule, nil), Replace)
		}
		return f.absent(known)
	}
	is := o.Rules[i]
	var shows map[string]string
	if known != nil {
		shows = known.Shows
	}
	fields := differing(is, d.DialRule, shows)
	switch {
	case d.ours(is, known) && len(fields) == 0:
		return nil
	case d.ours(is, known):
		f.differs(is, fields, Change)
		if len(fields) == 1 && fields[0].name == "enabled" {
			f.Kind, f.Fields = SwitchedOff, nil
		}
		return f
	}
	at, want := address(is.Parameter), address(d.DialRule.Parameter)
	switch {
	case !netsapiens.IsToWeb(is.Application) || !sameButKey(at, want) || is.Enabled == netsapiens.No:
		return f.foreign(conflicting(is, d))
	case sameAddress(at, want):
		return nil
	}
	// Somebody else made it for this very entry, such as
	// pagerduty-voys-webhook: only the key is changed.
	changed := is
	changed.Parameter = before(is.Parameter) + want
	fields = differing(is, changed, nil)
	f.differs(is, fields, Change)
	f.target = changed
	return f
}

// differs completes a Difference: fields of what was found are not as wanted.
func (f *Difference) differs(is netsapiens.DialRule, fields []ruleField, action Action) *Difference {
	f.Kind, f.Action, f.found = Differs, action, is
	f.Fields = show(fields, is, f.target)
	if netsapiens.IsToWeb(is.Application) {
		// What an operator has put before the URL, such as a secret, stays.
		f.target.Application, f.target.Parameter = is.Application, before(is.Parameter)+address(f.target.Parameter)
	}
	f.target.ID = is.ID
	return f
}

// edited returns the rule that was ours before somebody changed what it matches,
// or nil. One that we made for something else does not count.
func (d Desired) edited(rules []netsapiens.DialRule, made []Thing) *netsapiens.DialRule {
	for i := range rules {
		r := &rules[i]
		other := Thing{Part: DialRule, Domain: d.Domain, Match: r.Match()}
		recorded := slices.ContainsFunc(made, func(t Thing) bool {
			return t.Part == DialRule && t.Domain == other.Domain && t.Match == other.Match
		})
		if !recorded && d.marked(*r, nil) && d.leadsHere(*r, find(made, d.thing(DialRule))) {
			return r
		}
	}
	return nil
}

// conflicting says what a rule does instead of what is wanted.
func conflicting(is netsapiens.DialRule, d Desired) string {
	at, want := address(is.Parameter), address(d.DialRule.Parameter)
	there := fmt.Sprintf("a rule for %s is there already and ", d.DialRule.ToURI)
	switch {
	case !netsapiens.IsToWeb(is.Application):
		return there + "leads to " + phone.MaskIn(cmp.Or(is.Application, "nothing"))
	case shown(at) == shown(want) && entryAt(at) == "":
		return there + "asks for another entry"
	case shown(at) == shown(want) && entryAt(at) != d.Entry:
		return there + "asks for another entry: " + entryAt(at)
	case shown(at) == shown(want) && !sameButKey(at, want):
		return there + "asks for this entry with parameters of somebody else's"
	case !sameButKey(at, want):
		return there + "asks " + phone.MaskIn(shown(at))
	}
	return there + "is switched off"
}
