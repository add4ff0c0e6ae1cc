package core

import (
	"context"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// carried is the caller's line as the engine gets it: the same, except that a
// Forward goes through the dial plan.
type carried struct {
	engine.Line
	call *placed
}

// Unwrap returns the line, for the rest of what it can do.
func (c *carried) Unwrap() engine.Line { return c.Line }

var _ engine.Forwarder = (*carried)(nil)

// Forward sends the call where the dial plan says.
func (c *carried) Forward(ctx context.Context, to string, byCaller bool) (engine.Forwarded, error) {
	return engine.Forwarded{}, c.call.forward(ctx, to, byCaller)
}
