package clicktocall

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/switchhook/switchhook/internal/answer/form"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// maxBody is the size in bytes past which a request is refused: one has about
// 300.
const maxBody = 8 << 10

// maxIdempotencyKey bounds how much we store of a key that a stranger chose.
const maxIdempotencyKey = 128

// Networks knows what networks asked for before. The store does.
type Networks interface {
	// NetworkStanding returns what is known of who asks for a token.
	NetworkStanding(ctx context.Context, of Asker, now time.Time) (Standing, error)
}

// Asker is who asks for a token, and where.
type Asker struct {
	From          Subnets
	Entry, Tenant string // empty: of none
}

// Standing is what is known of an Asker.
type Standing struct {
	Calls   int  // that the network asked for in the last day
	Block   int  // that its block did
	Known   bool // a call that the network asked for has been placed, within a month
	Settled bool // and that was on an earlier day
	Entry   int  // calls of the entry in the last day
	Tenant  int  // calls of the tenant
}

// Cancels cancels scheduled call backs. The store does.
type Cancels interface {
	// CancelCallBack cancels one, and returns it as it is then. The error is
	// ErrTaken, with the call back, if it is no longer waiting, and a fault of
	// code NotFound if there is none.
	CancelCallBack(ctx context.Context, id string, now time.Time) (CallBack, error)
}

// Handler answers /click-to-call and what is below it, but for /never.
type Handler struct {
	Desk     *Desk       // required
	Networks Networks    // required
	Status   *StatusFeed // required
	Cancels  Cancels     // required where calls are scheduled

	// URL is the server as visitors reach it, without a path; links to cancel a
	// call back begin with it.
	URL *url.URL

	// Address returns the address that a request came from; nil: that of its
	// connection.
	Address func(*http.Request) netip.Addr

	Count func(Code)            // told of each request for a call; optional
	Whole func(context.Context) // told of each request that led to a call, which is worth a log line; optional

	meter meter
}

// Routes are the paths.
func (h *Handler) Routes() []part.Route {
	call, token := api(http.MethodPost, h.answer(h.call)), api(http.MethodPost, h.answer(h.token))
	routes := []part.Route{
		{Path: "/click-to-call", Name: "click-to-call", Handler: call, Open: true},
		{Path: "/click-to-call/token", Name: "click-to-call", Handler: token, Open: true},
		{Path: "/click-to-call/calls/{id...}", Name: "click-to-call", Handler: api(http.MethodGet, h.Status.serve), Open: true},
		{Path: "/click-to-call/cancel/{link...}", Name: "click-to-call", Handler: http.HandlerFunc(h.cancel), Open: true},
	}
	// Without these a mux would redirect to the path with a slash.
	for _, path := range []string{"/click-to-call/", "/click-to-call/calls", "/click-to-call/cancel"} {
		routes = append(routes, part.Route{Path: path, Name: "click-to-call", Handler: http.NotFoundHandler(), Open: true})
	}
	return routes
}

// api answers a browser's preflight (CORS, the Fetch standard, 3.2) and the
// request of the page that follows. A preflight does not name the entry, so we
// check again when the request itself comes.
func api(method string, serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Add("Vary", "Origin")
		switch r.Method {
		case method:
			serve(w, r)
		case http.MethodOptions:
			share(w, r)
			header.Set("Access-Control-Allow-Methods", method)
			header.Set("Access-Control-Allow-Headers", "Content-Type")
			header.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
		default:
			header.Set("Allow", method+", OPTIONS")
			http.Error(w, "ask with "+method, http.StatusMethodNotAllowed)
		}
	})
}

// answer decodes a question, has it validated and done, and encodes what came of
// it: a body for a page's script, or the Refusal.
func (h *Handler) answer(do func(r *http.Request, q question) (status int, body any, refused *Refusal)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var status int
		var body any
		q, refused := readQuestion(w, r)
		if refused == nil {
			status, body, refused = do(r, q)
		}
		if refused != nil {
			h.refuse(w, r, q, refused)
			return
		}
		share(w, r)
		reply(w, status, body)
	}
}

// share lets the page that asks read the answer.
func share(w http.ResponseWriter, r *http.Request) {
	if origin := originOf(r.Header.Get("Origin")); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	}
}

