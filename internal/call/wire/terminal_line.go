package wire

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

func (t *terminalLine) carryOut(ctx context.Context, o order) reply {
	var done reply
	var err error
	switch o.Do {
	case doPlay:
		var played engine.Played
		played, err = t.line.Play(ctx, o.prompt(), t.listen(o))
		done.Took, done.Barged = played.Took, played.Barged
	case doListen:
		var in engine.Input
		in, err = t.line.Listen(ctx, t.listen(o), o.Until)
		done.Input = &in
	case doEcho:
		echoer, ok := t.line.(engine.Echoer)
		if !ok {
			err = engine.ErrUnsupported
			break
		}
		done.Took, err = echoer.Echo(ctx, o.Until)
	case doForward:
		forwarder, ok := t.line.(engine.Forwarder)
		if !ok {
			err = engine.ErrUnsupported
			break
		}
		_, err = forwarder.Forward(ctx, o.URL, false)
	case doHangup:
		err = t.line.Hangup(ctx, engine.Normal)
	default:
		err = fmt.Errorf("the order %q is not known", o.Do)
	}
	done.Now = t.line.Now()
	switch {
	case errors.Is(err, engine.ErrHungUp), err != nil && ctx.Err() != nil: // a caller who is gone has hung up
		done.HungUp = true
	case err != nil:
		done.Error = err.Error()
	}
	return done
}

func (o order) prompt() engine.Prompt {
	if o.Speech != nil {
		return *o.Speech
	}
	return engine.Recording{URL: o.URL, Sound: audio.SoundOf(audio.AppendPCMFromMulaw(nil, o.Sound))}
}

func (t *terminalLine) listen(o order) *engine.Listening {
	if o.Listen == nil {
		return nil
	}
	if t.listens[o.Gather] == nil {
		clear(t.listens) // one Gather at a time
		t.listens[o.Gather] = o.Listen
	}
	return t.listens[o.Gather]
}
