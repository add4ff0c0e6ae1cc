package dialplan

import (
	"fmt"
	"strings"
)

// user hands the call to the user it was translated to.
func (r *routing) user() bool {
	name := r.to.User
	if what, target := alias(name); what == toUser {
		name = target
	}
	if r.enter(place{kind: "user", name: name, from: r.from, domain: r.hostOrDomain()}) {
		return true
	}
	defer r.back()
	u := r.directory.User(r.hostOrDomain(), name)
	if u == nil {
		return r.end(NotFound, "there is no user %s in %s", name, r.hostOrDomain())
	}
	r.own(u)
	return r.answer(u)
}

// answer follows a user's answer rule.
func (r *routing) answer(u *User) bool {
	rule := r.answerRule(u)
	switch {
	case rule == nil:
	case len(rule.ForwardAlways) > 0:
		return r.forward(u, rule, "forward always", rule.ForwardAlways)
	case rule.DoNotDisturb && len(rule.ForwardOnDND) > 0:
		return r.forward(u, rule, "forward on do not disturb", rule.ForwardOnDND)
	case rule.DoNotDisturb:
		r.step(Step{Kind: Answered, User: u, Answer: rule, Note: "do not disturb"})
		return r.end(Refused, "user %s does not want to be disturbed", u.Address())
	case !u.Registered && len(rule.ForwardUnreachable) > 0:
		return r.forward(u, rule, "forward when unregistered", rule.ForwardUnreachable)
	}
	if !u.Registered {
		return r.end(NotFound, "user %s has no phone registered, and no answer rule forwards the call", u.Address())
	}
	return r.end(ToPhones, "the phones of user %s ring", u.Address())
}

// answerRule returns the first rule that counts now.
func (r *routing) answerRule(u *User) *AnswerRule {
	for i := range u.AnswerRules {
		rule := &u.AnswerRules[i]
		switch {
		case rule.Disabled:
			r.step(Step{Kind: Skipped, User: u, Answer: rule, Note: "it is switched off"})
		case rule.TimeFrame != Always:
			r.step(Step{Kind: Skipped, User: u, Answer: rule, Note: "this core knows no time frames but *"})
		default:
			return rule
		}
	}
	return nil
}

// forward sends the call on through the owner's dial plan. Of several
// destinations the first counts (ours: the vendor's form takes one).
func (r *routing) forward(u *User, rule *AnswerRule, how string, to []string) bool {
	r.step(Step{Kind: Answered, User: u, Answer: rule, To: r.to, Note: fmt.Sprintf("%s to %s", how, strings.Join(to, ", "))})
	r.to = ParseURI(to[0], u.Domain)
	r.forwarder, r.exit = u, nil
	if r.table(u.Plan) || r.takeExit() {
		return true
	}
	return r.end(NotFound, "user %s forwards to %s, but no rule of dial plan %s leads there", u.Address(), r.to.User, u.Plan)
}