// subnetsFrom returns the networks that a request came from; address is that of
// Handler.
func subnetsFrom(r *http.Request, address func(*http.Request) netip.Addr) Subnets {
	if address == nil {
		address = guess.RemoteAddress
	}
	return subnetsOf(address(r))
}

// question is the body of a request. Older programs send numbers for texts.
type question struct {
	ID    looseText `json:"id"`
	Phone looseText `json:"phone"`
	Token string    `json:"token"`
	Nonce looseText `json:"nonce"`
	Key   string    `json:"idempotency_key"`
	At    string    `json:"at"`
}

// looseText is a text that may be written as a number.
type looseText string

// UnmarshalJSON reads a text, or the digits of a number.
func (t *looseText) UnmarshalJSON(value []byte) error {
	if len(value) > 0 && value[0] != '"' {
		var number json.Number
		if err := json.Unmarshal(value, &number); err != nil {
			return err
		}
		digits, problem := form.Whole(number)
		if problem != "" {
			return oddNumber(problem)
		}
		*t = looseText(digits)
		return nil
	}
	return json.Unmarshal(value, (*string)(t))
}

// oddNumber is a number in JSON that cannot be that of a person.
type oddNumber string

func (n oddNumber) Error() string { return "A field " + string(n) + "." }

func badRequest(why string) *Refusal { return &Refusal{Code: BadRequest, Why: why} }

// readQuestion reads a body.
func readQuestion(w http.ResponseWriter, r *http.Request) (q question, refused *Refusal) {
	var body bytes.Buffer
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return q, badRequest("It is too large.")
		}
		return q, badRequest("It broke off.")
	}
	err := json.Unmarshal(plaintext.Decode(body.Bytes()), &q)
	if odd, ok := errors.AsType[oddNumber](err); ok {
		return q, badRequest(odd.Error())
	}
	if err != nil {
		return q, badRequest(`It takes a JSON object, such as {"id":"…","phone":"…"}.`)
	}
	odd := func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII }
	if len(q.Key) > maxIdempotencyKey || strings.ContainsFunc(q.Key, odd) {
		return q, badRequest("idempotency_key takes up to 128 letters, digits and signs.")
	}
	if q.ID == "" {
		return q, badRequest("The field id is missing.")
	}
	return q, nil
}

// when reads the time of a scheduled call.
func (h *Handler) when(text string, now time.Time) (at time.Time, refused *Refusal) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		return at, badRequest("at takes a time such as 2026-03-04T09:00:00-05:00.")
	case h.Desk.Jobs == nil:
		return at, badRequest("Calls cannot be scheduled here.")
	case !at.After(now), at.After(now.Add(Ahead)):
		return at, badRequest(fmt.Sprintf("at takes a time within the next %d days.", Ahead/day))
	}
	return at.Truncate(time.Second), nil
}

// given is the answer to a request that is not refused.
type given struct {
	RequestID string `json:"request_id"`
	State     string `json:"state"`
	At        string `json:"at,omitempty"`
	Cancel    string `json:"cancel,omitempty"`
}

// call answers a request for a call.
func (h *Handler) call(r *http.Request, q question) (status int, body any, refused *Refusal) {
	at, refused := h.when(q.At, time.Now())
	if refused != nil {
		return 0, nil, refused
	}
	if q.Phone == "" {
		return 0, nil, badRequest("The field phone is missing.")
	}
	answer, refused := h.Desk.Call(r.Context(), Request{
		ID: string(q.ID), Phone: string(q.Phone), Token: q.Token, Nonce: string(q.Nonce), Key: q.Key, At: at,
		Origin: originOf(r.Header.Get("Origin")), From: subnetsFrom(r, h.Address),
	})
	if refused != nil {
		return 0, nil, refused
	}
	c := answer.CallBack
	given := given{RequestID: c.ID, State: statusShown(c)}
	if !c.At.IsZero() {
		given.At = c.At.Format(time.RFC3339)
		if c.State == Scheduled && (!answer.Repeated || q.Key != "" && q.Key == c.Key) {
			given.Cancel = h.link(c)
		}
	}
	code := Accepted
	if answer.Repeated {
		code = Repeated
	} else if h.Whole != nil {
		h.Whole(r.Context())
	}
	h.note(r, q, code, slog.String("request_id", c.ID))
	return http.StatusAccepted, given, nil
}

