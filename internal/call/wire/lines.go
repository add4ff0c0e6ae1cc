package wire

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/inhand"
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

	// Calls are those in hand, of these lines among others. Once they drain, a
	// terminal is answered 503 with Retry-After.
	Calls *inhand.Calls

	// Recordings serves what callers record. Optional; without it, lines neither
	// record nor carry media streams.
	Recordings *Recordings
}

// drainRetry is the Retry-After of terminals that are turned away: by then the
// next server is there, as a rule.
const drainRetry = 30 * time.Second

// ServeHTTP runs one terminal's call.
func (l *Lines) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, hangUp := context.WithCancelCause(r.Context())
	defer hangUp(nil)
	end, ok := l.Calls.Begin(hangUp)
	if !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(drainRetry.Seconds())))
		http.Error(w, "the server is stopping, and takes no more calls", http.StatusServiceUnavailable)
		return
	}
	defer end()
	conn, err := websocket.Accept(w, r, l.offers())
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxReply)

	var call dialled
	first, cancel := context.WithTimeout(ctx, lineTimeout)
	err = readMessage(first, conn, &call)
	cancel()
	if err != nil || call.To == "" {
		_ = conn.Close(websocket.StatusPolicyViolation, "a line begins with the number that is dialled")
		return
	}
	line := newRemoteLine(ctx, conn, call.Live)
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
