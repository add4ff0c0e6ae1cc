package core

import (
	"context"
	"strconv"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

// lastOrder is the order of the answer rule that always holds: after all
// others.
const lastOrder = 99

// CreateAnswerRule adds an answer rule to a user. The field time-frame says
// when it holds.
func (c *Core) CreateAnswerRule(ctx context.Context, domain, user string, fields Fields) (Object, error) {
	frame := fields.Text("time-frame")
	if frame == "" || len(frame) > dialplan.MaxPart {
		return Object{}, fault.Newf(fault.Invalid, "%q cannot be a time frame", frame).WithHint("* is the one that always holds")
	}
	of, err := c.user(ctx, domain, user)
	if err != nil {
		return Object{}, err
	}
	have, err := c.Objects(ctx, Key{Kind: AnswerRule, Domain: domain, Owner: user}, 0, 0)
	if err != nil {
		return Object{}, err
	}
	fields = completeAnswerRule(of.Fields.TextOr("domain", domain), nameIn(of, "user"), fields, len(have))
	if err := checkAnswerRule(fields); err != nil {
		return Object{}, err
	}
	made := create(Key{Kind: AnswerRule, Domain: domain, Owner: user, ID: frame}, fields)
	return made.Object, c.apply(ctx, made)
}

// UpdateAnswerRule changes fields of an answer rule; its time frame stays.
func (c *Core) UpdateAnswerRule(ctx context.Context, domain, user, frame string, fields Fields) error {
	return c.update(ctx, Key{Kind: AnswerRule, Domain: domain, Owner: user, ID: frame}, func(old Fields) (Fields, error) {
		changed := old.With(fields.Without("domain", "user", "time-frame", "order"))
		changed.set("is-active", isActive(changed))
		return changed, checkAnswerRule(changed)
	})
}

// DeleteAnswerRule removes an answer rule.
func (c *Core) DeleteAnswerRule(ctx context.Context, domain, user, frame string) error {
	return c.apply(ctx, removal(Key{Kind: AnswerRule, Domain: domain, Owner: user, ID: frame}))
}

// completeAnswerRule returns an answer rule with the fields that a phone system
// always shows.
func completeAnswerRule(domain, user string, fields Fields, order int) Fields {
	fields = fields.Clone()
	fields.set("domain", domain)
	fields.set("user", user)
	fields.setDefault("enabled", "yes")
	if fields.Text("time-frame") == dialplan.Always {
		order = lastOrder
	}
	fields.set("order", order)
	fields.set("is-active", isActive(fields))
	return fields
}

// isActive reports whether a rule counts now: the only time frame known here is
// the one that always holds.
func isActive(f Fields) bool {
	return f.Yes("enabled", true) && f.Text("time-frame") == dialplan.Always
}

// The features of an answer rule that routing honours.
const (
	forwardAlways      = "forward-always"
	forwardOnDND       = "forward-on-dnd"
	forwardUnreachable = "forward-when-unregistered"
	doNotDisturb       = "do-not-disturb"
)

// checkAnswerRule refuses a feature that is switched on without a destination:
// calls would end there for no visible reason.
func checkAnswerRule(f Fields) error {
	for _, name := range []string{forwardAlways, forwardOnDND, forwardUnreachable} {
		if !f.Has(name) {
			continue
		}
		feature := f.Nested(name)
		if feature == nil {
			return fault.Newf(fault.Invalid, "%s is not an object", name).WithHint(`write it as {"enabled":"yes","parameters":["1001"]}`)
		}
		if feature.Yes("enabled", false) && len(feature.Texts("parameters")) == 0 {
			return fault.Newf(fault.Invalid, "%s is enabled, but its parameters name no destination", name).WithHint(`write it as {"enabled":"yes","parameters":["1001"]}`)
		}
	}
	return nil
}

// answerRuleOf reads an answer rule.
func answerRuleOf(f Fields) dialplan.AnswerRule {
	return dialplan.AnswerRule{
		TimeFrame:          f.Text("time-frame"),
		Disabled:           !f.Yes("enabled", true),
		DoNotDisturb:       f.Nested(doNotDisturb).Yes("enabled", false),
		ForwardAlways:      destinations(f, forwardAlways),
		ForwardOnDND:       destinations(f, forwardOnDND),
		ForwardUnreachable: destinations(f, forwardUnreachable),
	}
}

// destinations returns where a feature forwards to, nil if it is off.
func destinations(f Fields, name string) []string {
	feature := f.Nested(name)
	if !feature.Yes("enabled", false) {
		return nil
	}
	return feature.Texts("parameters")
}

// order returns the place of an answer rule among the user's.
func order(f Fields) int {
	n, err := strconv.Atoi(f.Text("order"))
	if err != nil {
		return lastOrder
	}
	return n
}
