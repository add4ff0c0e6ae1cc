package core

import (
	"context"
	"regexp"
	"strings"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

// domainUser is the user that holds a domain's own settings.
const domainUser = "domain"

// nameForm is what domains, users and dial plans are called: what fits into a
// URI and into the API's paths.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func checkName(what, name string) error {
	if !nameForm.MatchString(name) {
		return fault.Newf(fault.Invalid, "%q cannot be the name of a %s", name, what).WithHint("a name has 1 to 64 letters, digits, dots, hyphens and underscores")
	}
	return nil
}

// CreateDomain makes a domain, and with it its own user, a dial plan of the same
// name, and in it the rule that sends all other calls to the system's table. The
// field domain is its name.
func (c *Core) CreateDomain(ctx context.Context, fields Fields) (Object, error) {
	name := fields.Text("domain")
	if err := checkName("domain", name); err != nil {
		return Object{}, err
	}
	if err := checkZone(fields); err != nil {
		return Object{}, err
	}
	fields = fields.Clone()
	fields.setDefault("reseller", "*")
	fields.setDefault("description", "")
	fields.setDefault("dial-plan", name)
	fields.setDefault("dial-policy", "Permit All")
	fields.setDefault("time-zone", "UTC")

	plan := Fields{}
	plan.set("domain", name)
	plan.set("dial-rule-dial-plan", name)
	plan.set("dial-rule-description", "Dial plan of "+name)

	rule := Fields{}
	rule.set("dial-rule-matching-to-uri", "*")
	rule.set("dial-rule-application", "<"+dialplan.DefaultTable+">")
	rule.set("dial-rule-translation-destination-user", dialplan.Keep)
	rule.set("dial-rule-description", "To the system's table")
	rule = completeRule(name, name, rule)

	user := Fields{}
	user.set("user", domainUser)
	user.set("name-first-name", "Domain")
	user.set("name-last-name", name)
	user.set("email-address", "")
	user.set("user-scope", "No Portal")
	user.set("service-code", "system-domain")

	changes := []Change{
		create(Key{Kind: Domain, Domain: name, ID: name}, fields),
		create(Key{Kind: DialPlan, Domain: name, ID: name}, plan),
		create(Key{Kind: DialRule, Domain: name, Owner: name, ID: RuleID(rule)}, rule),
	}
	changes = append(changes, c.newUser(fields, user)...)
	return changes[0].Object, c.apply(ctx, changes...)
}

// domain returns a domain's object, or a fault.NotFound.
func (c *Core) domain(ctx context.Context, name string) (Object, error) {
	return c.Object(ctx, Key{Kind: Domain, Domain: name, ID: name})
}

// nameIn returns a name as it was written when the object was made.
func nameIn(o Object, field string) string { return o.Fields.TextOr(field, o.ID) }

func sameName(a, b string) bool { return strings.EqualFold(a, b) }
