package web

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
)

// MaxConnections is how many connections a listener has at once. A proxy has a
// few hundred; one that asks nothing costs some 20 kB.
const MaxConnections = 4096

// connections bounds the connections of a server. The one that has asked nothing
// for longest is closed for the next: whoever holds thousands open keeps nobody
// out.
type connections struct {
	most int

	mu   sync.Mutex
	all  map[net.Conn]*connection
	idle *list.List // of *connection: those that no request is answered on, the one that is so for longest in front
}

type connection struct {
	of    *connections
	conn  net.Conn
	place *list.Element // in idle; nil: a request is being answered
}

// bound makes a server close connections past so many.
func bound(s *http.Server, most int) {
	c := &connections{most: most, all: make(map[net.Conn]*connection), idle: list.New()}
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
	defer c.mu.Unlock()
	this := &connection{of: c, conn: conn}
	this.place = c.idle.PushBack(this)
	c.all[conn] = this
	if len(c.all) > c.most {
		oldest, _ := c.idle.Front().Value.(*connection) // itself at last
		c.forget(oldest)
		_ = oldest.conn.Close()
	}
	return this
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
	if this.place != nil {
		c.idle.Remove(this.place)
		this.place = nil
	}
}

func (k *connection) begin() {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	if k.place != nil {
		k.of.idle.Remove(k.place)
		k.place = nil
	}
}

func (k *connection) end() {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	if k.of.all[k.conn] == k && k.place == nil {
		k.place = k.of.idle.PushBack(k)
	}
}
