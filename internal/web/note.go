package web

import (
	"context"
	"log/slog"
	"sync"
)

// note is what a handler adds to its request's log line.
type note struct {
	mu    sync.Mutex
	level slog.Level
	attrs []slog.Attr
}

type noteKey struct{}

// Note adds what became of a request to the one line that is logged of it, and
// raises its level. Outside a request it is a line of its own.
func Note(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	n, ok := ctx.Value(noteKey{}).(*note)
	if !ok {
		slog.Default().LogAttrs(ctx, level, message, attrs...) //nolint:sloglint // the caller's is constant
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.level = max(n.level, level)
	n.attrs = append(n.attrs, attrs...)
}

// noteOf returns what was noted of a request.
func noteOf(ctx context.Context) (slog.Level, []slog.Attr) {
	n, ok := ctx.Value(noteKey{}).(*note)
	if !ok {
		return slog.LevelInfo, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.level, n.attrs
}
