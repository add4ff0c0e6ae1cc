package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
)

// dialer opens connections. Its errors are of type *Error, so that they mean
// the same to Do and to those who use the http.Client of HTTP.
type dialer struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	timeout time.Duration // for everything up to the end of the TLS handshake
	tls     *tls.Config
}

// plain opens a connection for http.
func (d *dialer) plain(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	return d.connect(ctx, network, address)
}

// secure opens a connection for https.
func (d *dialer) secure(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, connectError(address, 0, err)
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	conn, err := d.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := d.tls.Clone()
	config.ServerName = host
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		if ctx.Err() != nil {
			e := newError(Timeout, "%s took the connection but did not finish the TLS handshake in %s", address, measure.Seconds(d.timeout))
			e.Hint = "check that this port speaks TLS"
			return nil, e
		}
		return nil, handshakeError(address, err)
	}
	return secured, nil
}

func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	started := time.Now()
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, connectError(address, time.Since(started), err)
	}
	return conn, nil
}

// connectError explains why there is no connection to address, a host and port.
func connectError(address string, after time.Duration, err error) *Error {
	if made, ok := errors.AsType[*Error](err); ok {
		return made
	}
	var e *Error
	if guard, ok := errors.AsType[*guardError](err); ok {
		what, hint := guard.explain()
		if host, _, _ := net.SplitHostPort(address); host == guard.addr.String() {
			e = newError(Guarded, "%s is %s and may not be asked", address, what)
		} else {
			e = newError(Guarded, "%s leads to %s, which is %s and may not be asked", address, guard.addr, what)
		}
		e.Hint, e.Err = hint, err
		return e
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			e = newError(Resolve, "there is no host by the name %s", dns.Name)
			e.Hint = "check the spelling of the address"
		} else {
			e = newError(Resolve, "the name %s could not be looked up", dns.Name)
			e.Hint = "check the name servers of this machine, or try again later"
		}
		e.Err = err
		return e
	}
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case ok && timeout.Timeout():
		e = newError(Timeout, "%s did not take the connection in %s", address, measure.Seconds(after))
		e.Hint = "check that the host is up and that no firewall drops the connection"
	case isAny(err, connectionRefused):
		e = newError(Refused, "%s refused the connection", address)
		e.Hint = "start the responder, or check host and port of the address"
	case isAny(err, hostUnreachable):
		e = newError(Refused, "%s cannot be reached from this machine", address)
		e.Hint = "check the network, and whether this machine has a route to the host"
	default:
		e = newError(Refused, "there is no connection to %s", address)
	}
	e.Err = err
	return e
}

// handshakeError explains why TLS did not begin.
func handshakeError(address string, err error) *Error {
	var e *Error
	_, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, isHost := errors.AsType[x509.HostnameError](err)
	record, isRecord := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case isUnknown:
		e = newError(TLS, "the certificate of %s comes from an authority that this machine does not trust", address)
		e.Hint = "have the responder send its whole certificate chain, or add its authority to those of this machine"
	case isInvalid && invalid.Reason == x509.Expired:
		e = newError(TLS, "the certificate of %s has expired or is not valid yet", address)
		e.Hint = "renew the certificate, and check the clock of this machine"
	case isHost:
		e = newError(TLS, "the certificate of %s is for another name", address)
		e.Hint = "ask by the name that the certificate is for"
	case isRecord && string(record.RecordHeader[:]) == "HTTP/":
		e = newError(TLS, "%s answers in plain HTTP where TLS was expected", address)
		e.Hint = "write http:// instead of https://, or give the port that speaks TLS"
	case isRecord:
		e = newError(TLS, "%s does not speak TLS", address)
		e.Hint = "check the port, or write http:// instead of https://"
	case errors.Is(err, io.EOF):
		e = newError(TLS, "%s closed the connection during the TLS handshake", address)
	default:
		e = newError(TLS, "the TLS handshake with %s failed", address)
	}
	e.Err = err
	return e
}

func isAny(err error, targets []error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
