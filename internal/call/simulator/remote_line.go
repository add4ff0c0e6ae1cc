package simulator

import (
	"context"
	"errors"
	"fmt"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// terminalLine carries out a Core's orders on a line.
type terminalLine struct {
	line    engine.Line
	listens map[int]*engine.Listening // by gather: one pointer for the whole of it
}

func (t *terminalLine) carryOut(ctx context.Context, order LineOrder) LineReply {
	var reply LineReply
	var err error
	switch order.Do {
	case "play":
		var played engine.Played
		played, err = t.line.Play(ctx, order.prompt(), t.listen(order))
		reply.Took, reply.Barged = played.Took, played.Barged
	case "listen":
		var in engine.Input
		in, err = t.line.Listen(ctx, t.listen(order), order.Until)
		reply.Input = &in
	case "echo":
		echoer, ok := t.line.(engine.Echoer)
		if !ok {
			err = engine.ErrUnsupported
			break
		}
		reply.Took, err = echoer.Echo(ctx, order.Until)
	case "forward":
		forwarder, ok := t.line.(engine.Forwarder)
		if !ok {
			err = engine.ErrUnsupported
			break
		}
		err = forwarder.Forward(ctx, order.URL, false)
	case "hangup":
		err = t.line.Hangup(ctx)
	default:
		err = fmt.Errorf("the order %q is not known", order.Do)
	}
	reply.Now = t.line.Now()
	switch {
	case errors.Is(err, engine.ErrHungUp), err != nil && ctx.Err() != nil: // a caller who is gone has hung up
		reply.HungUp = true
	case err != nil:
		reply.Error = err.Error()
	}
	return reply
}

func (o LineOrder) prompt() engine.Prompt {
	if o.Speech != nil {
		return *o.Speech
	}
	return engine.Recording{URL: o.URL, Clip: audio.AppendPCMFromMulaw(nil, o.Sound)}
}

func (t *terminalLine) listen(order LineOrder) *engine.Listening {
	if order.Listen == nil {
		return nil
	}
	if t.listens[order.Gather] == nil {
		clear(t.listens) // one Gather at a time
		t.listens[order.Gather] = order.Listen
	}
	return t.listens[order.Gather]
}
