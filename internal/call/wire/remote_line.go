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
	"github.com/switchhook/switchhook/internal/call/simulator"
)

// remoteLine is a terminal's line, seen from the Core: each method is an order
// that the terminal carries out on a line of its own.
type remoteLine struct {
	conn    *websocket.Conn
	live    bool // the terminal's clock goes on by itself
	replies chan simulator.LineReply
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
		replies: make(chan simulator.LineReply), gone: make(chan struct{}),
	}
}

// listenTo reads the terminal's messages, until it is gone.
func (l *remoteLine) listenTo(ctx context.Context, hangup context.CancelCauseFunc) {
	defer close(l.gone)
	for {
		var reply simulator.LineReply
		if err := read(ctx, l.conn, &reply); err != nil {
			hangup(engine.ErrHungUp) // a terminal that is gone has hung up
			if websocket.CloseStatus(err) == -1 {
				_ = l.conn.Close(websocket.StatusPolicyViolation, "that is no reply")
			}
			return
		}
		if !reply.Unasked {
			if !l.awaited.CompareAndSwap(true, false) {
				hangup(engine.ErrHungUp)
				_ = l.conn.Close(websocket.StatusPolicyViolation, "nothing was asked")
				return
			}
			select {
			case l.replies <- reply:
			case <-l.over: // no one waits for it
			}
		}
		if reply.HungUp {
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

func (l *remoteLine) send(ctx context.Context, order simulator.LineOrder) error {
	text, err := json.Marshal(order)
	if err != nil {
		return err
	}
	if len(text) > simulator.MaxLineMessage {
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

// order sends the terminal an order and waits until it is done.
func (l *remoteLine) order(ctx context.Context, order simulator.LineOrder) (simulator.LineReply, error) {
	if ctx.Err() != nil {
		return simulator.LineReply{}, context.Cause(ctx)
	}
	l.awaited.Store(true)
	switch err := l.send(ctx, order); {
	case errors.Is(err, errTooLong):
		l.awaited.Store(false)
		return simulator.LineReply{}, err
	case err != nil:
		return simulator.LineReply{}, engine.ErrHungUp
	}
	select {
	case reply := <-l.replies:
		l.now, l.as = max(l.now, reply.Now), time.Now()
		switch {
		case reply.HungUp:
			return reply, engine.ErrHungUp
		case reply.Error == engine.ErrUnsupported.Error():
			return reply, engine.ErrUnsupported
		case reply.Error != "":
			return reply, fmt.Errorf("the terminal: %s", reply.Error)
		}
		return reply, nil
	case <-l.gone:
		return simulator.LineReply{}, engine.ErrHungUp
	case <-ctx.Done():
		return simulator.LineReply{}, context.Cause(ctx)
	case <-l.over: // for an order that outlives the context, or at the same moment
		if ctx.Err() != nil {
			return simulator.LineReply{}, context.Cause(ctx)
		}
		return simulator.LineReply{}, errOver
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
func (l *remoteLine) wants(order simulator.LineOrder, listen *engine.Listening) simulator.LineOrder {
	if listen != l.listen {
		l.listen = listen
		l.gather++
	}
	order.Listen, order.Gather = listen, l.gather
	return order
}

// Play plays a prompt.
func (l *remoteLine) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	order := simulator.LineOrder{Do: "play"}
	switch p := prompt.(type) {
	case engine.Speech:
		order.Speech = &p
	case engine.Recording:
		order.URL, order.Sound = p.URL, audio.AppendMulaw(nil, p.Clip)
	}
	reply, err := l.order(ctx, l.wants(order, listen))
	return engine.Played{Took: reply.Took, Barged: reply.Barged}, err
}

// Listen waits for input.
func (l *remoteLine) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	reply, err := l.order(ctx, l.wants(simulator.LineOrder{Do: "listen", Until: until}, listen))
	if err != nil {
		return engine.Input{}, err
	}
	if reply.Input == nil {
		return engine.Input{}, errors.New("the terminal: no input came with the reply")
	}
	return *reply.Input, nil
}

// Echo lets callers hear themselves.
func (l *remoteLine) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	reply, err := l.order(ctx, simulator.LineOrder{Do: "echo", Until: limit})
	return reply.Took, err
}

// Forward tells the terminal that the call goes elsewhere.
func (l *remoteLine) Forward(ctx context.Context, to string, _ bool) error {
	_, err := l.order(ctx, simulator.LineOrder{Do: "forward", URL: to})
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
	if _, err := l.order(ctx, simulator.LineOrder{Do: "hangup"}); !errors.Is(err, errOver) {
		return err
	}
	return nil
}

func read(ctx context.Context, conn *websocket.Conn, v any) error {
	_, text, err := conn.Read(ctx)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}
