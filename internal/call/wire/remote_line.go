package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// remoteLine is a terminal's line, seen from the Core: each method is an order
// that the terminal carries out on a line of its own.
type remoteLine struct {
	conn    *websocket.Conn
	live    bool // the terminal's clock goes on by itself
	replies chan reply
	awaited atomic.Bool     // an order is waiting for its reply
	gone    chan struct{}   // closed when the terminal is gone
	over    <-chan struct{} // closed when the call is over

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

func newRemoteLine(conn *websocket.Conn, live bool, over <-chan struct{}) *remoteLine {
	return &remoteLine{
		conn: conn, live: live, as: time.Now(), over: over,
		replies: make(chan reply), gone: make(chan struct{}),
	}
}

// listenTo reads the terminal's messages, until it is gone.
func (l *remoteLine) listenTo(ctx context.Context, hangup context.CancelCauseFunc) {
	defer close(l.gone)
	for {
		var came reply
		if err := readMessage(ctx, l.conn, &came); err != nil {
			hangup(engine.ErrHungUp) // a terminal that is gone has hung up
			if websocket.CloseStatus(err) == -1 {
				_ = l.conn.Close(websocket.StatusPolicyViolation, "that is no reply")
			}
			return
		}
		if !came.Unasked {
			if !l.awaited.CompareAndSwap(true, false) {
				hangup(engine.ErrHungUp)
				_ = l.conn.Close(websocket.StatusPolicyViolation, "nothing was asked")
				return
			}
			select {
			case l.replies <- came:
			case <-l.over: // no one waits for it
			}
		}
		if came.HungUp {
			hangup(engine.ErrHungUp)
		}
	}
}

// keepAlive checks regularly whether the terminal is still there, until it is
// gone. One that does not answer has hung up.
func (l *remoteLine) keepAlive(hangup context.CancelCauseFunc) {
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
		if err != nil {
			hangup(engine.ErrHungUp)
			_ = l.conn.CloseNow() // which ends the reader too
			return
		}
	}
}

func (l *remoteLine) send(ctx context.Context, o order) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if len(text) > MaxOrder {
		return errTooLong
	}
	// Send the end of a call too: a cancelled write would close the connection.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lineTimeout)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, text)
}

var (
	// errTooLong: a recording is longer than a terminal accepts.
	errTooLong = errors.New("the recording is too long for a terminal's line")

	// errOver: the call ended before an order was carried out.
	errOver = errors.New("the call is over")
)

// do sends the terminal a request and waits until it is done.
func (l *remoteLine) do(ctx context.Context, o order) (reply, error) {
	if ctx.Err() != nil {
		return reply{}, context.Cause(ctx)
	}
	l.awaited.Store(true)
	switch err := l.send(ctx, o); {
	case errors.Is(err, errTooLong):
		l.awaited.Store(false)
		return reply{}, err
	case err != nil:
		return reply{}, engine.ErrHungUp
	}
	select {
	case done := <-l.replies:
		l.now, l.as = max(l.now, done.Now), time.Now()
		return done, done.err()
	case <-l.gone:
		return reply{}, engine.ErrHungUp
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	case <-l.over: // for an order that outlives the context, or at the same moment
		if ctx.Err() != nil {
			return reply{}, context.Cause(ctx)
		}
		return reply{}, errOver
	}
}

// err returns the error of a request that was not done.
func (r reply) err() error {
	switch {
	case r.HungUp:
		return engine.ErrHungUp
	case r.Error == engine.ErrUnsupported.Error():
		return engine.ErrUnsupported
	case r.Error != "":
		return fmt.Errorf("the terminal: %s", r.Error)
	}
	return nil
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
		clip, err := p.Whole(ctx)
		if err != nil {
			return engine.Played{}, err
		}
		o.URL, o.Sound = p.URL, audio.AppendMulaw(nil, clip)
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
func (l *remoteLine) Forward(ctx context.Context, to string, _ bool) error {
	_, err := l.do(ctx, order{Do: doForward, URL: to})
	return err
}

// Hangup disconnects the terminal's caller. If the call is over, the end of the
// line does that.
func (l *remoteLine) Hangup(ctx context.Context) error {
	select {
	case <-l.over:
		return nil
	default:
	}
	if _, err := l.do(ctx, order{Do: doHangup}); !errors.Is(err, errOver) {
		return err
	}
	return nil
}
