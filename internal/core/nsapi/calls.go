package nsapi

import (
	"net/http"

	"github.com/switchhook/switchhook/internal/core"
)

// whose says whose live calls a path means. A ~ for which the key has no name of
// its own means all that the key may see.
func (c *call) whose() core.Whose {
	return core.Whose{Domain: c.PathValue("domain"), User: c.PathValue("user")}
}

// listCalls answers with the live calls of a user, or of a domain.
func (h *Handler) listCalls(c *call) (reply, error) {
	start, limit, err := c.page()
	if err != nil {
		return reply{}, err
	}
	whose := c.whose()
	owner := c.domainKey()
	if whose.User != "" {
		owner = c.userKey()
	}
	if whose != (core.Whose{}) {
		if _, err := h.core.Object(c.Context(), owner); err != nil {
			return reply{}, err
		}
	}
	found := h.core.Calls().List(whose)
	found = found[min(start, len(found)):]
	return shown(found[:min(limit, len(found))])
}

func (h *Handler) readCall(c *call) (reply, error) {
	found, err := h.core.Calls().Find(c.whose(), c.PathValue("call"))
	if err != nil {
		return reply{}, err
	}
	return shown(found)
}

// disconnectCall answers with an empty object and 200, unlike other DELETEs: so the
// API has it.
func (h *Handler) disconnectCall(c *call) (reply, error) {
	if err := h.core.Calls().Disconnect(c.whose(), c.PathValue("call")); err != nil {
		return reply{}, err
	}
	return shown(struct{}{})
}

func (h *Handler) transferCall(c *call) (reply, error) {
	if c.fields.Has("call-destination-session-id") {
		return reply{}, failf(http.StatusBadRequest, "a call cannot be transferred to another call here; give call-term-user alone")
	}
	if err := c.require("call-term-user"); err != nil {
		return reply{}, err
	}
	return done(h.core.Calls().Transfer(c.Context(), c.whose(), c.PathValue("call"), c.fields.Text("call-term-user")))
}
