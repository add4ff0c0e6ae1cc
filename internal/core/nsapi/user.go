package nsapi

import (
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/core"
)

// scopes are what user-scope may say.
var scopes = []string{
	"Basic User", "Simple User", "Advanced User", "Call Center Agent", "Site Manager", "Call Center Supervisor",
	"Office Manager", "Reseller", "Super User", "NDP", "No Portal",
}

// aboutUser are the fields that the body of every write of a user has.
var aboutUser = []string{"name-first-name", "name-last-name", "email-address", "user-scope"}

func (c *call) checkUser() error {
	if err := c.require(aboutUser...); err != nil {
		return err
	}
	for address := range strings.SplitSeq(c.fields.Text("email-address"), ";") {
		if !strings.Contains(strings.Trim(address, "@ "), "@") {
			return failf(http.StatusBadRequest, "email-address is %.100s, which is no e-mail address", c.fields["email-address"])
		}
	}
	return oneOf(c.fields, "user-scope", scopes...)
}

func (h *Handler) listUsers(c *call) (reply, error) {
	return h.list(c, core.Key{Kind: core.User, Domain: c.PathValue("domain")}, c.domainKey())
}

func (h *Handler) createUser(c *call) (reply, error) {
	if err := c.require("user"); err != nil {
		return reply{}, err
	}
	if err := c.checkUser(); err != nil {
		return reply{}, err
	}
	o, err := h.core.CreateUser(c.Context(), c.PathValue("domain"), c.fields)
	return c.made(o, err, "UID already exists.")
}

func (h *Handler) readUser(c *call) (reply, error) { return h.read(c, c.userKey()) }

func (h *Handler) updateUser(c *call) (reply, error) {
	if err := c.checkUser(); err != nil {
		return reply{}, err
	}
	return done(h.core.UpdateUser(c.Context(), c.PathValue("domain"), c.PathValue("user"), c.fields))
}

func (h *Handler) deleteUser(c *call) (reply, error) {
	return done(h.core.DeleteUser(c.Context(), c.PathValue("domain"), c.PathValue("user")))
}
