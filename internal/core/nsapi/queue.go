package nsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/core"
)

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

// The one call of the legacy API that is served.
const (
	legacyObject = "queuedcall"
	legacyAction = "create"
)

// legacy serves what is not below the prefix: the one call of the legacy API,
// and an error for all else. The call names queue and domain in its body: only
// then can the key be checked.
func (h *Handler) legacy(w http.ResponseWriter, c *call) (reply, error) {
	query := c.URL.Query()
	if path := c.URL.Path; path != root && path != root+"/" || query.Get("object") != legacyObject || query.Get("action") != legacyAction {
		return reply{}, failf(http.StatusNotFound, "the legacy API (object=…) is not served here, but for object=%s&action=%s; call %s", legacyObject, legacyAction, prefix)
	}
	if c.Method != http.MethodPost {
		e := failf(http.StatusMethodNotAllowed, "%s is not served at this path", c.Method)
		e.allow = http.MethodPost
		return reply{}, e
	}
	if err := c.permit(anybody); err != nil {
		return reply{}, err // without a look at the body
	}
	if err := c.decodeForm(w); err != nil {
		return reply{}, err
	}
	if err := c.require("destination", "queue", "uid"); err != nil {
		return reply{}, err
	}
	queue, domain, ok := strings.Cut(c.fields.Text("queue"), "@")
	if !ok || queue == "" || domain == "" || strings.Contains(domain, "@") {
		return reply{}, failf(http.StatusBadRequest, "queue is %.100s; it is written as 9002@example.net", c.fields["queue"])
	}
	c.SetPathValue("domain", domain)
	c.SetPathValue("queue", queue)
	if err := c.permit(inDomain); err != nil {
		return reply{}, err
	}
	c.fields = c.fields.Without("queue")
	_, err := h.queueCall(c)
	return done(err)
}

// decodeForm reads a body of multipart/form-data (RFC 7578): plain fields, each
// once, to the end that it must have.
func (c *call) decodeForm(w http.ResponseWriter) error {
	kind, parameters, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return failf(http.StatusUnsupportedMediaType, "the body is declared as %.100q; multipart/form-data alone is read here", c.Header.Get("Content-Type"))
	}
	c.fields = core.Fields{}
	parts := multipart.NewReader(http.MaxBytesReader(w, c.Body, maxBody), parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return badForm(err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return badForm(err)
		}
		name := part.FormName()
		if name == "" || part.FileName() != "" {
			return failf(http.StatusBadRequest, "a part of the form is no plain field")
		}
		if c.fields.Has(name) {
			return failf(http.StatusBadRequest, "the field %.100q comes twice", name)
		}
		text, err := json.Marshal(string(value))
		if err != nil {
			return fmt.Errorf("write a field of a form as JSON: %w", err)
		}
		c.fields[name] = text
	}
}

func badForm(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return failf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", maxBody)
	}
	return failf(http.StatusBadRequest, "the body is no multipart/form-data of its boundary, or ends before it is whole")
}
