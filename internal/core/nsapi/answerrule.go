package nsapi

import (
	"github.com/switchhook/switchhook/internal/core"
)

func (c *call) answerRulesKey() core.Key {
	return core.Key{Kind: core.AnswerRule, Domain: c.PathValue("domain"), Owner: c.PathValue("user")}
}

func (h *Handler) listAnswerRules(c *call) (reply, error) {
	return h.list(c, c.answerRulesKey(), c.userKey())
}

func (h *Handler) createAnswerRule(c *call) (reply, error) {
	if err := c.require("time-frame", "enabled", "is-active"); err != nil {
		return reply{}, err
	}
	o, err := h.core.CreateAnswerRule(c.Context(), c.PathValue("domain"), c.PathValue("user"), c.fields)
	return c.made(o, err, "Answer rule already exists.")
}

func (h *Handler) readAnswerRule(c *call) (reply, error) {
	key := c.answerRulesKey()
	key.ID = c.PathValue("frame")
	return h.read(c, key)
}

func (h *Handler) updateAnswerRule(c *call) (reply, error) {
	if err := c.require("enabled", "is-active"); err != nil {
		return reply{}, err
	}
	return done(h.core.UpdateAnswerRule(c.Context(), c.PathValue("domain"), c.PathValue("user"), c.PathValue("frame"), c.fields))
}

func (h *Handler) deleteAnswerRule(c *call) (reply, error) {
	return done(h.core.DeleteAnswerRule(c.Context(), c.PathValue("domain"), c.PathValue("user"), c.PathValue("frame")))
}