// link returns where a call back can be cancelled.
func (h *Handler) link(c CallBack) string {
	base := &url.URL{}
	if h.URL != nil {
		base = h.URL
	}
	return base.JoinPath("click-to-call", "cancel", h.Desk.Key.linkOf("cancel", c.ID)).String()
}

// refused is the answer to a request that is.
type refused struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Next    string `json:"next,omitempty"`
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, q question, why *Refusal) {
	if why.Code != OriginRefused {
		share(w, r)
	}
	body := refused{Code: why.Code, Message: why.Code.message()}
	if why.Why != "" {
		body.Message += " " + why.Why
	}
	if !why.Next.IsZero() {
		body.Next = why.Next.Format(time.RFC3339)
	}
	if !why.Retry.IsZero() {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(time.Until(why.Retry).Seconds())))))
	}
	attrs := []slog.Attr{}
	if why.Err != nil {
		attrs = append(attrs, slog.String("error", clip(phone.MaskIn(why.Err.Error()))))
	}
	h.note(r, q, why.Code, attrs...)
	reply(w, why.Code.status(), body)
}

// note counts a request for a call, and logs it.
func (h *Handler) note(r *http.Request, q question, code Code, attrs ...slog.Attr) {
	if h.Count != nil {
		h.Count(code)
	}
	level := slog.LevelInfo
	switch code {
	case PhoneSystemFailed, PhoneSystemSlow, Unavailable:
		level = slog.LevelError
	case OriginRefused, TokenInvalid, WorkMissing, NumberRefused, Limited:
		level = slog.LevelWarn
	}
	h.Desk.Log.LogAttrs(r.Context(), level, "click-to-call", append([]slog.Attr{
		slog.String("entry", clip(string(q.ID))), slog.String("number", clip(phone.Mask(string(q.Phone)))), slog.String("outcome", string(code)),
	}, attrs...)...)
}

// maxLogged is how much of an untrusted text is logged, in bytes.
const maxLogged = 400

func clip(s string) string { return plaintext.Clip(s, maxLogged) }

// promised is a token and what it asks for.
type promised struct {
	Token     string `json:"token"`
	Challenge string `json:"challenge"`
	Bits      int    `json:"bits"`
	Expires   string `json:"expires"`
}

// token answers a page that is about to ask for a call.
func (h *Handler) token(r *http.Request, q question) (status int, body any, refused *Refusal) {
	now, from, origin := time.Now(), subnetsFrom(r, h.Address), originOf(r.Header.Get("Origin"))
	c := &Case{Now: now, Origin: origin}
	c.Entry, _ = h.Desk.Entries.Get(string(q.ID))
	if refused := firstOf([]rule{known, fromItsPage}, c); refused != nil {
		return 0, nil, refused
	}
	t, text := h.Desk.Key.mint(bearer{string(q.ID), origin, from.Network}, workBits(h.weather(r.Context(), c, from)), now)
	return http.StatusOK, promised{text, t.challenge(), t.bits, t.ends.Format(time.RFC3339)}, nil
}

// weather returns what the work of a token is chosen by, and counts it.
func (h *Handler) weather(ctx context.Context, c *Case, from Subnets) weather {
	about, found, err := h.meter.observe(ctx, h.Networks, Asker{From: from, Entry: c.Entry.ID, Tenant: tenantOf(c.Entry)}, c.Now)
	if err != nil {
		h.Desk.Log.LogAttrs(ctx, slog.LevelWarn, "requests of a network not counted", slog.String("error", err.Error()))
		return about
	}
	limits := h.Desk.limits(c.Entry)
	kept := func(calls, perDay int) bool { return calls >= openPart(perDay) && calls < perDay }
	about.Kept = !found.Settled && (kept(found.Entry, limits.WidgetPerDay) || kept(found.Tenant, limits.TenantPerDay))
	return about
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // on an error the page has gone: there is no one to tell
}
