package web

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// MaxConnections is how many connections a listener has at once. A proxy has a
	// few hundred; one that asks nothing costs some 20 kB.
	MaxConnections = 4096

	// maxLingering is how many of them may be slow ones that wait for their
	// refusal.
	maxLingering = MaxConnections / 2
)

// connections bounds the connections of a server. The one that has asked nothing
// for longest is closed for the next: whoever holds thousands open keeps nobody
// out.
type connections struct {
	most int

	mu        sync.Mutex
	all       map[net.Conn]*connection
	idle      *list.List // of *connection: those that no request is answered on, the one that is so for longest in front
	lingering *list.List // of *connection: those that linger, which are closed before the idle ones
}

type connection struct {
	of    *connections
	conn  net.Conn
	in    *list.List    // idle or lingering; nil: a request is being answered
	place *list.Element // there
}

// moveTo puts a connection into a list, or into none. The lock is held.
func (k *connection) moveTo(in *list.List) {
	if k.in != nil {
		k.in.Remove(k.place)
	}
	if k.in, k.place = in, nil; in != nil {
		k.place = in.PushBack(k)
	}
}

// bound makes a server close connections past so many.
func bound(s *http.Server, most int) {
	c := &connections{most: most, all: make(map[net.Conn]*connection), idle: list.New(), lingering: list.New()}
	next := s.Handler
	s.ConnState = c.changed
	s.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, c.opened(conn))
	}
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if this := connectionOf(r); this != nil {
			this.begin()
			defer this.end()
		}
		next.ServeHTTP(w, r)
	})
}

// waitedFor is a listener whose connections know whether they are waited for.
type waitedFor struct{ net.Listener }

// Accept waits for the next connection.
func (l waitedFor) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &readConn{Conn: conn}, nil
}

// readConn knows whether somebody reads from it: what had come before has been
// read by then.
type readConn struct {
	net.Conn
	reading atomic.Int32 // by how many
}

// Read reads from the connection.
func (c *readConn) Read(p []byte) (int, error) {
	c.reading.Add(1)
	defer c.reading.Add(-1)
	return c.Conn.Read(p)
}

// CloseWrite lets net/http tell a client that no more comes, and wait for what it
// is sending.
func (c *readConn) CloseWrite() error {
	if conn, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return conn.CloseWrite()
	}
	return nil
}

// waits reports whether the server waits for what the client sends. Where that
// cannot be told it does.
func (k *connection) waits() bool {
	if k == nil {
		return true
	}
	conn, ok := k.conn.(*readConn)
	return !ok || conn.reading.Load() > 0
}

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// connectionOf returns the connection that a request came on; nil: no Server has
// it.
func connectionOf(r *http.Request) *connection {
	this, _ := r.Context().Value(connectionKey{}).(*connection)
	return this
}

// changed is told of each state of each connection. Requests say themselves when
// they begin and end.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		c.closed(conn)
	}
}

func (c *connections) opened(conn net.Conn) *connection {
	c.mu.Lock()
	this := &connection{of: c, conn: conn}
	this.moveTo(c.idle)
	c.all[conn] = this
	var oldest *connection
	if len(c.all) > c.most {
		oldest = c.forgetOldest()
	}
	c.mu.Unlock()
	if oldest != nil {
		_ = oldest.conn.Close()
	}
	return this
}

// forgetOldest forgets the connection that is to be closed first. There is one:
// who calls has just opened it, or lingers.
func (c *connections) forgetOldest() *connection {
	first := c.lingering.Front()
	if first == nil {
		first = c.idle.Front()
	}
	oldest, _ := first.Value.(*connection)
	c.forget(oldest)
	return oldest
}

func (c *connections) closed(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if this := c.all[conn]; this != nil {
		c.forget(this)
	}
}

func (c *connections) forget(this *connection) {
	delete(c.all, this.conn)
	this.moveTo(nil)
}

func (k *connection) begin() {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	k.moveTo(nil)
}

func (k *connection) end() {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	if k.of.all[k.conn] == k {
		k.moveTo(k.of.idle)
	}
}

// linger waits until the client has sent so many more bytes, has closed the
// connection, or SlowRefusal is over. What it sends is thrown away: nothing more
// is read of this connection. Where there are too many it is the first to be
// closed.
func (k *connection) linger(left int64) {
	k.of.mu.Lock()
	var oldest *connection
	if k.of.all[k.conn] == k {
		k.moveTo(k.of.lingering)
		if k.of.lingering.Len() > maxLingering {
			oldest = k.of.forgetOldest()
		}
	}
	k.of.mu.Unlock()
	if oldest != nil {
		_ = oldest.conn.Close()
	}
	_ = k.conn.SetReadDeadline(time.Now().Add(SlowRefusal))
	for some := make([]byte, 512); left > 0; {
		n, err := k.conn.Read(some)
		if left -= int64(n); err != nil {
			return
		}
	}
}
