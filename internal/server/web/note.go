package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// note is what a handler adds to its request's log line.
type note struct {
	client netip.Addr // the client's address

	mu sync.Mutex
	noted
}

type noted struct {
	level slog.Level
	attrs []slog.Attr
	about string // see About
	whole bool   // see Whole
}

type noteKey struct{}

// Note adds the outcome of a request to its one log line, and raises the line's
// level. Outside a request it logs a line of its own to the default log; use
// NoteOr where that can happen.
func Note(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	NoteOr(slog.Default())(ctx, level, message, attrs...)
}

// NoteOr returns a Note that logs to this log outside a request.
func NoteOr(log *slog.Logger) part.Log {
	return func(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
		n, ok := ctx.Value(noteKey{}).(*note)
		if !ok {
			log.LogAttrs(ctx, level, message, attrs...) //nolint:sloglint // the caller's is constant
			return
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.level = max(n.level, level)
		n.attrs = append(n.attrs, attrs...)
	}
}

// About says which entry a request is about, which must exist. Lines about
// other entries are not summed with its line.
func About(ctx context.Context, entry string) {
	noteIn(ctx, func(n *noted) { n.about = entry })
}

// Whole has a request's line logged, however many are like it: its client has
// shown a secret, or its effects are bounded in another way.
func Whole(ctx context.Context) {
	noteIn(ctx, func(n *noted) { n.whole = true })
}

func noteIn(ctx context.Context, change func(*noted)) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		change(&n.noted)
	}
}

// notedOf returns what was noted for a request.
func notedOf(ctx context.Context) (found noted) {
	noteIn(ctx, func(n *noted) { found = *n })
	return found
}

// maxMethod is how much of a method is logged, in bytes: known ones have seven
// at most.
const maxMethod = 20

// line logs a request, or sums it up. If a route is not open, success means
// that the client has shown a secret.
func (h *Handler) line(r *http.Request, route part.Route, rec *recorder, client string, took time.Duration) {
	level := slog.LevelInfo
	if rec.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	n := notedOf(r.Context())
	level = max(level, n.level)
	attrs := []slog.Attr{
		slog.String("route", route.Name), slog.String("method", plaintext.Clip(r.Method, maxMethod)), slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes), slog.Int64("ms", took.Milliseconds()), slog.String("client", client),
	}
	if (route.Open || rec.status >= http.StatusBadRequest) && !n.whole {
		k, words := kindOf(route.Name, rec.status, level, &n)
		shown := func() []slog.Attr { // without what is specific to this request
			shown := []slog.Attr{slog.String("route", route.Name), slog.Int("status", rec.status), slog.String("client", client)}
			if k.about != "" {
				shown = append(shown, slog.String("entry", k.about))
			}
			return append(shown, words...)
		}
		if !h.config.Sums.isWhole(r.Context(), k, time.Now(), shown) {
			return
		}
	}
	h.config.Log.LogAttrs(r.Context(), level, "request", append(attrs, n.attrs...)...)
}
