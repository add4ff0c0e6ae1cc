package wire

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
)

// Place dials the Core, which runs the call on the caller's line until it ends:
// this is a simulator.Options.Place. It also fails if the connection breaks.
func (d *Dialer) Place(ctx context.Context, call simulator.Outgoing) (engine.Outcome, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return engine.Outcome{}, err
	}
	// A cancelled read closes the connection; but a caller who hangs up must
	// still learn how the call ended.
	wire, cut := context.WithCancel(context.WithoutCancel(ctx))
	t := &terminal{call: call, route: d.Route, conn: conn, wire: wire, messages: make(chan message), streams: map[int]*carriedStream{}}
	call.KeepRecordings(t.upload)
	defer t.leaveAll()
	var reading sync.WaitGroup
	reading.Go(func() { t.read(wire) })
	defer reading.Wait()
	defer func() { _ = conn.CloseNow() }()
	defer cut()
	if err := writeMessage(wire, conn, dialled{From: call.From, To: call.To, Live: call.Live}); err != nil {
		return engine.Outcome{}, lost(err)
	}
	return t.follow(ctx, wire)
}

// terminal is a terminal's end of a call that a Core runs.
type terminal struct {
	call     simulator.Outgoing
	route    func(steps []string) // optional
	conn     *websocket.Conn
	wire     context.Context //nolint:containedctx // it ends with the connection, after the call
	messages chan message    // closed after one with an error
	mu       sync.Mutex
	streams  map[int]*carriedStream // media streams, by the number that the Core gave them

	listen *engine.Listening // one pointer for the whole of a Gather
	gather int               // which one that is
}

// message is what came from the Core, or why nothing more comes.
type message struct {
	order order
	err   error
}

// read reads what the Core sends, until the connection ends.
func (t *terminal) read(wire context.Context) {
	defer close(t.messages)
	t.conn.SetReadLimit(MaxOrder)
	for {
		var m message
		m.err = readMessage(wire, t.conn, &m.order)
		select {
		case t.messages <- m:
		case <-wire.Done():
			return
		}
		if m.err != nil {
			return
		}
	}
}

// follow does what the Core says until the call has ended.
func (t *terminal) follow(ctx, wire context.Context) (engine.Outcome, error) {
	gone := ctx.Done()
	var patience <-chan time.Time // of a caller who has hung up
	var next *message
	for {
		m := next
		next = nil
		if m == nil {
			select {
			case came := <-t.messages:
				m = &came
			case <-gone:
				gone, patience = nil, time.After(goodbye)
				// If the line is broken, the next read says so.
				_ = writeMessage(wire, t.conn, reply{Now: t.call.Line.Now(), HungUp: true, Unasked: true})
				continue
			case <-patience:
				return engine.Outcome{}, lost(context.Cause(ctx))
			}
		}
		switch {
		case m.err != nil:
			return engine.Outcome{}, lost(m.err)
		case m.order.Do == doEnd:
			if m.order.End == nil {
				return engine.Outcome{}, fault.Newf(fault.Unavailable, "the Core ended the call without saying how")
			}
			return *m.order.End, nil
		case t.tell(m.order):
		default:
			var done reply
			if done, next = t.do(ctx, m.order); next != nil {
				continue
			}
			if err := writeMessage(wire, t.conn, done); err != nil {
				return engine.Outcome{}, lost(err)
			}
		}
	}
}

// tell passes on notices from the Core; false: the order is one to carry out.
func (t *terminal) tell(notice order) bool {
	switch notice.Do {
	case doRoute:
		if t.route != nil {
			t.route(notice.Route)
		}
	case doEvent:
		event, err := trace.ParseEvent(notice.Event)
		if err != nil || event.Event == nil {
			break // of a newer Core
		}
		if request, ok := event.Event.(trace.Request); ok {
			request.Exchange = notice.Wire
			event.Event = request
		}
		t.call.Record(event)
	default:
		return t.tellStream(notice)
	}
	return true
}

// do carries out an order. Any message from the Core meanwhile, unless it is for a
// media stream, means that it no longer waits for that; it is returned, and the
// reply is discarded.
func (t *terminal) do(ctx context.Context, o order) (reply, *message) {
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	done := make(chan reply, 1)
	go func() { done <- t.carryOut(ctx, o) }() // waited for below, either way
	for {
		select {
		case result := <-done:
			return result, nil
		case m := <-t.messages:
			if m.err == nil && t.tellStream(m.order) {
				continue
			}
			abandon()
			<-done
			return reply{}, &m
		}
	}
}

// carryOut carries out an order on the caller's line.
func (t *terminal) carryOut(ctx context.Context, o order) reply {
	line := t.call.Line
	var done reply
	var err error
	switch o.Do {
	case doPlay:
		var played engine.Played
		played, err = line.Play(ctx, o.prompt(), t.listening(o))
		done.Took, done.Barged = played.Took, played.Barged
	case doListen:
		done.Input = &engine.Input{}
		*done.Input, err = line.Listen(ctx, t.listening(o), o.Until)
	case doEcho:
		done.Took, err = line.Echo(ctx, o.Until)
	case doForward:
		_, err = line.Forward(ctx, o.URL, false)
	case doHangup:
		err = line.Hangup(ctx, engine.Normal)
	case doRecord, doStream, doFork, doUnfork:
		done.Took, err = t.carryMedia(ctx, o)
	default:
		err = fmt.Errorf("the order %q is not known", o.Do)
	}
	t.flush()
	done.Now = line.Now()
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

// listening returns what an order listens for.
func (t *terminal) listening(o order) *engine.Listening {
	if o.Listen == nil {
		return nil
	}
	if t.listen == nil || o.Gather != t.gather {
		t.listen, t.gather = o.Listen, o.Gather
	}
	return t.listen
}

func lost(err error) error {
	return &fault.Error{Code: fault.Unavailable, Message: "the connection to the Core broke", Err: err}
}
