package part

import (
	"context"
	"log/slog"
)

// Log logs what a feature did, numbers masked. It is a slog.Logger's LogAttrs, or
// a function that adds to the line that each request has anyway. Nil:
// slog.Default().
type Log func(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr)

// LogAttrs logs.
func (l Log) LogAttrs(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	if l == nil {
		l = slog.Default().LogAttrs
	}
	l(ctx, level, message, attrs...)
}
