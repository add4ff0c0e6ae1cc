package cli_test

import (
	"context"
	"net/netip"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/softphone"
)

// startPhone has a script call $PHONE over SIP: it answers, and hangs up when the
// caller has pressed #.
func startPhone(env *testscript.Env) error {
	phone, err := softphone.New(softphone.Config{
		Threads: 1, Listen: dialog.Listen{Network: dialog.UDP, Address: netip.MustParseAddrPort("127.0.0.1:0")},
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	served, answered := make(chan error, 1), make(chan struct{})
	go func() { served <- phone.Serve(ctx) }()
	go func() {
		defer close(answered)
		for {
			select {
			case c := <-phone.Incoming():
				answer(ctx, c)
			case <-ctx.Done():
				return
			}
		}
	}()
	env.Defer(func() {
		stop()
		<-answered
		<-served
	})
	env.Setenv("PHONE", phone.Address())
	return nil
}

// answer serves one call.
func answer(ctx context.Context, c *softphone.Call) {
	c.Answer()
	for {
		e, err := c.Next(ctx)
		if err != nil {
			return
		}
		if k, ok := e.(softphone.Key); ok && k.Key == '#' {
			c.Hangup()
		}
	}
}
