package wire

import (
	"context"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// Exchange places calls. core.Exchange is one.
type Exchange interface {
	// Place routes a call from one number to another and runs it on a line. It
	// calls route with the routing steps before the call begins.
	Place(ctx context.Context, from, to string, line engine.Line, route func(steps []string), record func(trace.Stamped)) engine.Outcome
}

// Lines is the http.Handler of LinePath: a terminal that connects is a line on
// which the Core runs the call that it dials. Put it behind a Door.
type Lines struct {
	Exchange Exchange

	// Recordings serves what callers record. Optional; without it, lines neither
	// record nor carry media streams.
	Recordings *Recordings

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
	conn, err := websocket.Accept(w, r, l.offers())
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
	line := newRemoteLine(r.Context(), conn, call.Live)
	defer line.close()
	var able engine.Line = line
	if conn.Subprotocol() == mediaProtocol {
		able = &mediaLine{remoteLine: line, recordings: l.Recordings}
	}
	line.end(l.Exchange.Place(line.call, call.From, call.To, able, line.tellRoute, line.tellEvent))
}

// offers returns what a terminal can have beyond the lines of version 0.1.0.
func (l *Lines) offers() *websocket.AcceptOptions {
	if l.Recordings == nil {
		return nil
	}
	return &websocket.AcceptOptions{Subprotocols: []string{mediaProtocol}}
}
