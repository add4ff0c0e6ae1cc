package netsapiens

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// QueuedCall is a call back to somebody: they wait in a call queue without
// holding a telephone, and are called when it is their turn.
type QueuedCall struct {
	Domain string // of Queue, where Queue does not name it
	Queue  string // EXT@DOMAIN, or the extension alone
	Number string // who is called, digits with the country's code; a plus before them is left out
}

// place returns the domain and the extension of the queue.
func (q QueuedCall) place() (domain, extension string) {
	extension, domain, named := strings.Cut(q.Queue, "@")
	if !named {
		domain = q.Domain
	}
	return domain, extension
}

func (q QueuedCall) label() string {
	domain, extension := q.place()
	return "queue " + label(extension) + " of " + label(domain)
}

// queuesSince is the version of the phone system from which on it takes queued
// calls by version 2 of its API.
const queuesSince = 45

// queueing is which API takes queued calls.
type queueing struct {
	by     atomic.Int32  // unasked, byLegacy or byV2
	asking chan struct{} // of capacity one: held while asking for the version
}

const (
	unasked = iota
	byLegacy
	byV2
)

// QueueCall has somebody called by a queue. It returns nil once the phone
// system has accepted it: when they are called is up to the queue. If the
// error is Uncertain, it may have been accepted: do not repeat it
// automatically.
//
// Phone systems accept it by version 2 of their API from 45 on, and by the
// legacy API before. The first call asks for the version; if that fails
// because the phone system is down, the error is from that question, and
// nothing was queued.
func (c *Client) QueueCall(ctx context.Context, q QueuedCall) error {
	tried := func() string { return fmt.Sprintf("have %s called by %s", numberLabel(q.Number), q.label()) }
	number, err := digits("destination", q.Number)
	if err != nil {
		return c.invalid(tried, err)
	}
	domain, extension := q.place()
	if _, err := path("domains", domain, "queues", extension); err != nil {
		return c.invalid(tried, err)
	}
	by, err := c.queuesBy(ctx)
	if err != nil {
		return err
	}
	if by == byV2 {
		body := struct {
			Destination string `json:"destination"`
		}{number}
		err := c.write(ctx, http.MethodPost, body, tried, "domains", domain, "queuedcall", extension)
		if !Unsupported(err) {
			return err
		}
		c.queueing.by.Store(byLegacy) // a version that claims more than it has
	}
	queue := extension + "@" + domain
	_, err = c.do(ctx, call{
		method: http.MethodPost, path: "/?object=queuedcall&action=create", tried: tried,
		form: []formField{{"destination", number}, {"queue", queue}, {"uid", queue}},
	})
	return err
}

// queuesBy returns which API takes queued calls, and asks where that is not
// known yet.
func (c *Client) queuesBy(ctx context.Context) (int32, error) {
	if by := c.queueing.by.Load(); by != unasked {
		return by, nil
	}
	began := time.Now()
	select {
	case c.queueing.asking <- struct{}{}:
		defer func() { <-c.queueing.asking }()
	case <-ctx.Done():
		x := exchange{client: c, call: &call{method: http.MethodGet, tried: func() string { return "read the version" }}, caller: ctx, started: began}
		x.progress.Store(connecting)
		return unasked, x.over(ctx.Err())
	}
	if by := c.queueing.by.Load(); by != unasked {
		return by, nil
	}
	version, err := c.Version(ctx)
	by := int32(byLegacy) // which all versions have
	switch {
	case err == nil && version.major() >= queuesSince:
		by = byV2
	case err != nil && !Permanent(err):
		return unasked, err
	}
	c.queueing.by.Store(by)
	return by, nil
}

// major returns the first number of a version, 44 of 44.4.10; 0: there is none.
func (v Version) major() int {
	first, _, _ := strings.Cut(v.API, ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}

// HasQueuedCall reports whether a number waits in a queue, or is being called
// by it, as far as the phone system shows it. An error is Unsupported if it
// does not show it at all.
//
// How a queued call is shown is not documented: one is taken to be for a
// number if any of its fields holds that number, with or without its country
// code.
func (c *Client) HasQueuedCall(ctx context.Context, q QueuedCall) (bool, error) {
	tried := func() string { return fmt.Sprintf("look for %s in %s", numberLabel(q.Number), q.label()) }
	number, err := digits("destination", q.Number)
	if err != nil {
		return false, c.invalid(tried, err)
	}
	domain, extension := q.place()
	k := call{method: http.MethodGet, tried: tried}
	if k.path, err = path("domains", domain, "queuedcall", extension); err != nil {
		return false, c.invalid(tried, err)
	}
	a, err := c.do(ctx, k)
	if NotFound(err) { // as some lists say that they are empty
		return false, nil
	}
	if err != nil {
		return false, err
	}
	calls, ok := queuedCalls(a.body)
	if !ok {
		return false, c.unreadable(&k, a.status, a.body, "a list of queued calls")
	}
	for _, fields := range calls {
		for _, value := range fields {
			if holdsNumber(value, number) {
				return true, nil
			}
		}
	}
	return false, nil
}

// queuedCalls reads a list of queued calls: as a list, as a single one, or as an
// object of them.
func queuedCalls(body []byte) ([]map[string]any, bool) {
	if len(body) == 0 || !json.Valid(body) {
		return nil, false
	}
	var list []map[string]any
	if body[0] == '[' {
		ok := unmarshal(body, &list) && !slices.ContainsFunc(list, func(c map[string]any) bool { return c == nil })
		return list, ok
	}
	var one map[string]any
	if body[0] != '{' || !unmarshal(body, &one) {
		return nil, false
	}
	list = []map[string]any{one}
	for _, value := range one {
		if object, ok := value.(map[string]any); ok {
			list = append(list, object)
		}
	}
	return list, true
}

// holdsNumber reports whether a field is a number: by itself, or as the user of
// a SIP address.
func holdsNumber(value any, number string) bool {
	text, ok := value.(string)
	if !ok {
		return false
	}
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "sip:"), "@")
	text = strings.TrimPrefix(text, "+")
	return text != "" && strings.Trim(text, "0123456789") == "" && sameNumber(text, number)
}

// formField is a field of a form.
type formField struct{ name, value string }

// encodeForm returns fields as multipart/form-data (RFC 7578), which is what the
// legacy API takes.
func encodeForm(fields []formField) content {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		part, err := w.CreateFormField(f.name)
		if err == nil {
			_, err = io.WriteString(part, f.value)
		}
		if err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return content{[]string{w.FormDataContentType()}, b.Bytes()}
}
