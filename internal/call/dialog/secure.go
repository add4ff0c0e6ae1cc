package dialog

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/switchhook/switchhook/internal/fault"
)

// dialled gives sipgo the connections of TLS that we make, as if they had been
// accepted. Of one that sipgo makes, the certificate has to be for the address,
// while a carrier's is for its name, which stands for several addresses.
type dialled struct {
	made   chan made
	closed chan struct{}
	before *made // belongs to the goroutine that accepts
}

// made is a connection on its way to sipgo.
type made struct {
	net.Conn
	taken chan struct{} // closed when sipgo has it
}

func newDialled() *dialled {
	return &dialled{made: make(chan made), closed: make(chan struct{})}
}

// Accept returns the next connection. That sipgo asks for it means that it has the
// one before among those it sends by.
func (d *dialled) Accept() (net.Conn, error) {
	if d.before != nil {
		close(d.before.taken)
		d.before = nil
	}
	select {
	case m := <-d.made:
		d.before = &m
		return m.Conn, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. It may be called once.
func (d *dialled) Close() error {
	close(d.closed)
	return nil
}

// Addr returns no address: nobody connects to it.
func (d *dialled) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero} }

// give returns once sipgo has a connection.
func (d *dialled) give(ctx context.Context, conn net.Conn) error {
	m := made{conn, make(chan struct{})}
	select {
	case d.made <- m:
	case <-d.closed:
		return fault.Newf(fault.Unavailable, "SIP is being closed")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-m.taken:
	case <-d.closed:
	}
	return nil
}

// secure sees to it that the connection of a flow is open, where it is to a server
// of TLS that has a name. The calls of one moment may make one each: all but the
// last fall out of use, and are closed when their server finds them idle.
func (s *Stack) secure(ctx context.Context, f flow) error {
	if f.network != TLS || f.name == "" || s.connected(f) {
		return nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.dialTLS != nil {
		config = s.dialTLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = f.name
	}
	var local net.Addr
	if f.local.Addr().IsValid() {
		local = &net.TCPAddr{IP: f.local.Addr().AsSlice()}
	}
	plain := dialer(local)
	conn, err := (&tls.Dialer{NetDialer: &plain, Config: config}).DialContext(ctx, "tcp", f.peer.String())
	if err != nil {
		return &fault.Error{Code: fault.Unavailable, Message: f.name + " cannot be reached over TLS", Err: err}
	}
	if err := s.dialled.give(ctx, conn); err != nil {
		_ = conn.Close() // nothing was written
		return err
	}
	return nil
}
