package core

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

// CreateUser makes a user, and with it the answer rule that always holds. The
// field user is its name.
func (c *Core) CreateUser(ctx context.Context, domain string, fields Fields) (Object, error) {
	name := fields.Text("user")
	if err := checkName("user", name); err != nil {
		return Object{}, err
	}
	if err := checkZone(fields); err != nil {
		return Object{}, err
	}
	of, err := c.domain(ctx, domain)
	if err != nil {
		return Object{}, err
	}
	changes := c.newUser(of.Fields, fields)
	return changes[0].Object, c.apply(ctx, changes...)
}

// newUser returns the changes that make a user of a domain.
func (c *Core) newUser(domain, fields Fields) []Change {
	in, name := domain.Text("domain"), fields.Text("user")
	fields = fields.Clone()
	fields.set("domain", in)
	fields.set("user", name)
	fields.setDefault("login-username", name+"@"+in)
	fields.setDefault("dial-plan", domain.TextOr("dial-plan", in))
	fields.setDefault("dial-policy", domain.Text("dial-policy"))
	fields.setDefault("time-zone", domain.TextOr("time-zone", "UTC"))
	fields.set("created-datetime", c.now())
	fields.set("last-modified-datetime", c.now())

	rule := Fields{}
	rule.set("time-frame", dialplan.Always)
	rule.set("enabled", "yes")
	rule = completeAnswerRule(in, name, rule, lastOrder)
	return []Change{
		create(Key{Kind: User, Domain: in, ID: name}, fields),
		create(Key{Kind: AnswerRule, Domain: in, Owner: name, ID: dialplan.Always}, rule),
	}
}

// UpdateUser changes fields of a user. Its name, its domain and when it was
// made stay.
func (c *Core) UpdateUser(ctx context.Context, domain, name string, fields Fields) error {
	if err := checkZone(fields); err != nil {
		return err
	}
	fields = fields.Without("domain", "user", "created-datetime")
	fields.set("last-modified-datetime", c.now())
	return c.update(ctx, Key{Kind: User, Domain: domain, ID: name}, func(old Fields) (Fields, error) {
		return old.With(fields), nil
	})
}

// DeleteUser removes a user with its answer rules and texts, and its waiting
// calls if it is a queue. Numbers that lead to it stay, and lead nowhere.
func (c *Core) DeleteUser(ctx context.Context, domain, name string) error {
	key := Key{Kind: User, Domain: domain, ID: name}.lower()
	changes := []Change{removal(key)}
	sessions, err := c.removals(ctx, Key{Kind: MessageSession, Domain: key.Domain, Owner: key.ID})
	if err != nil {
		return err
	}
	owned := []Key{{Kind: AnswerRule, Domain: key.Domain, Owner: key.ID}, {Kind: QueuedCall, Domain: key.Domain, Owner: key.ID}}
	for _, s := range sessions {
		owned = append(owned, Key{Kind: Message, Domain: key.Domain, Owner: messageOwner(key.ID, s.Object.ID)})
	}
	for _, match := range owned {
		found, err := c.removals(ctx, match)
		if err != nil {
			return err
		}
		changes = append(changes, found...)
	}
	return c.apply(ctx, append(changes, sessions...)...)
}

// user returns a user's object, or a fault.NotFound.
func (c *Core) user(ctx context.Context, domain, name string) (Object, error) {
	return c.Object(ctx, Key{Kind: User, Domain: domain, ID: name})
}

func checkZone(fields Fields) error {
	name := fields.Text("time-zone")
	if name == "" {
		return nil
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return fault.Newf(fault.Invalid, "%q is not a time zone", name).WithHint("write it as US/Pacific or Europe/Amsterdam")
	}
	return nil
}
