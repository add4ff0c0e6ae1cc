// Package console is the operator's door to a running Core: for now the
// telephone lines of terminals.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/audio"
	"github.com/switchhook/switchhook/internal/engine"
	"github.com/switchhook/switchhook/internal/simulator"
	"github.com/switchhook/switchhook/internal/trace"
)

// lineTimeout is how long a terminal may take to say what it dials, and to
// take a message.
const lineTimeout = 10 * time.Second

// Exchange places calls. It is the Core.
type Exchange interface {
	// Place routes a call from one number to another and runs it on a line.
	// route is told how it got there, before the call begins.
	Place(ctx context.Context, from, to string, line engine.Line, route func(steps []string), record func(trace.Stamped)) engine.Outcome
}

// Lines is the http.Handler of simulator.LinePath: a terminal that connects is
// a line on which the Core runs the call that it dials.
type Lines struct {
	Token    string // without one every terminal is refused
	Exchange Exchange

	calls sync.WaitGroup
}

// Wait waits until the calls in hand have ended, or the context has.
func (l *Lines) Wait(ctx context.Context) {
	ended := make(chan struct{})
	go func() { // ends with the last call, which the end of the process ends too
		l.calls.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

// ServeHTTP runs one terminal's call.
func (l *Lines) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !authentic(r, l.Token) {
		refuse(w)
		return
	}
	l.calls.Add(1)
	defer l.calls.Done()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(simulator.MaxLineMessage)

	var dialled simulator.LineCall
	first, cancel := context.WithTimeout(r.Context(), lineTimeout)
	err = read(first, conn, &dialled)
	cancel()
	if err != nil || dialled.To == "" {
		_ = conn.Close(websocket.StatusPolicyViolation, "a line begins with the number that is dialled")
		return
	}
	ctx, hangup := context.WithCancelCause(r.Context())
	defer hangup(nil)
	remote := &remoteLine{conn: conn, replies: make(chan simulator.LineReply), gone: make(chan struct{}), over: ctx.Done()}
	go remote.listenTo(r.Context(), hangup) // ends with the connection, which this function closes

	outcome := l.Exchange.Place(ctx, dialled.From, dialled.To, remote, func(steps []string) {
		_ = remote.send(ctx, simulator.LineOrder{Do: "route", Route: steps}) // a broken line shows at the next order
	}, func(event trace.Stamped) {
		order := simulator.LineOrder{Do: "event"}
		var err error
		if order.Event, err = event.AppendJSON(nil); err != nil {
			return
		}
		if request, ok := event.Event.(trace.Request); ok {
			order.Wire = request.Exchange
		}
		_ = remote.send(ctx, order)
	})
	hangup(nil)
	if err := remote.send(ctx, simulator.LineOrder{Do: "end", End: &outcome}); err != nil {
		return
	}
	select {
	case <-remote.gone: // the terminal says goodbye
	case <-time.After(lineTimeout):
	}
}

// remoteLine is a terminal's line, seen from the Core: each method is an order
// that the terminal carries out on a line of its own.
type remoteLine struct {
	conn    *websocket.Conn
	replies chan simulator.LineReply
	gone    chan struct{}   // closed when the terminal is
	over    <-chan struct{} // closed when the call is

	now    time.Duration // the terminal's clock, as of its last reply
	listen *engine.Listening
	gather int
}

var (
	_ engine.Line      = (*remoteLine)(nil)
	_ engine.Forwarder = (*remoteLine)(nil)
	_ engine.Echoer    = (*remoteLine)(nil)
)

// listenTo reads what the terminal sends, until it is gone.
func (l *remoteLine) listenTo(ctx context.Context, hangup context.CancelCauseFunc) {
	defer close(l.gone)
	for {
		var reply simulator.LineReply
		if err := read(ctx, l.conn, &reply); err != nil {
			hangup(engine.ErrHungUp) // a terminal that is gone has hung up
			return
		}
		if reply.HungUp {
			hangup(engine.ErrHungUp)
		}
		if reply.Unasked {
			continue
		}
		select {
		case l.replies <- reply:
		case <-l.over: // nobody waits for it
		}
	}
}

func (l *remoteLine) send(ctx context.Context, order simulator.LineOrder) error {
	text, err := json.Marshal(order)
	if err != nil {
		return err
	}
	// A call that is over says so; a cancelled write would close the connection.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lineTimeout)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, text)
}

// order has the terminal do something and waits until it is done.
func (l *remoteLine) order(ctx context.Context, order simulator.LineOrder) (simulator.LineReply, error) {
	if ctx.Err() != nil {
		return simulator.LineReply{}, context.Cause(ctx)
	}
	if err := l.send(ctx, order); err != nil {
		return simulator.LineReply{}, engine.ErrHungUp
	}
	select {
	case reply := <-l.replies:
		l.now = max(l.now, reply.Now)
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
	}
}

// Now returns the terminal's clock.
func (l *remoteLine) Now() time.Duration { return l.now }

// wants adds what is listened for to an order.
func (l *remoteLine) wants(order simulator.LineOrder, listen *engine.Listening) simulator.LineOrder {
	if listen != l.listen {
		l.listen = listen
		l.gather++
	}
	order.Listen, order.Gather = listen, l.gather
	return order
}

// Play has a prompt played.
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

// Echo has the caller hear themselves.
func (l *remoteLine) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	reply, err := l.order(ctx, simulator.LineOrder{Do: "echo", Until: limit})
	return reply.Took, err
}

// Forward tells the terminal that the call goes elsewhere.
func (l *remoteLine) Forward(ctx context.Context, to string, _ bool) error {
	_, err := l.order(ctx, simulator.LineOrder{Do: "forward", URL: to})
	return err
}

// Hangup disconnects the terminal's caller.
func (l *remoteLine) Hangup(ctx context.Context) error {
	_, err := l.order(ctx, simulator.LineOrder{Do: "hangup"})
	return err
}

func read(ctx context.Context, conn *websocket.Conn, v any) error {
	_, text, err := conn.Read(ctx)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}
