package nstest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// version is what the System says that it is.
func (s *System) version() string { return cmp.Or(s.quirks.Version, "44.4.10") }

func (s *System) readVersion(input) reply {
	return s.shows(Object{"apiversion": s.version(), "hostname": "core1.example.net", "current-time": "2026-01-31 12:00:00"})
}

func (s *System) readAPIKey(input) reply {
	return s.shows(Object{"key-id": "nsd_Atestkey", "description": "for tests of a client", "reseller": "*", "domain": "*", "user": "*",
		"user-scope": "Office Manager", "readonly": "no", "can-create-keys": "no", "lastused-datetime": nil})
}

func (s *System) listSMSNumbers(in input) reply {
	d, missing := s.domain(in)
	if d == nil {
		return missing
	}
	return s.page(in, d.smsNumbers)
}

func (s *System) listPhoneNumbers(in input) reply {
	d, missing := s.domain(in)
	if d == nil {
		return missing
	}
	return s.page(in, d.phoneNumbers)
}

func (s *System) readUser(in input) reply {
	u, missing := s.user(in)
	if u == nil {
		return missing
	}
	return s.shows(u.fields)
}

func (s *System) createUser(in input) reply {
	d, missing := s.domain(in)
	if d == nil {
		return missing
	}
	id := in.fields["user"].(string) //nolint:errcheck // its form was checked
	if d.users[id] != nil {
		return says(http.StatusConflict, "UID already exists.")
	}
	u := s.newUser(d, in.r.PathValue("domain"), in.fields)
	return s.written(in, u.fields)
}

func (s *System) deleteUser(in input) reply {
	u, missing := s.user(in)
	if u == nil {
		return missing
	}
	delete(s.domains[in.r.PathValue("domain")].users, in.r.PathValue("user"))
	return says(http.StatusAccepted, "Accepted")
}

func (s *System) listDialRules(in input) reply {
	rules, missing := s.plan(in)
	if rules == nil {
		return missing
	}
	return s.page(in, *rules)
}

func (s *System) createDialRule(in input) reply {
	rules, missing := s.plan(in)
	if rules == nil {
		return missing
	}
	rule := newDialRule(in.r.PathValue("domain"), in.r.PathValue("plan"), in.fields)
	if slices.ContainsFunc(*rules, func(r Object) bool { return r["dialrule"] == rule["dialrule"] }) {
		return says(http.StatusConflict, "Dial rule already exists.")
	}
	*rules = append(*rules, rule)
	return s.written(in, rule)
}

func (s *System) deleteDialRule(in input) reply {
	rules, missing := s.plan(in)
	if rules == nil {
		return missing
	}
	before := len(*rules)
	*rules = slices.DeleteFunc(*rules, func(r Object) bool { return r["dialrule"] == in.r.PathValue("rule") })
	if len(*rules) == before {
		return says(http.StatusNotFound, "Dial rule does not exist.")
	}
	return says(http.StatusAccepted, "Accepted")
}

func (s *System) readAnswerRule(in input) reply {
	rule, missing := s.answerRule(in)
	if rule == nil {
		return missing
	}
	return s.shows(rule)
}

func (s *System) updateAnswerRule(in input) reply {
	rule, missing := s.answerRule(in)
	if rule == nil {
		return missing
	}
	maps.Copy(rule, in.fields)
	return says(http.StatusAccepted, "Accepted")
}

func (s *System) createAnswerRule(in input) reply {
	u, missing := s.user(in)
	if u == nil {
		return missing
	}
	frame := in.fields["time-frame"].(string) //nolint:errcheck // its form was checked
	if u.answerRules[frame] != nil {
		return says(http.StatusConflict, "Answer rule already exists.")
	}
	rule := newAnswerRule(in.r.PathValue("domain"), in.r.PathValue("user"), in.fields)
	u.answerRules[frame] = rule
	return s.written(in, rule)
}

func (s *System) sendMessage(in input) reply {
	u, missing := s.user(in)
	if u == nil {
		return missing
	}
	domain, user := in.r.PathValue("domain"), in.r.PathValue("user")
	from, to := fmt.Sprint(in.fields["from-number"]), fmt.Sprint(in.fields["destination"])
	owned := func(n Object) bool {
		return n["number"] == from && n["application"] == "user" && n["dest"] == user
	}
	if !slices.ContainsFunc(s.domains[domain].smsNumbers, owned) {
		return says(http.StatusForbidden, "SMS number "+from+" does not belong to user.")
	}
	s.messages = append(s.messages, Message{domain, user, in.r.PathValue("session"), from, to, fmt.Sprint(in.fields["message"])})
	s.keepSent(in)
	return says(http.StatusAccepted, "Accepted")
}

// dialRuleID makes a rule's id as the phone system does.
func dialRuleID(rule Object) string {
	var matching []string
	for _, part := range [...]string{"to-uri", "from-uri", "day-of-week", "start-date", "end-date", "start-time", "end-time"} {
		matching = append(matching, fmt.Sprint(rule["dial-rule-matching-"+part]))
	}
	return base64.StdEncoding.EncodeToString([]byte(strings.Join(matching, "||")))
}
