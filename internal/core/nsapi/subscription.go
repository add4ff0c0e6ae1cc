package nsapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/core"
)

// subscriptionExists is what the vendor says to one that is there already.
const subscriptionExists = "Subscription ID already Exists or matching set of parameters already exists"

// manage refuses a key that may not manage events of a domain, or of all of them
// for core.Everybody. It is for calls without a domain in their path.
func (c *call) manage(domain string) error {
	switch k := c.key; {
	case k.Scope == SuperUser:
		return nil
	case k.Scope != OfficeManager:
		return failf(http.StatusForbidden, "this needs an API key of scope %s", OfficeManager)
	case domain == core.Everybody:
		return failf(http.StatusForbidden, "the events of all domains need an API key of scope %s; name a domain", SuperUser)
	case !strings.EqualFold(domain, k.Domain):
		return failf(http.StatusUnauthorized, "the domain %s is out of this API key's scope", domain)
	}
	return nil
}

// listSubscriptions answers with those of all domains, or of the key's domain if
// the key reaches no further.
func (h *Handler) listSubscriptions(c *call) (reply, error) {
	match := core.Key{Kind: core.Subscription}
	if c.key.Scope != SuperUser {
		match.Domain = c.key.Domain
		if err := c.manage(match.Domain); err != nil {
			return reply{}, err
		}
	}
	return h.list(c, match)
}

func (h *Handler) listDomainsSubscriptions(c *call) (reply, error) {
	return h.list(c, core.Key{Kind: core.Subscription, Domain: c.PathValue("domain")}, c.domainKey())
}

// createSubscription takes the domain from the path, or from the body where
// the path has none.
func (h *Handler) createSubscription(c *call) (reply, error) {
	if err := c.require("model", "post-url"); err != nil {
		return reply{}, err
	}
	domain := c.PathValue("domain")
	said := c.fields.Text("domain")
	switch {
	case domain == "":
		domain = c.fields.TextOr("domain", core.Everybody)
		if domain == mine {
			domain = c.key.Domain
		}
		if err := c.manage(domain); err != nil {
			return reply{}, err
		}
	case said != "" && said != mine && !strings.EqualFold(said, domain):
		return reply{}, failf(http.StatusBadRequest, "the body says domain %.100s, the path %s", said, domain)
	}
	if err := oneOf(c.fields, "subscription-geo-support", "yes", "no"); err != nil {
		return reply{}, err
	}
	fields := c.fields.With(core.Fields{"user-scope": fmt.Appendf(nil, "%q", c.key.Scope)})
	o, err := h.core.CreateSubscription(c.Context(), domain, fields)
	if err != nil {
		return reply{}, exists(err, subscriptionExists)
	}
	return shown(o.Fields) // also without synchronous: so the API has it
}

// subscription returns the key of what the path names, if the API key may see
// it.
func (h *Handler) subscription(c *call) (core.Key, error) {
	key := core.Key{Kind: core.Subscription, Domain: c.PathValue("domain"), ID: c.PathValue("id")}
	if key.Domain != "" {
		return key, nil
	}
	o, err := h.core.SubscriptionByID(c.Context(), key.ID)
	if err != nil {
		return core.Key{}, err
	}
	return o.Key, c.manage(o.Domain)
}

func (h *Handler) readSubscription(c *call) (reply, error) {
	key, err := h.subscription(c)
	if err != nil {
		return reply{}, err
	}
	return h.read(c, key)
}

func (h *Handler) updateSubscription(c *call) (reply, error) {
	key, err := h.subscription(c)
	if err != nil {
		return reply{}, err
	}
	if err := oneOf(c.fields, "subscription-geo-support", "yes", "no"); err != nil {
		return reply{}, err
	}
	return done(h.core.UpdateSubscription(c.Context(), key.Domain, key.ID, c.fields))
}

func (h *Handler) deleteSubscription(c *call) (reply, error) {
	key, err := h.subscription(c)
	if err != nil {
		return reply{}, err
	}
	return done(h.core.DeleteSubscription(c.Context(), key.Domain, key.ID))
}
