package provision

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"iter"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// usersAtOnce is the number of entries of a domain from which on its users are
// listed: fewer are asked for one by one, as a domain may have thousands.
const usersAtOnce = 8

// survey is what a domain has for many entries, read page by page once for all
// of them.
type survey struct {
	users    map[string]netsapiens.User // nil: to be asked for one by one
	byMatch  map[string]netsapiens.DialRule
	byMark   map[string][]netsapiens.DialRule // by description
	asking   map[string][]netsapiens.DialRule // those that ask a webhook, by the id of the entry that they ask for
	rulesErr error
}

// survey reads a domain. It may have thousands of rules: those that have
// nothing to do with us are dropped.
func (p *Provisioner) survey(ctx context.Context, domain string, wanted []Desired) *survey {
	s := &survey{
		byMatch: make(map[string]netsapiens.DialRule), byMark: make(map[string][]netsapiens.DialRule), asking: make(map[string][]netsapiens.DialRule),
	}
	matches, marks, ids := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, d := range wanted {
		matches[d.DialRule.Match()], marks[d.DialRule.Description], ids[d.Entry] = true, true, true
	}
	for r, err := range p.API.DialRules(ctx, domain, domain) {
		if err != nil {
			s.rulesErr = err
			break
		}
		if m := r.Match(); matches[m] {
			s.byMatch[m] = r
		}
		if marks[r.Description] {
			s.byMark[r.Description] = append(s.byMark[r.Description], r)
		}
		if id := asksFor(r); ids[id] {
			s.asking[id] = append(s.asking[id], r)
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

// rules returns what concerns an entry.
func (s *survey) rules(d Desired) ([]netsapiens.DialRule, error) {
	if s.rulesErr != nil {
		return nil, s.rulesErr
	}
	if r, ok := s.byMatch[d.DialRule.Match()]; ok {
		return []netsapiens.DialRule{r}, nil
	}
	return s.byMark[d.DialRule.Description], nil
}

// asksFor returns the id of the entry that a rule asks a webhook for; empty:
// none.
func asksFor(r netsapiens.DialRule) string {
	if !netsapiens.IsToWeb(r.Application) {
		return ""
	}
	return entryAt(address(r.Parameter))
}

// rulesAsking returns the rules that ask a webhook for what is wanted, and
// others; s may be nil.
func (p *Provisioner) rulesAsking(ctx context.Context, d Desired, s *survey) iter.Seq2[netsapiens.DialRule, error] {
	if s == nil {
		return p.API.DialRules(ctx, d.Domain, d.Domain)
	}
	return func(yield func(netsapiens.DialRule, error) bool) {
		for _, r := range s.asking[d.Entry] {
			if !yield(r, nil) {
				return
			}
		}
		if s.rulesErr != nil {
			yield(netsapiens.DialRule{}, s.rulesErr)
		}
	}
}

// observe looks at what concerns an entry; s may be nil.
func (p *Provisioner) observe(ctx context.Context, d Desired, rec *Record, s *survey, removing bool) Observed {
	o := p.observeWanted(ctx, d, rec, s)
	o.Earlier = p.observeEarlier(ctx, d, rec, removing)
	return o
}

// observeWanted looks at the places of what is wanted; s may be nil.
func (p *Provisioner) observeWanted(ctx context.Context, d Desired, rec *Record, s *survey) Observed {
	var o Observed
	if !d.nothing() {
		if s != nil && s.users != nil {
			if u, ok := s.users[d.User.User]; ok {
				o.User = &u
			}
		} else {
			o.User, o.UserErr = p.lookUser(ctx, d.Domain, d.User.User)
		}
		if s != nil {
			o.Rules, o.RulesErr = s.rules(d)
		} else {
			o.Rules, o.RulesErr = p.lookRules(ctx, d, find(rec.Made, d.thing(DialRule)))
		}
		if o.User != nil || o.UserErr != nil { // a user that is not there has no answer rule
			o.AnswerRule, o.AnswerErr = p.lookAnswer(ctx, d.Domain, d.User.User)
		}
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
func (p *Provisioner) lookRules(ctx context.Context, d Desired, known *Thing) ([]netsapiens.DialRule, error) {
	id := d.DialRule.LikelyID()
	if known != nil {
		id = cmp.Or(known.ID, id)
	}
	if r, err := p.API.DialRule(ctx, d.Domain, d.Domain, id); err == nil && r.SameMatch(d.DialRule) {
		return []netsapiens.DialRule{r}, nil
	}
	return p.listRules(ctx, d)
}

// listRules reads the plan.
func (p *Provisioner) listRules(ctx context.Context, d Desired) ([]netsapiens.DialRule, error) {
	var rules []netsapiens.DialRule
	for r, err := range p.API.DialRules(ctx, d.Domain, d.Domain) {
		if err != nil {
			return nil, err
		}
		if r.SameMatch(d.DialRule) {
			return []netsapiens.DialRule{r}, nil
		}
		if d.concerns(r) {
			rules = append(rules, r)
		}
	}
	return rules, nil
}

// observeEarlier looks at what was made and is not wanted.
func (p *Provisioner) observeEarlier(ctx context.Context, d Desired, rec *Record, removing bool) []Found {
	unwanted := d.unwanted(rec.Made)
	if len(unwanted) == 0 {
		return nil
	}
	all := make([]Found, len(unwanted))
	stays := p.stays(ctx, d, removing)
	for i, t := range unwanted {
		f := &all[i]
		switch t.Part {
		case User:
			if f.User, f.Err = p.lookUser(ctx, t.Domain, t.User); f.User != nil {
				// If its rules can never be seen, that holds nothing up.
				if f.AnswerRule, f.Err = p.lookAnswer(ctx, t.Domain, t.User); !netsapiens.Temporary(f.Err) {
					f.Err = nil
				}
			}
		case DialRule:
			f.DialRule, f.Err = p.lookMade(ctx, t)
		case AnswerRule:
			f.AnswerRule, f.Err = p.lookAnswer(ctx, t.Domain, t.User)
		}
		if f.Err == nil && f.there(t.Part) {
			f.Stays, f.Err = stays(t)
		}
	}
	return all
}

// lookMade returns a rule that was made, or nil where it is gone.
func (p *Provisioner) lookMade(ctx context.Context, t Thing) (*netsapiens.DialRule, error) {
	id := cmp.Or(t.ID, base64.StdEncoding.EncodeToString([]byte(t.Match)))
	r, err := p.API.DialRule(ctx, t.Domain, t.Domain, id)
	switch {
	case err == nil && r.Match() == t.Match:
		return &r, nil
	case netsapiens.NotFound(err) && t.ID != "":
		return nil, nil
	}
	for r, err := range p.API.DialRules(ctx, t.Domain, t.Domain) {
		if err != nil {
			return present(r, err)
		}
		if r.Match() == t.Match {
			return &r, nil
		}
	}
	return nil, nil
}

// stays returns a function that says why something that is no longer wanted must
// stay: another entry uses it; or, unless it is removed on request, calls still
// come in for it.
func (p *Provisioner) stays(ctx context.Context, d Desired, removing bool) func(Thing) (string, error) {
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
	return func(t Thing) (string, error) {
		if recordsErr != nil {
			return "", recordsErr
		}
		if other := users[place{t.Domain, t.User}]; other != "" && t.Part != DialRule {
			return fmt.Sprintf("user %s is used by the entry %s too", t.User, other), nil
		}
		if removing || t.Domain == d.Domain && t.User == d.User.User {
			return "", nil
		}
		a := domains[t.Domain]
		if a == nil {
			a = p.arrivals(ctx, t.Domain)
			domains[t.Domain] = a
		}
		return a.at(t.User)
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

// at says what leads to a user, as a sentence; empty: nothing does. If that is
// unknown, nothing may be taken away.
func (a *arrivals) at(name string) (string, error) {
	switch {
	case netsapiens.Temporary(a.err):
		return "", a.err
	case a.err != nil && !netsapiens.NotFound(a.err):
		return fmt.Sprintf("which numbers lead to user %s cannot be seen (%s): delete it in the portal once none does", name, sentence(a.err)), nil
	}
	leads := func(to string) bool { to = user(to); return to == name || to == alias(name) }
	for _, n := range a.numbers {
		if leads(n.DestinationUser) {
			return fmt.Sprintf("the number %s still leads to user %s: point it elsewhere first", phone.Mask(n.Number), name), nil
		}
	}
	for _, r := range a.rules {
		if leads(r.DestinationUser) {
			return fmt.Sprintf("the dial rule for %s still leads to user %s: point it elsewhere first", phone.MaskIn(r.ToURI), name), nil
		}
	}
	return "", nil
}
