package nsapi

import (
	"github.com/switchhook/switchhook/internal/core"
)

func (h *Handler) listDomains(c *call) (reply, error) {
	return h.list(c, core.Key{Kind: core.Domain})
}

func (h *Handler) createDomain(c *call) (reply, error) {
	if err := c.require("domain"); err != nil {
		return reply{}, err
	}
	o, err := h.core.CreateDomain(c.Context(), c.fields)
	return c.made(o, err, "Domain already exists.")
}

func (h *Handler) readDomain(c *call) (reply, error) { return h.read(c, c.domainKey()) }
