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
	// farewell is how long connections that clients keep open are still answered
	// once stopping has begun: each answer asks its client to open a new one.
	// One that is closed without that may just then be carrying a request.
	farewell = 500 * time.Millisecond

	// slowest is how long after that a client may take to send what it has begun
	// to send. Everybody else's next request waits for it.
	slowest = 500 * time.Millisecond
)

// Drain ends an http.Server without failing a request that somebody is sending.
// Shutdown alone would close connections on which a request is on its way, kept
// ones and new ones, and would wait for clients that say nothing or hold back
// the rest of a body. Serve by it, and end it by Begin and Stop.
type Drain struct {
	server *http.Server
	begun  chan struct{} // closed by Begin
	over   time.Time     // when the farewell is
	served chan struct{} // closed when Serve has ended

	changed chan struct{} // has a token when silent or kept has changed

	mu       sync.Mutex
	listener net.Listener
	silent   map[net.Conn]struct{} // connections that no whole headers came on yet
	kept     map[net.Conn]struct{} // connections whose clients have not been asked to open another
	unread   map[net.Conn]*body    // of the last request with one
}

// NewDrain returns the Drain of a server that Server has made and that does not
// serve yet. It puts itself in front of the server's handler.
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

// Begin asks clients from now on to open a new connection for their next
// request. Requests are answered as before. It is to be called once.
func (d *Drain) Begin() {
	d.over = time.Now().Add(farewell)
	close(d.begun)
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

// Stop takes no more connections, and returns once all that was taken is
// answered or the context has ended. Call Begin before.
func (d *Drain) Stop(ctx context.Context) error {
	over := time.NewTimer(time.Until(d.over))
	defer over.Stop()
	d.none(ctx, d.kept, over.C)
	d.mu.Lock()
	listener := d.listener
	d.mu.Unlock()
	if listener != nil {
		_ = listener.Close() // Serve says what is wrong with it
		<-d.served
	}
	// Once it is told to shut down, a server drops requests that it has just
	// read: those of all connections that were taken must be in a handler.
	cut := time.AfterFunc(slowest, d.cut)
	defer cut.Stop()
	d.none(ctx, d.silent, nil)
	return d.server.Shutdown(ctx)
}

// none waits until no connection is in a set, the time is over, or the context
// has ended.
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

// cut ends the connections that hold back what others wait for.
func (d *Drain) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for conn := range d.silent {
		_ = conn.Close() // nobody has said anything on it
	}
	for conn, body := range d.unread {
		if !body.whole.Load() {
			_ = conn.SetReadDeadline(time.Now()) // the handler still answers
		}
	}
}

// follow is told how each connection fares.
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

// leaves is called, with the lock, for a connection that its client does not
// keep any longer.
func (d *Drain) leaves(conn net.Conn) {
	delete(d.silent, conn)
	delete(d.kept, conn)
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// before knows of bodies that are being read, and asks clients to come back by
// another connection once stopping has begun.
func (d *Drain) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := connectionOf(r).conn
		var unread *body // nil: there is none
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

// body is a request's. Once it was read to its end, its connection holds
// nothing back.
type body struct {
	io.ReadCloser

	whole atomic.Bool // not guarded by the Drain: who has read it waits for nobody
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.whole.Store(true)
	}
	return n, err
}
