package wire

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// remoteLine is a terminal's line, seen from the Core: each method is an order
// that the terminal carries out on a line of its own.
type remoteLine struct {
	conn      *websocket.Conn
	live      bool            // the terminal's clock goes on by itself
	call      context.Context //nolint:containedctx // it ends with the call, which an order's context may outlive
	hangup    context.CancelCauseFunc
	replies   chan reply
	awaited   atomic.Bool    // an order is waiting for its reply
	gone      chan struct{}  // closed when the terminal is gone
	attending sync.WaitGroup // to the connection
	incoming  incoming       // what the terminal sends by itself
	spoke     atomic.Int64   // when the terminal's last message came, in Unix nanoseconds
	left      bool           // the order that the terminal was given last was left before its reply came

	now    time.Duration // the terminal's clock, as of its last reply
	as     time.Time     // when that reply came
	listen *engine.Listening
	gather int
}

var (
	_ engine.Line      = (*remoteLine)(nil)
	_ engine.Forwarder = (*remoteLine)(nil)
	_ engine.Echoer    = (*remoteLine)(nil)
)

// newRemoteLine attends to a terminal, until close is called.
func newRemoteLine(ctx context.Context, conn *websocket.Conn, live bool) *remoteLine {
	l := &remoteLine{conn: conn, live: live, as: time.Now(), replies: make(chan reply), gone: make(chan struct{})}
	l.call, l.hangup = context.WithCancelCause(ctx)
	l.attending.Go(l.readReplies)
	l.attending.Go(l.keepAlive)
	return l
}

func (l *remoteLine) close() {
	l.hangup(nil)
	_ = l.conn.CloseNow()
	l.attending.Wait()
}

// readReplies reads the terminal's messages, until it is gone: longer than the
// call lasts, to receive the terminal's goodbye.
func (l *remoteLine) readReplies() {
	defer close(l.gone)
	for {
		var came reply
		if err := readMessage(context.WithoutCancel(l.call), l.conn, &came); err != nil {
			l.hangup(engine.ErrHungUp) // a terminal that is gone has hung up
			if websocket.CloseStatus(err) == -1 {
				_ = l.conn.Close(websocket.StatusPolicyViolation, "that is no reply")
			}
			return
		}
		l.spoke.Store(time.Now().UnixNano())
		if came.Media != nil {
			l.hear(came.Media)
			continue
		}
		if !came.Unasked {
			if !l.awaited.CompareAndSwap(true, false) {
				l.hangup(engine.ErrHungUp)
				_ = l.conn.Close(websocket.StatusPolicyViolation, "nothing was asked")
				return
			}
			select {
			case l.replies <- came:
			case <-l.call.Done(): // no one waits for it
			}
		}
		if came.HungUp {
			l.hangup(engine.ErrHungUp)
		}
	}
}

// keepAlive checks regularly whether the terminal is still there, until it is
// gone. One that does not answer has hung up.
func (l *remoteLine) keepAlive() {
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	for {
		select {
		case <-l.gone:
			return
		case <-beat.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), lineTimeout)
		err := l.conn.Ping(ctx)
		cancel()
		// A slow media stream keeps the reader from the answer.
		silent := time.Since(time.Unix(0, l.spoke.Load())) > lineTimeout
		if err != nil && silent {
			l.hangup(engine.ErrHungUp)
			_ = l.conn.CloseNow() // which ends the reader too
			return
		}
	}
}

// send sends an order, even when the call is over: a write that is cancelled
// would close the connection.
func (l *remoteLine) send(o order) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.call), lineTimeout)
	defer cancel()
	return writeMessage(ctx, l.conn, o)
}

// tellRoute notifies the terminal of how the call was routed. If the line is
// broken, the next request says so.
func (l *remoteLine) tellRoute(steps []string) { _ = l.send(order{Do: doRoute, Route: steps}) }

// tellEvent notifies the terminal of an event, as tellRoute does of a route.
func (l *remoteLine) tellEvent(event trace.Stamped) {
	text, err := event.AppendJSON(nil)
	if err != nil {
		return
	}
	o := order{Do: doEvent, Event: text}
	if request, ok := event.Event.(trace.Request); ok {
		o.Wire = request.Exchange
	}
	_ = l.send(o)
}

// end tells the terminal how the call ended, and lets it leave.
func (l *remoteLine) end(outcome engine.Outcome) {
	l.hangup(nil)
	if l.send(order{Do: doEnd, End: &outcome}) != nil {
		return
	}
	select {
	case <-l.gone:
	case <-time.After(lineTimeout):
	}
}

// Now returns the terminal's clock. A live one has gone on since the last
// reply, while a responder was asked.
func (l *remoteLine) Now() time.Duration {
	if l.live {
		return l.now + time.Since(l.as)
	}
	return l.now
}

// wants adds the input to listen for to an order.
func (l *remoteLine) wants(o order, listen *engine.Listening) order {
	if listen != l.listen {
		l.listen = listen
		l.gather++
	}
	o.Listen, o.Gather = listen, l.gather
	return o
}

// Play plays a prompt.
func (l *remoteLine) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	o := order{Do: doPlay}
	switch p := prompt.(type) {
	case engine.Speech:
		o.Speech = &p
	case engine.Recording:
		if err := p.Await(ctx); err != nil {
			return engine.Played{}, err
		}
		o.URL, o.Sound = p.URL, p.Sound.AppendMulaw(nil)
	}
	done, err := l.do(ctx, l.wants(o, listen))
	return engine.Played{Took: done.Took, Barged: done.Barged}, err
}

// Listen waits for input.
func (l *remoteLine) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	done, err := l.do(ctx, l.wants(order{Do: doListen, Until: until}, listen))
	if err != nil {
		return engine.Input{}, err
	}
	if done.Input == nil {
		return engine.Input{}, errors.New("the terminal: no input came with the reply")
	}
	return *done.Input, nil
}

// Echo lets callers hear themselves.
func (l *remoteLine) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	done, err := l.do(ctx, order{Do: doEcho, Until: limit})
	return done.Took, err
}

// Forward tells the terminal that the call goes elsewhere.
func (l *remoteLine) Forward(ctx context.Context, to string, _ bool) (engine.Forwarded, error) {
	_, err := l.do(ctx, order{Do: doForward, URL: to})
	return engine.Forwarded{}, err
}

// Hangup disconnects the terminal's caller. If the call is over, the end of the
// line does that.
func (l *remoteLine) Hangup(ctx context.Context, _ engine.Cause) error {
	if l.isOver() {
		return nil
	}
	if _, err := l.do(ctx, order{Do: doHangup}); err != nil && !l.isOver() {
		return err
	}
	return nil
}

func (l *remoteLine) isOver() bool { return l.call.Err() != nil }
