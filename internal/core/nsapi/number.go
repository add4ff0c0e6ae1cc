package nsapi

import (
	"github.com/switchhook/switchhook/internal/core"
)

// ofDomainIfNamed returns what must exist for a list: the domain, where the
// path names one.
func (c *call) ofDomainIfNamed() []core.Key {
	if c.PathValue("domain") == "" {
		return nil
	}
	return []core.Key{c.domainKey()}
}

func (h *Handler) listPhoneNumbers(c *call) (reply, error) {
	return h.list(c, core.Key{Kind: core.PhoneNumber, Domain: c.PathValue("domain")}, c.ofDomainIfNamed()...)
}

func (h *Handler) createPhoneNumber(c *call) (reply, error) {
	if err := c.require("phonenumber", destination); err != nil {
		return reply{}, err
	}
	o, err := h.core.CreatePhoneNumber(c.Context(), c.PathValue("domain"), c.fields)
	return c.made(o, err, "Phone number already exists")
}

func (h *Handler) readPhoneNumber(c *call) (reply, error) {
	digits, err := core.Digits(c.PathValue("number"))
	if err != nil {
		return reply{}, err
	}
	return h.read(c, core.Key{Kind: core.PhoneNumber, Domain: c.PathValue("domain"), ID: digits})
}

// updatePhoneNumber takes the number from the path, or from the body where the
// path is that of all numbers.
func (h *Handler) updatePhoneNumber(c *call) (reply, error) {
	number := c.PathValue("number")
	if number == "" {
		if err := c.require("phonenumber"); err != nil {
			return reply{}, err
		}
		number = c.fields.Text("phonenumber")
	}
	if err := c.require(destination); err != nil {
		return reply{}, err
	}
	return done(h.core.UpdatePhoneNumber(c.Context(), c.PathValue("domain"), number, c.fields))
}

func (h *Handler) deletePhoneNumber(c *call) (reply, error) {
	return done(h.core.DeletePhoneNumber(c.Context(), c.PathValue("domain"), c.PathValue("number")))
}

func (h *Handler) listSMSNumbers(c *call) (reply, error) {
	return h.list(c, core.Key{Kind: core.SMSNumber, Domain: c.PathValue("domain")}, c.ofDomainIfNamed()...)
}

func (h *Handler) listUsersSMSNumbers(c *call) (reply, error) {
	start, limit, err := c.page()
	if err != nil {
		return reply{}, err
	}
	found, err := h.core.SMSNumbersOf(c.Context(), c.PathValue("domain"), c.PathValue("user"))
	if err != nil {
		return reply{}, err
	}
	found = found[min(start, len(found)):]
	return shown(fieldsOf(found[:min(limit, len(found))]))
}

func (h *Handler) createSMSNumber(c *call) (reply, error) {
	if err := c.require("number", "application"); err != nil {
		return reply{}, err
	}
	o, err := h.core.CreateSMSNumber(c.Context(), c.PathValue("domain"), c.fields)
	return c.made(o, err, "SMS number already exists.")
}

func (h *Handler) updateSMSNumber(c *call) (reply, error) {
	if err := c.require("application"); err != nil {
		return reply{}, err
	}
	return done(h.core.UpdateSMSNumber(c.Context(), c.PathValue("domain"), c.PathValue("number"), c.fields))
}

func (h *Handler) deleteSMSNumber(c *call) (reply, error) {
	return done(h.core.DeleteSMSNumber(c.Context(), c.PathValue("domain"), c.PathValue("number")))
}
