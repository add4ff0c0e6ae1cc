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
	// MaxConnections is how many connections a listener has at once. A proxy
	// has a few hundred; an idle one costs some 20 kB.
	MaxConnections = 4096

	// maxLingering is how many of them may be slow ones that wait for their
	// refusal.
	maxLingering = MaxConnections / 2
)

// connections bounds the connections of a server. The one that has been idle
// longest is closed for the next: a client that holds thousands open keeps no
// one out.
type connections struct {
	most int

	mu        sync.Mutex
	all       map[net.Conn]*connection
	idle      *list.List // of *connection: those without a request in progress, the longest idle in front
	lingering *list.List // of *connection: those that linger, closed before the idle ones
}

type connection struct {
	of    *connections
	conn  net.Conn
	in    *list.List    // idle or lingering; nil: a request is being answered
	place *list.Element // in it
}

// moveTo puts a connection into a list, or into none. The caller holds the
// lock.
func (k *connection) moveTo(in *list.List) {
	if k.in != nil {
		k.in.Remove(k.place)
	}
	if k.in, k.place = in, nil; in != nil {
		k.place = in.PushBack(k)
	}
}

// bound makes a server close connections beyond a limit.
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

// waitedFor is a listener whose connections know whether they are being read.
type waitedFor struct{ net.Listener }

// Accept waits for the next connection.
func (l waitedFor) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &readConn{Conn: conn}, nil
}

// readConn knows whether it is being read: then everything that had arrived has
// been read.
type readConn struct {
	net.Conn
	reading atomic.Int32 // number of readers
}

// Read reads from the connection.
func (c *readConn) Read(p []byte) (int, error) {
	c.reading.Add(1)
	defer c.reading.Add(-1)
	return c.Conn.Read(p)
}

// CloseWrite lets net/http end its side, and wait for what the client is still
// sending.
func (c *readConn) CloseWrite() error {
	if conn, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return conn.CloseWrite()
	}
	return nil
}

// waits reports whether the server waits for the client to send something. If
// unknown, it is true.
func (k *connection) waits() bool {
	if k == nil {
		return true
	}
	conn, ok := k.conn.(*readConn)
	return !ok || conn.reading.Load() > 0
}

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// connectionOf returns the connection of a request; nil: not from a Server.
func connectionOf(r *http.Request) *connection {
	this, _ := r.Context().Value(connectionKey{}).(*connection)
	return this
}

// changed gets each state of each connection. Requests themselves report their
// begin and end.
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

// forgetOldest forgets the connection to close first. There is always one: the
// caller has just opened one, or made one linger.
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

// linger waits until the client has sent left more bytes, has closed the
// connection, or SlowRefusal is over. It discards what arrives: the connection
// serves no more requests. If too many linger, the oldest is closed.
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
