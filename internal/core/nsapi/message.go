package nsapi

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/switchhook/switchhook/internal/core"
)

func (h *Handler) listSessions(c *call) (reply, error) {
	of := []core.Key{c.domainKey()}
	if c.PathValue("user") != "" {
		of = append(of, c.userKey())
	}
	return h.list(c, core.Key{Kind: core.MessageSession, Domain: c.PathValue("domain"), Owner: c.PathValue("user")}, of...)
}

// readSession answers with an array of one, as the API does.
func (h *Handler) readSession(c *call) (reply, error) {
	o, err := h.core.Object(c.Context(), core.Key{Kind: core.MessageSession, Domain: c.PathValue("domain"), Owner: c.PathValue("user"), ID: c.PathValue("session")})
	if err != nil {
		return reply{}, err
	}
	return shown([]core.Fields{o.Fields})
}

func (h *Handler) listMessages(c *call) (reply, error) {
	start, limit, err := c.page()
	if err != nil {
		return reply{}, err
	}
	found, err := h.core.Messages(c.Context(), c.PathValue("domain"), c.PathValue("user"), c.PathValue("session"), start, limit)
	if err != nil {
		return reply{}, err
	}
	return shown(fieldsOf(found))
}

func (h *Handler) sendMessage(c *call) (reply, error) {
	_, err := h.send(c, c.PathValue("session"))
	return done(err)
}

// startSession sends a text in a new session, and shows it.
func (h *Handler) startSession(c *call) (reply, error) {
	o, err := h.send(c, core.NewSession())
	if err != nil {
		return reply{}, err
	}
	return shown(o.Fields)
}

func (h *Handler) send(c *call, session string) (core.Object, error) {
	if err := c.require("type", "message", "destination", "from-number"); err != nil {
		return core.Object{}, err
	}
	if err := oneOf(c.fields, "type", "sms"); err != nil {
		return core.Object{}, err
	}
	if raw := c.fields["message"]; raw[0] != '"' {
		return core.Object{}, failf(http.StatusBadRequest, "message is %.100s, which is no text", raw)
	}
	return h.core.SendText(c.Context(), core.Text{
		Domain: c.PathValue("domain"), User: c.PathValue("user"), Session: session,
		From: c.fields.Text("from-number"), To: destinations(c.fields), Message: c.fields.Text("message"),
		Agent: c.UserAgent(),
	})
}

// destinations reads one number or an array of them.
func destinations(fields core.Fields) []string {
	raw := bytes.TrimSpace(fields["destination"])
	if raw[0] != '[' {
		return []string{fields.Text("destination")}
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	to := make([]string, len(items))
	for i, item := range items {
		to[i] = core.Fields{"": item}.Text("")
	}
	return to
}
