package core

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

// matching are the fields that say which calls a dial rule is for, in the
// order in which they make its id. They never change.
var matching = [...]string{
	"dial-rule-matching-to-uri",
	"dial-rule-matching-from-uri",
	"dial-rule-matching-day-of-week",
	"dial-rule-matching-start-date",
	"dial-rule-matching-end-date",
	"dial-rule-matching-start-time",
	"dial-rule-matching-end-time",
}

// separator stands between the matching fields of an id.
const separator = "||"

// RuleID returns the id of a dial rule: the base64 of its matching fields.
func RuleID(fields Fields) string {
	parts := make([]string, len(matching))
	for i, name := range matching {
		parts[i] = fields.TextOr(name, "*")
	}
	return base64.StdEncoding.EncodeToString([]byte(strings.Join(parts, separator)))
}

// CanonicalRuleID returns an id as RuleID writes it, whichever variant of base64
// it came in. Anything else is returned unchanged, and names no rule.
func CanonicalRuleID(id string) string {
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(id), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil || !strings.Contains(string(decoded), separator) {
		return id
	}
	return base64.StdEncoding.EncodeToString(decoded)
}

// ruleOf returns which calls a rule is for, from its id, for people.
func ruleOf(id string) string {
	decoded, err := base64.StdEncoding.DecodeString(id)
	if to, _, ok := strings.Cut(string(decoded), separator); ok && err == nil {
		return to
	}
	return id
}

// CreateDialPlan makes a dial plan without rules. The field
// dial-rule-dial-plan is its name.
func (c *Core) CreateDialPlan(ctx context.Context, domain string, fields Fields) (Object, error) {
	name := fields.Text("dial-rule-dial-plan")
	if strings.TrimSpace(name) == "" || len(name) > dialplan.MaxPart || strings.ContainsAny(name, "<>/") {
		return Object{}, fault.Newf(fault.Invalid, "%q cannot be the name of a dial plan", name).WithHint("a name has no <, > and /")
	}
	of, err := c.domain(ctx, domain)
	if err != nil {
		return Object{}, err
	}
	fields = fields.Clone()
	fields.set("domain", nameIn(of, "domain"))
	made := create(Key{Kind: DialPlan, Domain: domain, ID: name}, fields)
	return made.Object, c.apply(ctx, made)
}

// UpdateDialPlan changes fields of a dial plan; its name stays.
func (c *Core) UpdateDialPlan(ctx context.Context, domain, plan string, fields Fields) error {
	fields = fields.Without("domain", "dial-rule-dial-plan")
	return c.update(ctx, Key{Kind: DialPlan, Domain: domain, ID: plan}, func(old Fields) (Fields, error) {
		return old.With(fields), nil
	})
}

// DeleteDialPlan removes a dial plan with its rules.
func (c *Core) DeleteDialPlan(ctx context.Context, domain, plan string) error {
	rules, err := c.removals(ctx, Key{Kind: DialRule, Domain: domain, Owner: plan})
	if err != nil {
		return err
	}
	return c.apply(ctx, append([]Change{removal(Key{Kind: DialPlan, Domain: domain, ID: plan})}, rules...)...)
}

// CreateDialRule adds a rule to a dial plan.
func (c *Core) CreateDialRule(ctx context.Context, domain, plan string, fields Fields) (Object, error) {
	of, err := c.Object(ctx, Key{Kind: DialPlan, Domain: domain, ID: plan})
	if err != nil {
		return Object{}, err
	}
	if _, err := dialplan.ParsePattern(fields.Text(matching[0])); err != nil {
		return Object{}, err
	}
	fields = completeRule(of.Fields.TextOr("domain", domain), nameIn(of, "dial-rule-dial-plan"), fields)
	if _, err := ruleFrom(fields); err != nil {
		return Object{}, err
	}
	made := create(Key{Kind: DialRule, Domain: domain, Owner: plan, ID: RuleID(fields)}, fields)
	return made.Object, c.apply(ctx, made)
}

// UpdateDialRule changes what a rule does. Which calls it matches cannot be
// changed: that makes another rule.
func (c *Core) UpdateDialRule(ctx context.Context, domain, plan, id string, fields Fields) error {
	return c.update(ctx, Key{Kind: DialRule, Domain: domain, Owner: plan, ID: id}, func(old Fields) (Fields, error) {
		for _, name := range matching {
			if fields.Has(name) && fields.Text(name) != old.Text(name) {
				return nil, fault.Newf(fault.Invalid, "%s of a dial rule cannot be changed", name).WithHint("delete the rule and create it anew")
			}
		}
		changed := old.With(fields.Without("domain", "dial-rule-dial-plan", "dialrule").Without(matching[:]...))
		_, err := ruleFrom(changed)
		return changed, err
	})
}

// DeleteDialRule removes a rule.
func (c *Core) DeleteDialRule(ctx context.Context, domain, plan, id string) error {
	return c.apply(ctx, removal(Key{Kind: DialRule, Domain: domain, Owner: plan, ID: id}))
}

// completeRule returns a rule with every field that a phone system shows.
func completeRule(domain, plan string, fields Fields) Fields {
	fields = fields.Clone()
	for _, name := range matching {
		fields.set(name, fields.TextOr(name, "*"))
	}
	fields.setDefault("enabled", "yes")
	fields.setDefault("dial-rule-parameter", "")
	fields.setDefault("dial-rule-description", "")
	for _, part := range []string{"destination-scheme", "destination-user", "destination-host", "source-name", "source-scheme", "source-user", "source-host"} {
		fields.setDefault("dial-rule-translation-"+part, dialplan.Keep)
	}
	fields.set("domain", domain)
	fields.set("dial-rule-dial-plan", plan)
	fields.set("dialrule", RuleID(fields))
	return fields
}

// ruleFrom reads a dial rule.
func ruleFrom(f Fields) (dialplan.Rule, error) {
	rule := dialplan.Rule{
		ID:          f.Text("dialrule"),
		Disabled:    !f.Yes("enabled", true),
		Description: f.Text("dial-rule-description"),
		Action:      actionOf(f),
	}
	var err error
	if rule.To, err = dialplan.ParsePattern(f.Text(matching[0])); err != nil {
		return rule, err
	}
	if rule.From, err = dialplan.ParsePattern(f.TextOr(matching[1], "*")); err != nil {
		return rule, err
	}
	rule.Valid, err = dialplan.ParseValidity(f.Text(matching[2]), f.Text(matching[3]), f.Text(matching[4]), f.Text(matching[5]), f.Text(matching[6]))
	return rule, err
}

// actionOf reads what a dial rule or a number does with a call.
func actionOf(f Fields) dialplan.Action {
	part := func(name string) string { return f.Text("dial-rule-translation-" + name) }
	return dialplan.Action{
		Application: f.Text("dial-rule-application"),
		Parameter:   f.Text("dial-rule-parameter"),
		Translation: dialplan.Translation{
			DestinationScheme: part("destination-scheme"),
			DestinationUser:   part("destination-user"),
			DestinationHost:   part("destination-host"),
			SourceName:        part("source-name"),
			SourceScheme:      part("source-scheme"),
			SourceUser:        part("source-user"),
			SourceHost:        part("source-host"),
		},
	}
}
