package nsapi

import "github.com/switchhook/switchhook/internal/core"

// listQueuedCalls answers with those that wait. The API's description says
// nothing about what they look like.
func (h *Handler) listQueuedCalls(c *call) (reply, error) {
	start, limit, err := c.page()
	if err != nil {
		return reply{}, err
	}
	found, err := h.core.QueuedCalls(c.Context(), c.PathValue("domain"), c.PathValue("queue"), start, limit)
	if err != nil {
		return reply{}, err
	}
	return shown(fieldsOf(found))
}

func (h *Handler) createQueuedCall(c *call) (reply, error) {
	o, err := h.queueCall(c)
	if err != nil {
		return reply{}, err
	}
	return shown(o.Fields) // also without synchronous: so the API has it
}

func (h *Handler) queueCall(c *call) (core.Object, error) {
	if err := c.require("destination"); err != nil {
		return core.Object{}, err
	}
	return h.core.QueueCall(c.Context(), c.PathValue("domain"), c.PathValue("queue"), c.fields)
}
