package nsapi

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/core"
)

const (
	// maxBody is the largest body that is read, in bytes. The largest that
	// clients have a reason to send, a picture in a message, is not accepted
	// here.
	maxBody = 1 << 20

	// Of lists, as the API documents them.
	defaultLimit = 100
	maxLimit     = 1000
)

// mine means the key's own domain or user.
const mine = "~"

// call is a request that is being answered.
type call struct {
	*http.Request
	key         *Key
	fields      core.Fields // of the body, without synchronous
	synchronous bool
}

// resolveMine puts the key's own names where the path says ~; of live calls none
// where the key has none, if the user is ~ too.
func (c *call) resolveMine(far reach) error {
	all := far == live && c.PathValue("user") == mine
	for _, its := range []struct{ name, own string }{{"domain", c.key.Domain}, {"user", c.key.User}} {
		if c.PathValue(its.name) != mine {
			continue
		}
		if its.own == "" && !all {
			return failf(http.StatusBadRequest, "~ means the API key's own %s, and this key has none", its.name)
		}
		c.SetPathValue(its.name, its.own)
	}
	return nil
}

// decode reads the body of a write.
func (c *call) decode(w http.ResponseWriter) error {
	switch c.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return nil
	}
	if kind := c.Header.Get("Content-Type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
			return failf(http.StatusUnsupportedMediaType, "the body is declared as %.100q; JSON alone is read here, as application/json", kind)
		}
	}
	body, err := c.readBody(w)
	if err != nil {
		return err
	}
	fields, err := core.ParseFields(body)
	if err != nil {
		return failf(http.StatusBadRequest, "the body cannot be used: %v", err)
	}
	if err := oneOf(fields, "synchronous", "yes", "no"); err != nil {
		return err
	}
	if err := oneOf(fields, "enabled", "yes", "no"); err != nil {
		return err
	}
	c.synchronous = fields.Text("synchronous") == "yes"
	c.fields = fields.Without("synchronous")
	return nil
}

func (c *call) readBody(w http.ResponseWriter) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, c.Body, maxBody))
	if err != nil {
		return nil, badBody(err, "the body ended before it was whole")
	}
	return body, nil
}

// badBody says why a body cannot be read.
func badBody(err error, otherwise string) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return failf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", maxBody)
	}
	return failf(http.StatusBadRequest, "%s", otherwise)
}

// require says which fields a body lacks.
func (c *call) require(names ...string) error {
	var missing []string
	for _, name := range names {
		if !c.fields.Has(name) {
			missing = append(missing, name)
		}
	}
	if missing == nil {
		return nil
	}
	return failf(http.StatusBadRequest, "the body lacks %s", strings.Join(missing, ", "))
}

// oneOf refuses a field that is present with another value.
func oneOf(fields core.Fields, name string, values ...string) error {
	if !fields.Has(name) || slices.Contains(values, fields.Text(name)) {
		return nil
	}
	return failf(http.StatusBadRequest, "%s is %.100s; it is one of %s", name, fields[name], strings.Join(values, ", "))
}

// page returns which part of a list is asked for.
func (c *call) page() (start, limit int, err error) {
	query := c.URL.Query()
	if start, err = number(query.Get("start"), "start", 0, 0, maxStart); err != nil {
		return 0, 0, err
	}
	limit, err = number(query.Get("limit"), "limit", defaultLimit, 1, maxLimit)
	return start, limit, err
}

// maxStart is beyond the end of any list.
const maxStart = 1 << 30

func number(text, name string, otherwise, least, most int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, failf(http.StatusBadRequest, "%s is %.100q; it is a number from %d to %d", name, text, least, most)
	}
	return n, nil
}

// made answers a POST that has made an object.
func (c *call) made(o core.Object, err error, otherwise string) (reply, error) {
	switch {
	case err != nil:
		return reply{}, exists(err, otherwise)
	case c.synchronous:
		return shown(o.Fields)
	}
	return accepted()
}

// done answers a write without an object.
func done(err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	return accepted()
}

// read answers with one object.
func (h *Handler) read(c *call, key core.Key) (reply, error) {
	o, err := h.core.Object(c.Context(), key)
	if err != nil {
		return reply{}, err
	}
	return shown(o.Fields)
}

// list answers with a part of the objects that match, once what they belong to
// was seen to exist.
func (h *Handler) list(c *call, match core.Key, of ...core.Key) (reply, error) {
	start, limit, err := c.page()
	if err != nil {
		return reply{}, err
	}
	for _, key := range of {
		if _, err := h.core.Object(c.Context(), key); err != nil {
			return reply{}, err
		}
	}
	found, err := h.core.Objects(c.Context(), match, start, limit)
	if err != nil {
		return reply{}, err
	}
	return shown(fieldsOf(found))
}

// fieldsOf returns what a list shows; never null.
func fieldsOf(objects []core.Object) []core.Fields {
	fields := make([]core.Fields, len(objects))
	for i, o := range objects {
		fields[i] = o.Fields
	}
	return fields
}

// Keys of what is named in the path.

func (c *call) domainKey() core.Key {
	return core.Key{Kind: core.Domain, Domain: c.PathValue("domain"), ID: c.PathValue("domain")}
}

func (c *call) userKey() core.Key {
	return core.Key{Kind: core.User, Domain: c.PathValue("domain"), ID: c.PathValue("user")}
}

func (c *call) planKey() core.Key {
	return core.Key{Kind: core.DialPlan, Domain: c.PathValue("domain"), ID: c.PathValue("plan")}
}
