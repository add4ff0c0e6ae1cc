package nsapi

import (
	"github.com/switchhook/switchhook/internal/core"
)

func (h *Handler) listDialPlans(c *call) (reply, error) {
	return h.list(c, core.Key{Kind: core.DialPlan})
}

// createDialPlan takes the domain from the path, or from the body where the
// path has none.
func (h *Handler) createDialPlan(c *call) (reply, error) {
	required := []string{"dial-rule-dial-plan", "dial-rule-description"}
	domain := c.PathValue("domain")
	if domain == "" {
		required, domain = append(required, "domain"), c.fields.Text("domain")
	}
	if err := c.require(required...); err != nil {
		return reply{}, err
	}
	o, err := h.core.CreateDialPlan(c.Context(), domain, c.fields)
	return c.made(o, err, "Dial plan already exists.")
}

func (h *Handler) updateDialPlan(c *call) (reply, error) {
	if err := c.require("dial-rule-description"); err != nil {
		return reply{}, err
	}
	return done(h.core.UpdateDialPlan(c.Context(), c.PathValue("domain"), c.PathValue("plan"), c.fields))
}

func (h *Handler) deleteDialPlan(c *call) (reply, error) {
	return done(h.core.DeleteDialPlan(c.Context(), c.PathValue("domain"), c.PathValue("plan")))
}

// destination is the field that every write of a dial rule has.
const destination = "dial-rule-translation-destination-user"

func (c *call) rulesKey() core.Key {
	return core.Key{Kind: core.DialRule, Domain: c.PathValue("domain"), Owner: c.PathValue("plan")}
}

func (c *call) ruleKey() core.Key {
	key := c.rulesKey()
	key.ID = core.CanonicalRuleID(c.PathValue("rule"))
	return key
}

func (h *Handler) listDialRules(c *call) (reply, error) { return h.list(c, c.rulesKey(), c.planKey()) }

func (h *Handler) countDialRules(c *call) (reply, error) {
	if _, err := h.core.Object(c.Context(), c.planKey()); err != nil {
		return reply{}, err
	}
	rules, err := h.core.Objects(c.Context(), c.rulesKey(), 0, 0)
	if err != nil {
		return reply{}, err
	}
	return shown(map[string]int{"total": len(rules)})
}

func (h *Handler) createDialRule(c *call) (reply, error) {
	if err := c.require("dial-rule-matching-to-uri", destination); err != nil {
		return reply{}, err
	}
	o, err := h.core.CreateDialRule(c.Context(), c.PathValue("domain"), c.PathValue("plan"), c.fields)
	return c.made(o, err, "Dial rule already exists.")
}

func (h *Handler) readDialRule(c *call) (reply, error) { return h.read(c, c.ruleKey()) }

func (h *Handler) updateDialRule(c *call) (reply, error) {
	if err := c.require(destination); err != nil {
		return reply{}, err
	}
	return done(h.core.UpdateDialRule(c.Context(), c.PathValue("domain"), c.PathValue("plan"), c.ruleKey().ID, c.fields))
}

func (h *Handler) deleteDialRule(c *call) (reply, error) {
	return done(h.core.DeleteDialRule(c.Context(), c.PathValue("domain"), c.PathValue("plan"), c.ruleKey().ID))
}
