package softphone_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"reflect"
	"testing"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// phone is a Phone of a test.
type phone struct {
	*softphone.Phone
	t testing.TB
}

// call is a Call of a test.
type call struct {
	*softphone.Call
	t testing.TB
}

// startPhone runs a phone at a free port of 127.0.0.1, until the test ends.
func startPhone(t testing.TB, c softphone.Config) *phone {
	t.Helper()
	if c.Listen.Network == "" {
		c.Listen.Network = dialog.UDP
	}
	c.Listen.Address = netip.AddrPortFrom(loopback, 0)
	c.Threads = 1
	p, err := softphone.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &phone{p, t}
}

func (p *phone) dial(target string) *call {
	p.t.Helper()
	c, err := p.Dial(target)
	if err != nil {
		p.t.Fatal(err)
	}
	return &call{c, p.t}
}

// rings waits for a call to the phone.
func (p *phone) rings() *call {
	p.t.Helper()
	return &call{await.From(p.t, "a call", p.Incoming()), p.t}
}

// expect waits for an event of the type of E. Others may come before it.
func expect[E any](c *call) E {
	c.t.Helper()
	return expectThat(c, func(E) bool { return true })
}

// expectThat waits for an event of the type of E that is as it should be.
func expectThat[E any](c *call, is func(E) bool) E {
	c.t.Helper()
	ctx := await.Context(c.t)
	var passed []any
	for {
		e, err := c.Next(ctx)
		if err != nil {
			c.t.Fatalf("there was no %v, but %+v: %v", reflect.TypeFor[E](), passed, err)
		}
		if wanted, ok := e.(E); ok && is(wanted) {
			return wanted
		}
		passed = append(passed, e)
	}
}

// converse has two phones in an answered call.
func converse(from, to *phone) (caller, callee *call) {
	from.t.Helper()
	caller = from.dial(to.Address())
	callee = to.rings()
	callee.Answer()
	expect[dialog.Answered](caller)
	expect[dialog.Answered](callee)
	return caller, callee
}

// pressed waits for keys.
func (c *call) pressed(n int) (keys string, by softphone.Way) {
	c.t.Helper()
	for len(keys) < n {
		k := expect[softphone.Key](c)
		keys, by = keys+string(k.Key), k.By
	}
	return keys, by
}

// certified returns the settings of a phone that is called over TLS, and of one
// that calls it.
func certified(t testing.TB) (serve, dial *tls.Config) {
	t.Helper()
	own, err := softphone.SelfSigned(loopback)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(own.Leaf)
	serve = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	return serve, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// twoPhones starts two that speak a codec over a network.
func twoPhones(t testing.TB, network string, codecs ...sdp.Codec) (alice, bob *phone) {
	t.Helper()
	c := softphone.Config{Codecs: codecs, Listen: dialog.Listen{Network: network}}
	if network == dialog.TLS {
		c.ServeTLS, c.DialTLS = certified(t)
	}
	return startPhone(t, c), startPhone(t, c)
}
