package core

import (
	"context"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// forwardingLine is the caller's line as the engine gets it: the same, except
// that a Forward goes through the dial plan.
type forwardingLine struct {
	engine.Line
	call *placedCall
}

// Unwrap returns the line, for the rest of what it can do.
func (c *forwardingLine) Unwrap() engine.Line { return c.Line }

var _ engine.Forwarder = (*forwardingLine)(nil)

// Forward sends the call where the dial plan says.
func (c *forwardingLine) Forward(ctx context.Context, to string, byCaller bool) (engine.Forwarded, error) {
	return c.call.forwardCall(ctx, to, byCaller)
}
