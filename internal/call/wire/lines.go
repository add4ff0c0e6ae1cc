package wire

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// Exchange places calls. It is the Core.
type Exchange interface {
	// Place routes a call from one number to another and runs it on a line. It
	// calls route with the routing steps before the call begins.
	Place(ctx context.Context, from, to string, line engine.Line, route func(steps []string), record func(trace.Stamped)) engine.Outcome
}

// Lines is the http.Handler of LinePath: a terminal that connects is
// a line on which the Core runs the call that it dials. Put it behind a Door.
type Lines struct {
	Exchange Exchange

	calls sync.WaitGroup
}

// Wait waits until the calls in progress have ended, or the context has, which
// is its error. No terminal may connect any more.
func (l *Lines) Wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() { // ends with the last call; a caller that gives up has to cut calls off
		l.calls.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServeHTTP runs one terminal's call.
func (l *Lines) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.calls.Add(1)
	defer l.calls.Done()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxReply)

	var call dialled
	first, cancel := context.WithTimeout(r.Context(), lineTimeout)
	err = readMessage(first, conn, &call)
	cancel()
	if err != nil || call.To == "" {
		_ = conn.Close(websocket.StatusPolicyViolation, "a line begins with the number that is dialled")
		return
	}
	ctx, hangup := context.WithCancelCause(r.Context())
	defer hangup(nil)
	remote := newRemoteLine(conn, call.Live, ctx.Done())
	// The reader outlives the context of the call, to receive the terminal's
	// goodbye.
	var attending sync.WaitGroup
	defer attending.Wait()
	defer func() { _ = conn.CloseNow() }()
	attending.Go(func() { remote.listenTo(context.WithoutCancel(ctx), hangup) })
	attending.Go(func() { remote.keepAlive(hangup) })

	outcome := l.Exchange.Place(ctx, call.From, call.To, remote, func(steps []string) {
		_ = remote.send(ctx, order{Do: doRoute, Route: steps}) // a broken line shows at the next order
	}, func(event trace.Stamped) {
		notice := order{Do: doEvent}
		var err error
		if notice.Event, err = event.AppendJSON(nil); err != nil {
			return
		}
		if request, ok := event.Event.(trace.Request); ok {
			notice.Wire = request.Exchange
		}
		_ = remote.send(ctx, notice)
	})
	hangup(nil)
	if err := remote.send(ctx, order{Do: doEnd, End: &outcome}); err != nil {
		return
	}
	select {
	case <-remote.gone:
	case <-time.After(lineTimeout):
	}
}
