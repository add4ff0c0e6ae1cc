//go:build linux

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// phones are many telephones of this machine: they share a socket for SIP, and the
// thread of the sound.
type phones struct {
	stack *dialog.Stack
	sound *sound
	all   []*call
	end   context.CancelFunc // of the stack
	ended chan error
}

// here is where the telephones are.
var here = netip.AddrFrom4([4]byte{127, 0, 0, 1})

func openPhones() (*phones, error) {
	stack, err := dialog.New(dialog.Config{
		Listen:  []dialog.Listen{{Network: dialog.UDP, Address: netip.AddrPortFrom(here, 0)}},
		Trusted: func(netip.Addr) bool { return true },
	})
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	p := &phones{stack: stack, sound: newSound(), end: end, ended: make(chan error, 1)}
	go func() { p.ended <- stack.Serve(ctx) }()
	go p.sound.run()
	return p, nil
}

// close hangs up all calls that are not over.
func (p *phones) close() {
	hangUpAll(p.all)
	p.sound.stop()
	p.end()
	if err := <-p.ended; err != nil {
		slog.Warn("SIP ended early", "error", err)
	}
}

// dial makes a call. It is not for two goroutines at once.
func (p *phones) dial(target sip.Uri) (*call, error) {
	stream, err := openStream(here)
	if err != nil {
		return nil, fmt.Errorf("open a socket for call %d: %w", len(p.all)+1, err)
	}
	at := p.stack.Addresses()[0].Address
	c := newCall(stream, fmt.Sprintf("+1212%07d", 5550000+len(p.all)))
	p.sound.add(stream)
	c.dialog = p.stack.Dial(dialog.Outgoing{
		Target: target, To: dialog.Party{Address: target},
		From:  dialog.Party{Address: sip.Uri{Scheme: "sip", User: c.from, Host: at.Addr().String(), Port: int(at.Port())}},
		Local: sdp.Local{Address: stream.at, Codecs: []sdp.Codec{sdp.PCMU}},
	}, c.tell)
	p.all = append(p.all, c)
	return c, nil
}

// dialAll makes calls, so many a second, and waits until each was answered or has
// failed.
func (p *phones) dialAll(ctx context.Context, target sip.Uri, calls, rate int) ([]*call, error) {
	var all []*call
	err := paced(ctx, calls, rate, func(int) error {
		c, err := p.dial(target)
		if err == nil {
			all = append(all, c)
		}
		return err
	})
	if err == nil {
		err = waitForAll(ctx, all, func(c *call) <-chan struct{} { return c.begun })
	}
	return all, err
}

// paced does something so often, at a rate a second: each in its time, however long the
// one before took.
func paced(ctx context.Context, times, rate int, do func(i int) error) error {
	began := time.Now()
	for i := range times {
		select {
		case <-time.After(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate)))):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := do(i); err != nil {
			return err
		}
	}
	return nil
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
