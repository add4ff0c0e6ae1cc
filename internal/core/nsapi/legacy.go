package nsapi

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/core"
)

// legacyCalls are the calls of the legacy API that are served, by object and
// action.
var legacyCalls = map[[2]string]legacyCall{
	{"queuedcall", "create"}: {do: (*Handler).legacyQueue, onlyForm: true},
	{"call", "call"}:         {do: (*Handler).legacyMake, needs: []string{"callid", "uid", "destination"}},
	{"call", "read"}:         {do: (*Handler).legacyRead, reads: true},
	{"call", "disconnect"}:   {do: (*Handler).legacyDisconnect, needs: []string{"callid", "uid"}},
	{"call", "transfer"}:     {do: (*Handler).legacyTransfer, needs: []string{"callid", "uid", "destination"}},
	{"call", "xfer"}:         {do: (*Handler).legacyTransfer, needs: []string{"callid", "uid", "destination"}},
}

// legacyCall is a call of the legacy API.
type legacyCall struct {
	do       func(*Handler, *call) (reply, error)
	needs    []string // parameters
	reads    bool     // it changes nothing
	onlyForm bool     // it is sent with POST and multipart/form-data alone
}

// legacy serves what is not below the prefix: a few calls of the legacy API, and an
// error for all else. Whom a call is about is one of its parameters: only then can
// the key be checked.
func (h *Handler) legacy(w http.ResponseWriter, c *call) (reply, error) {
	found, err := c.findLegacy(w)
	if err != nil {
		return reply{}, err
	}
	if !found.reads {
		if err := c.mayWrite(); err != nil {
			return reply{}, err // without a look at the body
		}
	}
	if err := c.decodeLegacy(w, found); err != nil {
		return reply{}, err
	}
	return found.do(h, c)
}

// findLegacy returns the call of the legacy API that is meant. Those of live calls are
// named in the query or in a form, as people send them; the other one in the query.
func (c *call) findLegacy(w http.ResponseWriter) (legacyCall, error) {
	if path := c.URL.Path; path != root && path != root+"/" {
		return legacyCall{}, noLegacy()
	}
	query := c.URL.Query()
	named := [2]string{query.Get("object"), query.Get("action")}
	inForm := !query.Has("object") && c.isForm()
	if inForm {
		if err := c.decodeParameters(w); err != nil {
			return legacyCall{}, err
		}
		named = [2]string{c.fields.Text("object"), c.fields.Text("action")}
	}
	found, ok := legacyCalls[named]
	switch {
	case !ok, found.onlyForm && inForm:
		return legacyCall{}, noLegacy()
	case c.Method == http.MethodPost, c.Method == http.MethodGet && !found.onlyForm:
		return found, nil
	case found.onlyForm:
		return legacyCall{}, notServed(c.Method, http.MethodPost)
	}
	return legacyCall{}, notServed(c.Method, http.MethodGet, http.MethodPost)
}

func noLegacy() error {
	var served []string
	for named := range legacyCalls {
		served = append(served, "object="+named[0]+"&action="+named[1])
	}
	slices.Sort(served)
	return failf(http.StatusNotFound, "the legacy API (object=…) is not served here, but for %s; call %s", strings.Join(served, ", "), prefix)
}

// decodeLegacy reads the parameters of a call, unless they were read.
func (c *call) decodeLegacy(w http.ResponseWriter, to legacyCall) error {
	var err error
	switch {
	case to.onlyForm:
		err = c.decodeForm(w)
	case c.fields == nil:
		err = c.decodeParameters(w)
	}
	if err != nil {
		return err
	}
	return c.require(to.needs...)
}

// legacyQueue puts somebody into a queue.
func (h *Handler) legacyQueue(c *call) (reply, error) {
	if err := c.require("destination", "queue", "uid"); err != nil {
		return reply{}, err
	}
	queue, domain, ok := strings.Cut(c.fields.Text("queue"), "@")
	if !ok || queue == "" || domain == "" || strings.Contains(domain, "@") {
		return reply{}, failf(http.StatusBadRequest, "queue is %.100s; it is written as 9002@example.net", c.fields["queue"])
	}
	c.SetPathValue("domain", domain)
	c.SetPathValue("queue", queue)
	if err := c.reaches(inDomain); err != nil {
		return reply{}, err
	}
	c.fields = c.fields.Without("queue")
	_, err := h.queueCall(c)
	return done(err)
}

