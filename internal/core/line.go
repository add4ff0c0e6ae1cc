package core

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// carry returns the caller's line as the engine gets it: the same, except that
// a Forward goes through the dial plan. It has media streams only if the line
// has them, so that a document learns it before a stream is opened.
func (p *placed) carry() engine.Line {
	c := carried{Line: p.line, call: p}
	if streamer, ok := p.line.(engine.Streamer); ok {
		return &struct {
			carried
			engine.Streamer
		}{c, streamer}
	}
	return &c
}

// carried is a line whose calls are carried by a Core.
type carried struct {
	engine.Line
	call *placed
}

var (
	_ engine.Forwarder = (*carried)(nil)
	_ engine.Echoer    = (*carried)(nil)
	_ engine.Recorder  = (*carried)(nil)
)

// Forward sends the call where the dial plan says.
func (c *carried) Forward(ctx context.Context, to string, byCaller bool) error {
	return c.call.forward(ctx, to, byCaller)
}

// Echo is the line's, or engine.ErrUnsupported.
func (c *carried) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	if echoer, ok := c.Line.(engine.Echoer); ok {
		return echoer.Echo(ctx, limit)
	}
	return 0, engine.ErrUnsupported
}

// Record is the line's, or engine.ErrUnsupported.
func (c *carried) Record(ctx context.Context, rules engine.RecordRules) (engine.Recorded, error) {
	if recorder, ok := c.Line.(engine.Recorder); ok {
		return recorder.Record(ctx, rules)
	}
	return engine.Recorded{}, engine.ErrUnsupported
}
