// Package web serves the application server's listener: which paths lead where,
// and the rules for all of them: limits, the client's address, one log line for
// each request, counters.
package web

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Limits of the listener.
const (
	// HeaderTimeout is how long a client may take to send its headers.
	HeaderTimeout = 5 * time.Second

	// BodyTimeout is how long a body may take once a handler reads it: forms
	// are small, even on bad lines.
	BodyTimeout = 10 * time.Second

	// RequestTimeout bounds receiving a request whose body no handler reads.
	RequestTimeout = 20 * time.Second

	// AnswerTimeout bounds a request in all. Provisioning takes the longest.
	AnswerTimeout = 40 * time.Second

	// IdleTimeout is how long an idle connection, such as a proxy's, is kept.
	IdleTimeout = 2 * time.Minute

	// MaxHeader bounds the headers in bytes.
	MaxHeader = 32 << 10
)

// Server returns an http.Server with the limits above, and MaxConnections.
func Server(handler http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: HeaderTimeout,
		ReadTimeout:       RequestTimeout,
		WriteTimeout:      AnswerTimeout,
		IdleTimeout:       IdleTimeout,
		MaxHeaderBytes:    MaxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	bound(s, MaxConnections)
	return s
}

// Config is what a Handler needs.
type Config struct {
	Routes part.Routes

	Bodies         *Bodies // shared limit of several Handlers; nil: this one has its own
	Sums           *Sums   // shared by several Handlers; nil: this one has its own, whose last minute is lost
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Observe        func(route string, status int, took time.Duration) // optional
	Visit          func(*http.Request) bool                           // optional; a request that is only to find out whether this server answers, and leaves no trace
}

// The largest bodies, in bytes. Handlers may set lower limits.
const (
	maxWebhookBody  = 64 << 10 // a form, or a phone system's report of a call
	maxAPIBody      = 1 << 20  // the vendor's limit
	maxOperatorBody = 64 << 10
)

// Handler answers all paths. It is safe for use by several goroutines.
type Handler struct {
	config  Config
	parts   map[string]http.Handler // by the first element of the path
	unknown http.Handler
}

// New returns a Handler.
func New(c Config) *Handler {
	if c.Bodies == nil {
		c.Bodies = NewBodies(0)
	}
	if c.Sums == nil {
		c.Sums = NewSums(c.Log)
	}
	h := &Handler{config: c, parts: make(map[string]http.Handler)}
	h.unknown = h.wrap(part.Route{Name: "unknown", Handler: http.HandlerFunc(notFound)})
	h.add(c.Routes.Webhooks, maxWebhookBody, func(next http.Handler) http.Handler { return next })
	h.add(c.Routes.API, maxAPIBody, private)
	// Another site's page in the operator's browser must not get in.
	sameOrigin := http.NewCrossOriginProtection()
	h.add(c.Routes.Operator, maxOperatorBody, func(next http.Handler) http.Handler { return private(sameOrigin.Handler(next)) })
	return h
}

// add makes a mux of routes and applies the rules of its part. Bodies are
// limited to most bytes, unless their route says otherwise.
func (h *Handler) add(routes []part.Route, most int64, rules func(http.Handler) http.Handler) {
	mux := http.NewServeMux()
	mux.Handle("/", h.unknown)
	part := rules(mux)
	for _, route := range routes {
		mux.Handle(route.Path, http.MaxBytesHandler(h.wrap(route), cmp.Or(route.MaxBody, most)))
		h.parts[firstElement(route.Path)] = part
	}
}

// firstElement returns a path's first element: /console for /console/line.
func firstElement(path string) string {
	path = strings.TrimPrefix(path, "/")
	first, _, _ := strings.Cut(path, "/")
	return first
}

// private keeps answers out of caches, and turns content sniffing off.
func private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "there is nothing at this address", http.StatusNotFound)
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	part, ok := h.parts[firstElement(r.URL.Path)]
	if !ok {
		part = h.unknown
	}
	part.ServeHTTP(w, r)
}

func (h *Handler) wrap(route part.Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.config.Visit != nil && h.config.Visit(r) {
			if route.Path == "" {
				notFound(w, r)
			} else {
				Alive().ServeHTTP(w, r)
			}
			return
		}
		began := time.Now()
		client := ClientAddress(r, h.config.TrustedProxies)
		r = r.WithContext(context.WithValue(r.Context(), noteKey{}, &note{client: client}))
		rec := &recorder{ResponseWriter: w}
		if r.Body != nil && r.ContentLength != 0 { // http.NoBody may have been wrapped
			rec.body = &bodyInHand{ReadCloser: r.Body, of: h.config.Bodies, on: connectionOf(r), control: http.NewResponseController(w)}
			r.Body, rec.length = rec.body, r.ContentLength
			defer rec.body.end()
		}
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				h.panicked(r, route, rec, p)
				rec.finish()
			}
			h.done(r, route, rec, client, time.Since(began)-rec.lingered)
		}()
		route.Handler.ServeHTTP(rec, r)
		rec.finish()
	})
}

// panicked logs a panic, and answers if there was no answer yet.
func (h *Handler) panicked(r *http.Request, route part.Route, rec *recorder, p any) {
	said := phone.MaskIn(fmt.Sprint(p))
	k := kind{route: route.Name, level: slog.LevelError, words: "panic " + plaintext.Clip(said, maxWords)}
	if h.config.Sums.isWhole(r.Context(), k, time.Now(), func() []slog.Attr {
		return []slog.Attr{slog.String("route", route.Name), slog.String("panic", said)}
	}) {
		h.config.Log.ErrorContext(r.Context(), "handler panicked", "route", route.Name, "panic", said, "stack", string(debug.Stack()))
	}
	if rec.status != 0 {
		return
	}
	http.Error(rec, "something went wrong on our side", http.StatusInternalServerError)
}

func (h *Handler) done(r *http.Request, route part.Route, rec *recorder, client netip.Addr, took time.Duration) {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	if h.config.Observe != nil {
		h.config.Observe(route.Name, rec.status, took)
	}
	if route.Quiet && rec.status < http.StatusInternalServerError {
		return
	}
	h.line(r, route, rec, client.String(), took)
}

// Client returns the address that a Handler's request came from; see
// ClientAddress.
func Client(r *http.Request) netip.Addr {
	if n, ok := r.Context().Value(noteKey{}).(*note); ok {
		return n.client
	}
	return netip.Addr{}
}

// ClientAddress returns the address that a request came from: the peer's, or if
// that is a trusted proxy the right-most address in X-Forwarded-For that is not
// one. Anyone can forge those further left.
func ClientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := peer.Addr().Unmap().WithZone("")
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0 && contains(trusted, client); i-- {
		next, err := parseAddress(strings.TrimSpace(forwarded[i]))
		if err != nil {
			break
		}
		client = next
	}
	return client
}

// parseAddress parses an address with or without a port.
func parseAddress(s string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone(""), nil
	}
	address, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return address.Unmap().WithZone(""), err
}

func contains(prefixes []netip.Prefix, address netip.Addr) bool {
	for _, prefix := range prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}
