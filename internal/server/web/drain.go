package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// farewell is how long kept connections are still answered once stopping
	// has begun: each answer asks its client to open a new one. A connection
	// that is closed without that may be carrying a request.
	farewell = 500 * time.Millisecond

	// slowest is how long after that a client may take to send what it has
	// begun to send. Everyone else's next request waits for it.
	slowest = 500 * time.Millisecond
)

// Drain stops an http.Server without failing a request that is being sent.
// Shutdown alone would close connections on which a request is on its way, both
// kept and new ones, and would wait for clients that send nothing or hold back
// the rest of a body. Serve with it, and stop it with Begin and Stop.
type Drain struct {
	server *http.Server
	begin  sync.Once
	begun  chan struct{} // closed by Begin
	over   time.Time     // the end of the farewell
	served chan struct{} // closed when Serve has ended

	changed chan struct{} // has a token when silent or kept has changed

	mu       sync.Mutex
	listener net.Listener
	silent   map[net.Conn]struct{} // connections without complete headers yet
	kept     map[net.Conn]struct{} // connections whose clients have not been asked to open another
	unread   map[net.Conn]*body    // of the last request with one
}

// NewDrain returns the Drain of a server that was made by Server and is not
// serving yet. It wraps the server's handler.
func NewDrain(server *http.Server) *Drain {
	d := &Drain{
		server: server, begun: make(chan struct{}), served: make(chan struct{}), changed: make(chan struct{}, 1),
		silent: make(map[net.Conn]struct{}), kept: make(map[net.Conn]struct{}), unread: make(map[net.Conn]*body),
	}
	server.Handler = d.before(server.Handler)
	bound := server.ConnState
	server.ConnState = func(conn net.Conn, state http.ConnState) {
		bound(conn, state)
		d.follow(conn, state)
	}
	return d
}

// Begin makes answers ask clients to open a new connection for their next
// request. Requests are answered as before.
func (d *Drain) Begin() {
	d.begin.Do(func() {
		d.over = time.Now().Add(farewell)
		close(d.begun)
	})
}

// Serve serves a listener as the server's own Serve does.
func (d *Drain) Serve(listener net.Listener) error {
	defer close(d.served)
	d.mu.Lock()
	d.listener = listener
	d.mu.Unlock()
	err := d.server.Serve(waitedFor{listener})
	select {
	case <-d.begun:
		if errors.Is(err, net.ErrClosed) {
			return http.ErrServerClosed
		}
	default:
	}
	return err
}

// Stop takes no more connections, and returns once all accepted ones are
// answered or the context has ended. It calls Begin, if nobody has.
func (d *Drain) Stop(ctx context.Context) error {
	d.Begin()
	over := time.NewTimer(time.Until(d.over))
	defer over.Stop()
	d.none(ctx, d.kept, over.C)
	d.mu.Lock()
	listener := d.listener
	d.mu.Unlock()
	if listener != nil {
		_ = listener.Close() // Serve reports its errors
		<-d.served
	}
	// A server that is shutting down drops requests that it has just read, so
	// all accepted connections must have reached a handler before.
	cut := time.AfterFunc(slowest, d.cut)
	defer cut.Stop()
	d.none(ctx, d.silent, nil)
	return d.server.Shutdown(ctx)
}

// none waits until a set has no connections left, the time is over, or the
// context has ended.
func (d *Drain) none(ctx context.Context, set map[net.Conn]struct{}, over <-chan time.Time) {
	for {
		d.mu.Lock()
		left := len(set)
		d.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-d.changed:
		case <-over:
			return
		case <-ctx.Done():
			return
		}
	}
}

// cut ends the connections that hold others up.
func (d *Drain) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for conn := range d.silent {
		_ = conn.Close() // nothing has arrived on it
	}
	for conn, body := range d.unread {
		if !body.whole.Load() {
			_ = conn.SetReadDeadline(time.Now()) // the handler still answers
		}
	}
}

// follow tracks the state of each connection.
func (d *Drain) follow(conn net.Conn, state http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.unread, conn) // only now: a handler may leave the rest to the server
	switch state {
	case http.StateNew:
		d.silent[conn] = struct{}{}
	case http.StateActive:
		d.kept[conn] = struct{}{} // unless before says otherwise
	case http.StateClosed, http.StateHijacked:
		d.leaves(conn)
	}
}

// leaves is called, with the lock held, for a connection that its client will
// not use again.
func (d *Drain) leaves(conn net.Conn) {
	delete(d.silent, conn)
	delete(d.kept, conn)
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// before tracks bodies that are being read, and asks clients to open another
// connection once stopping has begun.
func (d *Drain) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := connectionOf(r).conn
		var unread *body // nil: none
		if r.Body != http.NoBody {
			unread = &body{ReadCloser: r.Body}
		}
		d.mu.Lock()
		select {
		case <-d.begun:
			w.Header().Set("Connection", "close")
			d.leaves(conn)
		default:
			delete(d.silent, conn)
		}
		if unread != nil {
			d.unread[conn] = unread
		}
		d.mu.Unlock()
		if unread == nil {
			next.ServeHTTP(w, r)
			return
		}
		with := *r
		with.Body = unread
		next.ServeHTTP(w, &with)
	})
}

// body is a request's body. Once it has been read to its end, its connection
// holds no one up.
type body struct {
	io.ReadCloser

	whole atomic.Bool // not guarded by the Drain, so that readers never wait
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.whole.Store(true)
	}
	return n, err
}
