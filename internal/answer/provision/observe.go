package provision

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// usersAtOnce is the number of entries of a domain from which on its users are
// listed: fewer are asked for one by one, as a domain may have thousands.
const usersAtOnce = 8

// survey is what a domain has for many entries, read page by page once for all
// of them.
type survey struct {
	users    map[string]netsapiens.User       // nil: to be asked for one by one
	rules    map[string][]netsapiens.DialRule // that may concern an entry, by its id
	rulesErr error
}

// survey reads a domain. It may have thousands of rules: those that have
// nothing to do with us are dropped.
func (p *Provisioner) survey(ctx context.Context, domain string, wanted []Desired) *survey {
	s := &survey{rules: make(map[string][]netsapiens.DialRule)}
	concerned := make(map[string][]string) // the ids of entries, by what their rules show
	for _, d := range wanted {
		for _, shows := range [...]string{d.DialRule.Match(), d.DialRule.Description, d.Entry} {
			concerned[shows] = append(concerned[shows], d.Entry)
		}
	}
	for r, err := range p.API.DialRules(ctx, domain, domain) {
		if err != nil {
			s.rulesErr = err
			break
		}
		for _, id := range slices.Concat(concerned[r.Match()], concerned[r.Description], concerned[asksFor(r)]) {
			if known := s.rules[id]; len(known) == 0 || known[len(known)-1] != r {
				s.rules[id] = append(known, r)
			}
		}
	}
	if len(wanted) < usersAtOnce {
		return s
	}
	users := make(map[string]netsapiens.User)
	for u, err := range p.API.Users(ctx, domain) {
		if err != nil {
			return s // each is asked for, which may be permitted, and says why not
		}
		users[u.User] = u
	}
	s.users = users
	return s
}

// asksFor returns the id of the entry that a rule asks a webhook for; empty:
// none.
func asksFor(r netsapiens.DialRule) string {
	if !netsapiens.IsToWeb(r.Application) {
		return ""
	}
	return entryAt(address(r.Parameter))
}

// dialRules returns the rules that may concern an entry, and others; s may be
// nil.
func (p *Provisioner) dialRules(ctx context.Context, d Desired, s *survey) iter.Seq2[netsapiens.DialRule, error] {
	if s == nil {
		return p.API.DialRules(ctx, d.Domain, d.Domain)
	}
	return func(yield func(netsapiens.DialRule, error) bool) {
		for _, r := range s.rules[d.Entry] {
			if !yield(r, nil) {
				return
			}
		}
		if s.rulesErr != nil {
			yield(netsapiens.DialRule{}, s.rulesErr)
		}
	}
}

// observe observes what concerns an entry; s may be nil.
func (p *Provisioner) observe(ctx context.Context, d Desired, rec *Record, s *survey, removing bool) Observed {
	o := p.observeWanted(ctx, d, rec, s)
	o.Earlier = p.observeEarlier(ctx, d, rec, removing)
	return o
}

// observeWanted observes the places of what is wanted; s may be nil.
func (p *Provisioner) observeWanted(ctx context.Context, d Desired, rec *Record, s *survey) (o Observed) {
	if d.nothing() {
		return o
	}
	if s != nil && s.users != nil {
		if u, ok := s.users[d.User.User]; ok {
			o.User = &u
		}
	} else {
		o.User, o.UserErr = p.lookUser(ctx, d.Domain, d.User.User)
	}
	o.Rules, o.RulesErr = p.lookRules(ctx, d, findMade(rec.Made, d.resource(DialRule)), s)
	if o.User != nil || o.UserErr != nil { // a user that is not there has no answer rule
		o.AnswerRule, o.AnswerErr = p.lookAnswer(ctx, d.Domain, d.User.User)
	}
	return o
}

// lookUser returns a user, or nil where there is none.
func (p *Provisioner) lookUser(ctx context.Context, domain, name string) (*netsapiens.User, error) {
	return present(p.API.User(ctx, domain, name))
}

func (p *Provisioner) lookAnswer(ctx context.Context, domain, user string) (*netsapiens.AnswerRule, error) {
	return present(p.API.AnswerRule(ctx, domain, user, netsapiens.Any))
}

