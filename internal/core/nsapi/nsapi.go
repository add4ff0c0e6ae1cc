// Package nsapi is the Core's API: as much of the NetSapiens v2 API as
// provisioning, texts, routing, live and queued calls use, with its paths, fields,
// statuses and errors, and of the legacy API what makes and controls live calls and
// puts somebody into a queue (legacy.go). New makes the http.Handler for everything under /ns-api/.
//
// Every answer is JSON. An error is {"code":404,"message":"…"}; a write answers
// 202 and is then done, or 200 with the object if a POST's body says
// "synchronous":"yes". Unknown fields are stored and given back.
package nsapi

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// DefaultVersion is the version of the API that is spoken here.
const DefaultVersion = "45.0.0"

// Where the API stands.
const (
	root   = "/ns-api"
	prefix = root + "/v2"
)

// Config says what the API serves, and to whom. Core and Keys are required.
type Config struct {
	Core     *core.Core
	Keys     []Key
	Version  string           // what the API calls itself; empty: DefaultVersion
	Hostname string           // of this server, for those who ask for the version
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // gets errors that clients see as 500; nil: slog.Default()
	Guesses  *guess.Watch     // makes those who guess at keys wait; optional
	Note     part.Log         // adds to the line that the log has of each request; nil: it says no more
}

// Handler is the API.
type Handler struct {
	core   *core.Core
	keys   keyring
	mux    *http.ServeMux
	config Config
}

// New returns the API. Its error says what is wrong with a key.
func New(c Config) (*Handler, error) {
	keys, err := newKeyring(c.Keys)
	if err != nil {
		return nil, err
	}
	c.Version = cmp.Or(c.Version, DefaultVersion)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	h := &Handler{core: c.Core, keys: keys, config: c}
	h.mux = h.newMux()
	return h, nil
}

// keyOfCall is the context's key for the API key of a request.
type keyOfCall struct{}

// maxNoted is how much of a path or an error the log has, in bytes.
const maxNoted = 300

// note adds what clients wrote, or were told, to the log.
func (h *Handler) note(ctx context.Context, message, name, value string) {
	if h.config.Note != nil {
		h.config.Note.LogAttrs(ctx, slog.LevelInfo, message, slog.String(name, plaintext.Clip(phone.MaskIn(value), maxNoted)))
	}
}

// ServeHTTP answers one request: it authenticates, and finds the call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.note(r.Context(), "API request", "path", r.URL.EscapedPath())
	key, err := h.authenticate(r)
	r = r.WithContext(context.WithValue(r.Context(), keyOfCall{}, key))
	path := r.URL.EscapedPath()
	switch {
	case err != nil:
	case path != prefix && !strings.HasPrefix(path, prefix+"/"):
		h.serve(w, r, h.legacy)
		return
	default:
		r = trimSlash(r)
		err = h.find(r)
	}
	if err != nil {
		h.failure(r, err).write(w)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// serve writes the answer of a call, or its error.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, do func(http.ResponseWriter, *call) (reply, error)) {
	key, _ := r.Context().Value(keyOfCall{}).(*Key)
	answer, err := do(w, &call{Request: r, key: key})
	if err != nil {
		answer = h.failure(r, err)
	}
	answer.write(w)
}

// ServeHTTP answers a call.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.serve(w, r, e.answer) }

// answer permits, decodes, does.
func (e endpoint) answer(w http.ResponseWriter, c *call) (reply, error) {
	if err := c.resolveMine(e.reach); err != nil {
		return reply{}, err
	}
	if err := c.permit(e.reach); err != nil {
		return reply{}, err
	}
	if err := c.decode(w); err != nil {
		return reply{}, err
	}
	return e.do(e.Handler, c)
}

// reply is an answer.
type reply struct {
	status int
	allow  string        // of a 405
	wait   time.Duration // of a 429
	body   any
}

// status is the body of an answer that shows nothing.
type status struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// accepted answers a write that is done.
func accepted() (reply, error) {
	return reply{status: http.StatusAccepted, body: status{http.StatusAccepted, "Accepted"}}, nil
}

func shown(body any) (reply, error) { return reply{status: http.StatusOK, body: body}, nil }

func (a reply) write(w http.ResponseWriter) {
	body, err := json.Marshal(a.body)
	if err != nil {
		panic("nsapi: an answer cannot be written as JSON: " + err.Error())
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	if a.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	if a.allow != "" {
		header.Set("Allow", a.allow)
	}
	if a.wait > 0 {
		guess.TellWait(header, a.wait)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(append(body, '\n')) // a client that has gone needs no answer
}

// failed is an error with the status that says it.
type failed struct {
	status  int
	message string
	allow   string
	wait    time.Duration
}

func (f *failed) Error() string { return f.message }

func failf(code int, format string, args ...any) *failed {
	return &failed{status: code, message: fault.Newf("", format, args...).Message}
}
