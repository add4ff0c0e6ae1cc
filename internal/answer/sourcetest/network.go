package sourcetest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Network is a network with one host on it, without sockets: each connection
// is a pipe in memory.
type Network struct {
	server  *http.Server
	arrived chan net.Conn
	closed  chan struct{}
	serving sync.WaitGroup

	mu   sync.Mutex
	down bool
	live []net.Conn
}

// headerTimeout is how long a connection may take to say what it wants. Tests
// ask at once.
const headerTimeout = time.Minute

// Listen puts a stand-in on a network of its own. Close ends it.
func Listen(handler http.Handler) *Network {
	n := &Network{
		server:  &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: headerTimeout},
		arrived: make(chan net.Conn),
		closed:  make(chan struct{}),
	}
	n.serving.Go(func() { _ = n.server.Serve(listener{n}) }) // it ends with Close
	return n
}

// Dial connects to the host, whatever the address. Where it was killed, the
// connection is refused.
func (n *Network) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	n.mu.Lock()
	if n.down {
		n.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	ours, theirs := net.Pipe()
	n.live = append(n.live, ours, theirs)
	n.mu.Unlock()
	select {
	case n.arrived <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Kill cuts all connections and refuses new ones.
func (n *Network) Kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	n.cut()
}

// Revive undoes Kill.
func (n *Network) Revive() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}

// cut closes all connections. The lock is held.
func (n *Network) cut() {
	for _, conn := range n.live {
		conn.Close()
	}
	n.live = nil
}

// Close ends the network, and waits until its host has left it. It may be
// called more than once.
func (n *Network) Close() error {
	n.mu.Lock()
	select {
	case <-n.closed:
	default:
		close(n.closed)
	}
	n.down = true
	n.cut()
	n.mu.Unlock()
	err := n.server.Close()
	n.serving.Wait()
	return err
}

// listener hands the connections of a Network to its server.
type listener struct{ *Network }

// Accept returns the next connection.
func (l listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.arrived:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Addr returns an address that means nothing.
func (listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "pipe"} }

// Close does nothing: the creator of the Network closes it.
func (listener) Close() error { return nil }
