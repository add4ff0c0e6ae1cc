package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/core/dialplan"
)

// directory shows a State to one routing decision. It stores the first error,
// and then finds nothing more.
type directory struct {
	ctx      context.Context
	core     *Core
	explains bool // the decision is to be explained
	led      bool // the settings lead the called number to a responder
	err      error
}

// object returns an object, nil where there is none.
func (d *directory) object(key Key) *Object {
	if d.err != nil {
		return nil
	}
	o, err := d.core.state.Object(d.ctx, key.lower())
	if err != nil {
		if !errors.Is(err, ErrNotFound) {
			d.err = err
		}
		return nil
	}
	return &o
}

func (d *directory) objects(match Key) []Object {
	if d.err != nil {
		return nil
	}
	found, err := d.core.state.Objects(d.ctx, match.lower(), 0, 0)
	if err != nil {
		d.err = err
	}
	return found
}

// Number returns a number that can be called.
func (d *directory) Number(digits string) *dialplan.Number {
	if led := d.ledNumber(digits); led != nil {
		return led
	}
	found := d.objects(Key{Kind: PhoneNumber, ID: digits})
	if len(found) == 0 {
		return nil
	}
	f := found[0].Fields
	return &dialplan.Number{
		Digits:   digits,
		Domain:   f.Text("domain"),
		Disabled: !f.Yes("enabled", true),
		Action:   actionOf(f),
	}
}

// ownerPatience is how long a call to a number of the settings waits for its owner.
const ownerPatience = time.Second

// User returns a user. That of a call to a number of the settings may be missing, and a
// database that fails has no say in whether such a call reaches its responder.
func (d *directory) User(domain, name string) *dialplan.User {
	if !d.led {
		return d.user(domain, name)
	}
	ctx, cancel := context.WithTimeout(d.ctx, ownerPatience)
	defer cancel()
	of := &directory{ctx: ctx, core: d.core}
	owner := of.user(domain, name)
	if of.err == nil {
		return owner
	}
	d.core.config.Log.Warn("owner of number not read", "user", name, "error", of.err,
		"hint", "the call reaches its responder, which cannot forward it; once the database answers again, it can")
	return nil
}

// user returns a user, with the settings of the domain for those it lacks.
func (d *directory) user(domain, name string) *dialplan.User {
	o := d.object(Key{Kind: User, Domain: domain, ID: name})
	if o == nil {
		return nil
	}
	f := o.Fields
	var defaults Fields
	if of := d.object(Key{Kind: Domain, Domain: domain, ID: domain}); of != nil {
		defaults = of.Fields
	}
	u := &dialplan.User{
		Domain:       f.Text("domain"),
		Name:         f.Text("user"),
		Plan:         cmp.Or(f.Text("dial-plan"), defaults.Text("dial-plan"), f.Text("domain")),
		Zone:         d.core.zone(cmp.Or(f.Text("time-zone"), defaults.Text("time-zone"))),
		CallerIDName: cmp.Or(given(f, "caller-id-name"), given(defaults, "caller-id-name")),
		CallerID:     cmp.Or(given(f, "caller-id-number"), given(defaults, "caller-id-number")),
	}
	u.Private = f.Yes("privacy", false)
	rules := d.objects(Key{Kind: AnswerRule, Domain: domain, Owner: name})
	slices.SortStableFunc(rules, func(a, b Object) int { return cmp.Compare(order(a.Fields), order(b.Fields)) })
	for _, rule := range rules {
		u.AnswerRules = append(u.AnswerRules, answerRuleOf(rule.Fields))
	}
	return u
}

// HasDomain reports whether there is a domain.
func (d *directory) HasDomain(name string) bool {
	return d.object(Key{Kind: Domain, Domain: name, ID: name}) != nil
}

// given returns a caller id, "" where it is the * of the vendor's form, or its [*]:
// that of the domain is kept.
func given(f Fields, name string) string {
	if text := f.Text(name); text != "*" && text != dialplan.Keep {
		return text
	}
	return ""
}

// cachedPlan is a dial plan that is ready to be searched, and the revision of
// the domain's dial rules that it was made from.
type cachedPlan struct {
	revision int64
	plan     *dialplan.Plan
}

// Plan returns a dial plan.
func (d *directory) Plan(domain, name string) *dialplan.Plan {
	key := Key{Kind: DialPlan, Domain: domain, ID: name}.lower()
	o := d.object(key)
	if o == nil {
		return nil
	}
	revision, err := d.core.state.Revision(d.ctx, DialRule, key.Domain)
	if err != nil {
		d.err = err
		return nil
	}
	c := d.core
	c.mu.Lock()
	cached, ok := c.plans[key]
	c.mu.Unlock()
	if ok && cached.revision == revision {
		return cached.plan
	}
	// The revision was read before the rules: a change meanwhile makes the next
	// call read them again.
	found := d.objects(Key{Kind: DialRule, Domain: domain, Owner: name})
	rules := make([]dialplan.Rule, 0, len(found))
	for _, o := range found {
		rule, err := ruleFrom(o.Fields)
		if err != nil {
			d.err = fmt.Errorf("%s: %w", o.Key, err)
			return nil
		}
		rules = append(rules, rule)
	}
	if d.err != nil {
		return nil
	}
	plan := dialplan.NewPlan(domain, o.Fields.TextOr("dial-rule-dial-plan", name), rules)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans[key] = cachedPlan{revision: revision, plan: plan}
	return plan
}

// zone returns a time zone by its name; UTC if there is none of that name, which
// the API does not accept.
func (c *Core) zone(name string) *time.Location {
	c.mu.Lock()
	defer c.mu.Unlock()
	if zone, ok := c.zones[name]; ok {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	c.zones[name] = zone
	return zone
}