// legacyWhose says whose calls are meant: those of the uid, which is user@domain, or
// a user of the key's domain; without one those of the domain; without either all
// that the key may see.
func (c *call) legacyWhose(far reach) (core.Whose, error) {
	user, domain, _ := strings.Cut(c.fields.TextOr("uid", mine), "@")
	if domain == "" {
		domain = c.fields.TextOr("domain", mine)
	}
	c.SetPathValue("user", user)
	c.SetPathValue("domain", domain)
	if err := c.resolveMine(far); err != nil {
		return core.Whose{}, err
	}
	return c.whose(), c.reaches(far)
}

// legacyMake makes a call in the name of the uid.
func (h *Handler) legacyMake(c *call) (reply, error) {
	if _, err := c.legacyWhose(oneself); err != nil {
		return reply{}, err
	}
	return h.originate(c, core.Origination{First: c.fields.Text("origination"), To: c.fields.Text("destination"), CallID: c.fields.Text("callid")})
}

// legacyRead answers with live calls under the names that they have there.
func (h *Handler) legacyRead(c *call) (reply, error) {
	whose, err := c.legacyWhose(live)
	if err != nil {
		return reply{}, err
	}
	if !c.fields.Has("callid") {
		return shown(legacyNames(h.core.Calls().List(whose)))
	}
	found, err := h.core.Calls().Find(whose, c.fields.Text("callid"))
	if err != nil {
		return reply{}, err
	}
	return shown(legacyNames([]core.Fields{found}))
}

func (h *Handler) legacyDisconnect(c *call) (reply, error) {
	whose, err := c.legacyWhose(live)
	if err != nil {
		return reply{}, err
	}
	return done(h.core.Calls().Disconnect(whose, c.fields.Text("callid")))
}

func (h *Handler) legacyTransfer(c *call) (reply, error) {
	whose, err := c.legacyWhose(live)
	if err != nil {
		return reply{}, err
	}
	return done(h.core.Calls().Transfer(c.Context(), whose, c.fields.Text("callid"), c.fields.Text("destination")))
}

// legacyFields are the names of a live call's fields in the legacy API.
var legacyFields = map[string]string{
	"core-server":         "hostname",
	"call-session-id":     "session_id",
	"call-orig-call-id":   "orig_callid",
	"call-orig-match-uri": "orig_match",
	"call-orig-user":      "orig_user",
	"call-orig-domain":    "orig_domain",
	"call-orig-uri":       "orig_uri",
	"call-orig-name":      "orig_name",
	"caller-id-number":    "ani",
	"call-dialed-number":  "dnis",
	"call-by-action":      "by_action",
	"call-by-user":        "by_user",
	"call-by-domain":      "by_domain",
	"call-by-call-id":     "by_callid",
	"call-term-call-id":   "term_callid",
	"call-term-user":      "term_user",
	"call-term-domain":    "term_domain",
	"call-term-uri":       "term_uri",
	"call-orig-info":      "orig_call_info",
	"term-orig-info":      "term_call_info",
	"call-audio-codec":    "media",
}

// legacyTimes are those of its times, which it has in UTC without saying so.
var legacyTimes = map[string]string{
	"call-start-datetime":  "time_begin",
	"call-answer-datetime": "time_answer",
}

func legacyNames(calls []core.Fields) []map[string]string {
	named := make([]map[string]string, len(calls))
	for i, shown := range calls {
		named[i] = make(map[string]string, len(shown))
		for name, legacy := range legacyFields {
			named[i][legacy] = shown.Text(name)
		}
		for name, legacy := range legacyTimes {
			named[i][legacy] = legacyTime(shown.Text(name))
		}
	}
	return named
}

// legacyTime returns a time of RFC 3339 as the legacy API has it; "" stays.
func legacyTime(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return at.UTC().Format(time.DateTime)
}
