package netsapiens

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that is never printed: whatever formats, marshals or logs
// it gets "<secret>". The text itself is string(s).
type Secret string

const hidden = "<secret>"

// String returns "<secret>".
func (Secret) String() string { return hidden }

// GoString returns "<secret>".
func (Secret) GoString() string { return hidden }

// Format writes "<secret>", whatever the verb.
func (Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, hidden) // a State has no error that fmt would show
}

// MarshalText returns "<secret>".
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue returns "<secret>".
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
