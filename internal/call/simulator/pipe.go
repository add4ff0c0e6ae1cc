package simulator

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
)

// pipe serves an http.Handler inside this process, over connections that are no
// sockets: nothing listens, and a test's virtual time goes on.
type pipe struct {
	conns  chan net.Conn
	closed context.Context //nolint:containedctx // it ends with the server
	stop   context.CancelFunc
	server *http.Server
	served sync.WaitGroup
}

func newPipe(handler http.Handler) *pipe {
	p := &pipe{conns: make(chan net.Conn)}
	p.closed, p.stop = context.WithCancel(context.Background())
	p.server = &http.Server{Handler: handler, ErrorLog: log.Default()} //nolint:gosec // both ends are ours: no slow client
	p.served.Go(func() { _ = p.server.Serve(p) })
	return p
}

func (p *pipe) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), ours.Close(), theirs.Close())
	}
}

// Accept is a net.Listener's.
func (p *pipe) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

// Close is a net.Listener's.
func (p *pipe) Close() error {
	p.stop()
	return nil
}

// Addr is a net.Listener's.
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipe) close() {
	_ = p.server.Close()
	p.served.Wait()
}
