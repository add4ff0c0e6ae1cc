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

// makeCall answers once it is decided that somebody is rung, and does not wait for
// them: with synchronous the answer is the call as it is shown while it rings.
func (h *Handler) makeCall(c *call) (reply, error) {
	if err := c.require("call-id", "call-term-user"); err != nil {
		return reply{}, err
	}
	if err := oneOf(c.fields, "dial-rule-application", "call"); err != nil {
		return reply{}, err
	}
	if err := oneOf(c.fields, "auto-answer-enabled", "yes", "no"); err != nil {
		return reply{}, err
	}
	return h.originate(c, core.Origination{
		First:         c.fields.Text("call-orig-user"),
		To:            c.fields.Text("call-term-user"),
		CallID:        c.fields.Text("call-id"),
		CallerID:      c.fields.Text("caller-id-number"),
		FirstCallerID: c.fields.Text("callback-caller-id-number"),
	})
}

// originate makes a call in the name of the user in the path.
func (h *Handler) originate(c *call, o core.Origination) (reply, error) {
	o.Owner = c.PathValue("user") + "@" + c.PathValue("domain")
	made, err := h.core.Originate(c.Context(), o)
	switch {
	case err != nil:
		return reply{}, err
	case c.synchronous:
		return shown(made)
	}
	return accepted()
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
