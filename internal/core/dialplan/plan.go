package dialplan

import (
	"cmp"
	"slices"
)

// Action is what is done with a call: translate its ends, then hand it to an
// application.
type Action struct {
	Application string // as it was written: To Web, to-user, <A><B> for further tables
	Parameter   string // of the application: for To Web see ParseWeb
	Translation Translation
}

// Rule is one dial rule: which calls it is for, and what it does with them.
type Rule struct {
	ID          string // of the phone system; for those who explain
	To          Pattern
	From        Pattern
	Valid       Validity
	Disabled    bool
	Description string
	Action
}

// Plan is a dial plan: a table of rules, ready to be searched. It does not
// change.
type Plan struct {
	Domain string
	Name   string
	rules  []compiled // in order of precedence
	index  [forms]index
}

type compiled struct {
	Rule
	application application
	tables      []string
}

// index finds the rules that can match a key by the literal characters they
// begin with.
type index struct {
	lengths []int            // of the prefixes, the longest first
	rules   map[string][]int // positions, ascending
}

// NewPlan makes a plan of rules, the oldest first.
func NewPlan(domain, name string, rules []Rule) *Plan {
	p := &Plan{Domain: domain, Name: name, rules: make([]compiled, len(rules))}
	for i, r := range rules {
		p.rules[i] = compiled{Rule: r, application: applicationOf(r.Application), tables: tableNames(r.Application)}
	}
	slices.SortStableFunc(p.rules, before)
	for i := range p.rules {
		p.index[p.rules[i].To.form].add(p.rules[i].To.prefix, i)
	}
	return p
}

// Len returns how many rules the plan has.
func (p *Plan) Len() int { return len(p.rules) }

// before is the order of precedence among rules that match a call. The vendor's
// own order is not public; this one is ours: the rule whose destination has more
// literal characters, then the one whose source has more, then the one that is
// limited to certain times, then the older one (the sort is stable). What was
// written for fewer calls goes before what was written for many.
func before(a, b compiled) int {
	return cmp.Or(
		cmp.Compare(b.To.literals, a.To.literals),
		cmp.Compare(b.From.literals, a.From.literals),
		cmp.Compare(b.Valid.limits(), a.Valid.limits()),
	)
}

func (x *index) add(prefix string, at int) {
	if x.rules == nil {
		x.rules = make(map[string][]int)
	}
	if i, found := slices.BinarySearchFunc(x.lengths, len(prefix), func(have, want int) int { return want - have }); !found {
		x.lengths = slices.Insert(x.lengths, i, len(prefix))
	}
	x.rules[prefix] = append(x.rules[prefix], at)
}

// search is what a plan is searched for.
type search struct {
	to, from key
	at       moment
}

// find returns the first rule that matches a call, or nil.
func (p *Plan) find(s *search) *compiled {
	best := len(p.rules)
	for f := range forms {
		x := &p.index[f]
		text := s.to.form(f)
		for _, n := range x.lengths {
			if n > len(text) {
				continue
			}
			for _, at := range x.rules[text[:n]] {
				if at >= best {
					break
				}
				if r := &p.rules[at]; !r.Disabled && r.matches(s, text) && r.Valid.holds(s.at) {
					best = at
					break
				}
			}
		}
	}
	if best == len(p.rules) {
		return nil
	}
	return &p.rules[best]
}

// findSlowly is find without the index. It calls passed for each rule that
// matches and is not chosen.
func (p *Plan) findSlowly(s *search, passed func(*compiled, string)) *compiled {
	var found *compiled
	for i := range p.rules {
		r := &p.rules[i]
		switch {
		case !r.matches(s, s.to.form(r.To.form)):
		case r.Disabled:
			passed(r, "it is switched off")
		case !r.Valid.holds(s.at):
			passed(r, "it holds "+r.Valid.String())
		case found != nil:
			passed(r, whySecond(found, r))
		default:
			found = r
		}
	}
	return found
}

func (r *compiled) matches(s *search, text string) bool {
	return r.To.matches(text) && r.From.matches(s.from.form(r.From.form))
}

// whySecond says why a rule comes after another; see before.
func whySecond(first, second *compiled) string {
	switch {
	case first.To.literals != second.To.literals:
		return "its destination has fewer literal characters"
	case first.From.literals != second.From.literals:
		return "its source has fewer literal characters"
	case first.Valid.limits() != second.Valid.limits():
		return "its time is limited less"
	}
	return "it is younger"
}
