// Package handset is a softphone in the hand of a test.
package handset

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
)

// Phone is a softphone that runs until its test ends.
type Phone struct {
	*softphone.Phone
	T testing.TB
}

// Call is a call of one.
type Call struct {
	*softphone.Call
	T testing.TB
}

// Start runs a phone: at a free port of 127.0.0.1 and over UDP, where the settings
// say nothing else.
func Start(t testing.TB, c softphone.Config) *Phone {
	t.Helper()
	if c.Listen.Network == "" {
		c.Listen.Network = dialog.UDP
	}
	if !c.Listen.Address.IsValid() {
		c.Listen.Address = netip.MustParseAddrPort("127.0.0.1:0")
	}
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
	return &Phone{p, t}
}

// Dial calls a SIP address.
func (p *Phone) Dial(target string) *Call {
	p.T.Helper()
	c, err := p.Phone.Dial(target)
	if err != nil {
		p.T.Fatal(err)
	}
	return &Call{c, p.T}
}

// Rings waits for a call to the phone.
func (p *Phone) Rings() *Call {
	p.T.Helper()
	return &Call{await.From(p.T, "a call", p.Incoming()), p.T}
}

// Expect waits for an event of the type of E. Others may come before it.
func Expect[E softphone.Event](c *Call) E {
	c.T.Helper()
	return ExpectThat(c, func(E) bool { return true })
}

// ExpectThat waits for an event of the type of E that is as it should be.
func ExpectThat[E softphone.Event](c *Call, is func(E) bool) E {
	c.T.Helper()
	ctx := await.Context(c.T)
	var passed []string
	for {
		e, err := c.Next(ctx)
		if err != nil {
			c.T.Fatalf("there was no %v, but %s: %v", reflect.TypeFor[E](), strings.Join(passed, ", "), err)
		}
		if wanted, ok := e.(E); ok && is(wanted) {
			return wanted
		}
		passed = append(passed, fmt.Sprintf("%T%+v", e, e))
	}
}
