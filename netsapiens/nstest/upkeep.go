package nstest

import (
	"maps"
	"net/http"
	"slices"
)

func (s *System) listUsers(in input) reply {
	d, missing := s.domain(in)
	if d == nil {
		return missing
	}
	users := make([]Object, 0, len(d.users))
	for _, name := range slices.Sorted(maps.Keys(d.users)) {
		users = append(users, d.users[name].fields)
	}
	return s.page(in, users)
}

// dialRule returns the place of the rule that a path names; nil: there is none.
func (s *System) dialRule(in input) (*Object, reply) {
	rules, missing := s.plan(in)
	if rules == nil {
		return nil, missing
	}
	i := slices.IndexFunc(*rules, func(r Object) bool { return r["dialrule"] == in.r.PathValue("rule") })
	if i < 0 {
		return nil, says(http.StatusNotFound, "Dial rule does not exist.")
	}
	return &(*rules)[i], reply{}
}

func (s *System) readDialRule(in input) reply {
	rule, missing := s.dialRule(in)
	if rule == nil {
		return missing
	}
	return s.shows(*rule)
}

func (s *System) updateDialRule(in input) reply {
	rule, missing := s.dialRule(in)
	if rule == nil {
		return missing
	}
	changed := maps.Clone(*rule) // those who have read the rules keep what they read
	maps.Copy(changed, in.fields)
	*rule = changed
	return says(http.StatusAccepted, "Accepted")
}

func (s *System) deleteAnswerRule(in input) reply {
	rule, missing := s.answerRule(in)
	if rule == nil {
		return missing
	}
	delete(s.domains[in.r.PathValue("domain")].users[in.r.PathValue("user")].answerRules, in.r.PathValue("frame"))
	return says(http.StatusAccepted, "Accepted")
}

// EditDialRule changes a rule of a domain's own dial plan that matches a
// destination, as somebody at the portal does: what it matches too, which
// gives it another id. It reports whether there is one.
func (s *System) EditDialRule(domain, toURI string, fields Object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := *s.must(domain).plans[domain]
	i := slices.IndexFunc(rules, func(r Object) bool { return r["dial-rule-matching-to-uri"] == toURI })
	if i < 0 {
		return false
	}
	changed := maps.Clone(rules[i])
	maps.Copy(changed, fields)
	changed["dialrule"] = dialRuleID(changed)
	rules[i] = changed
	return true
}

// RemoveDialRule deletes a rule of a domain's own dial plan that matches a
// destination. It reports whether there was one.
func (s *System) RemoveDialRule(domain, toURI string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := s.must(domain).plans[domain]
	before := len(*rules)
	*rules = slices.DeleteFunc(*rules, func(r Object) bool { return r["dial-rule-matching-to-uri"] == toURI })
	return len(*rules) < before
}

// EditUser changes fields of a user. It reports whether there is one.
func (s *System) EditUser(domain, user string, fields Object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.must(domain).users[user]
	if u == nil {
		return false
	}
	maps.Copy(u.fields, fields)
	return true
}

// RemoveUser deletes a user and its answer rules. It reports whether there was
// one.
func (s *System) RemoveUser(domain, user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.must(domain)
	_, ok := d.users[user]
	delete(d.users, user)
	return ok
}

// EditAnswerRule changes fields of a user's answer rule "*"; nil deletes it.
// It reports whether there is one.
func (s *System) EditAnswerRule(domain, user string, fields Object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.must(domain).users[user]
	if u == nil || u.answerRules["*"] == nil {
		return false
	}
	if fields == nil {
		delete(u.answerRules, "*")
		return true
	}
	maps.Copy(u.answerRules["*"], fields)
	return true
}