// present returns a thing, or nil where the phone system says that there is
// none.
func present[T any](thing T, err error) (*T, error) {
	switch {
	case netsapiens.NotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &thing, nil
}

// lookRules returns the rule that matches what is wanted, or else those that may
// have been it. A rule in its place is found by its id; the whole plan is read
// only if there is none.
func (p *Provisioner) lookRules(ctx context.Context, d Desired, known *Resource, s *survey) ([]netsapiens.DialRule, error) {
	id := d.DialRule.LikelyID()
	if known != nil {
		id = cmp.Or(known.ID, id)
	}
	if s == nil {
		if r, err := p.API.DialRule(ctx, d.Domain, d.Domain, id); err == nil && r.SameMatch(d.DialRule) {
			return []netsapiens.DialRule{r}, nil
		}
	}
	return p.listRules(ctx, d, s)
}

// listRules is lookRules without knowing an id.
func (p *Provisioner) listRules(ctx context.Context, d Desired, s *survey) ([]netsapiens.DialRule, error) {
	var rules []netsapiens.DialRule
	for r, err := range p.dialRules(ctx, d, s) {
		if err != nil {
			return nil, err
		}
		if r.SameMatch(d.DialRule) {
			return []netsapiens.DialRule{r}, nil
		}
		if r.Description == d.DialRule.Description {
			rules = append(rules, r)
		}
	}
	return rules, nil
}

// observeEarlier observes what was made and is not wanted.
func (p *Provisioner) observeEarlier(ctx context.Context, d Desired, rec *Record, removing bool) []Found {
	var all []Found
	var stays func(Resource) (Reason, error)
	for _, m := range d.unwanted(rec.Made) {
		if stays == nil {
			stays = p.stays(ctx, d, removing)
		}
		f := chain[m.Part].find(ctx, p, m)
		if f.Err == nil && f.has(m.Part) {
			f.Stays, f.Err = stays(m)
		}
		all = append(all, f)
	}
	return all
}

// stays returns a function that says why something that is no longer wanted must
// stay: another entry uses it; or, unless it is removed on request, calls still
// come in for it.
func (p *Provisioner) stays(ctx context.Context, d Desired, removing bool) func(Resource) (Reason, error) {
	var records []Record
	var recordsErr error
	if p.Records != nil {
		records, recordsErr = p.Records.All(ctx)
	}
	type place struct{ domain, user string }
	users := make(map[place]string)
	for i := range records {
		if r := &records[i]; r.Entry != d.Entry && !r.Removed && r.Domain != "" {
			users[place{r.Domain, r.SystemUser}] = r.Entry
		}
	}
	domains := make(map[string]*arrivals)
	return func(m Resource) (Reason, error) {
		if recordsErr != nil {
			return Reason{}, recordsErr
		}
		if other := users[place{m.Domain, m.User}]; other != "" && m.Part != DialRule {
			return reasonUserShared.with(why.Args{"user": m.User, "entry": other}), nil
		}
		if removing || m.Domain == d.Domain && m.User == d.User.User {
			return Reason{}, nil
		}
		if domains[m.Domain] == nil {
			domains[m.Domain] = p.arrivals(ctx, m.Domain)
		}
		return domains[m.Domain].at(m.User)
	}
}

// arrivals is how calls come into a domain.
type arrivals struct {
	numbers []netsapiens.PhoneNumber
	rules   []netsapiens.DialRule // that lead to a user
	err     error                 // why they cannot be seen
}

func (p *Provisioner) arrivals(ctx context.Context, domain string) *arrivals {
	a := &arrivals{}
	if a.numbers, a.err = netsapiens.Collect(p.API.PhoneNumbers(ctx, domain)); a.err != nil {
		return a
	}
	for r, err := range p.API.DialRules(ctx, domain, domain) {
		if err != nil {
			a.err = err
			return a
		}
		if r.DestinationUser != netsapiens.Keep && r.DestinationUser != "" && r.Enabled != netsapiens.No {
			a.rules = append(a.rules, r)
		}
	}
	return a
}

// at says what leads to a user; zero: nothing does. If that is unknown, nothing
// may be taken away.
func (a *arrivals) at(name string) (Reason, error) {
	switch {
	case netsapiens.Temporary(a.err):
		return Reason{}, a.err
	case a.err != nil && !netsapiens.NotFound(a.err):
		return reasonNumbersUnseen.with(why.Args{"user": name, "problem": because(a.err).String()}), nil
	}
	leads := func(to string) bool { to = user(to); return to == name || to == alias(name) }
	for _, n := range a.numbers {
		if leads(n.DestinationUser) {
			return reasonNumberLeads.with(why.Args{"number": phone.Mask(n.Number), "user": name}), nil
		}
	}
	for _, r := range a.rules {
		if leads(r.DestinationUser) {
			return reasonRuleLeads.with(why.Args{"rule": phone.MaskIn(r.ToURI), "user": name}), nil
		}
	}
	return Reason{}, nil
}
