// Package demo shows the whole product on one machine: example responders, and
// a phone system of our own with text-back, on-call and click-to-call.
package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
)

// Config is what the demo gets from the program that it is part of.
type Config struct {
	In   io.Reader
	Out  io.Writer
	Live bool // a person sits at a terminal, which In and Out are

	// Program is how to run switchhook again, for commands to copy.
	Program string

	// Command runs a command of switchhook on that terminal, as an operator
	// with this token would, and reports its errors itself.
	Command func(ctx context.Context, token string, args ...string)
}

// ErrDiffers ends a demo after a saved call went differently than it was
// saved. The demo has printed how.
var ErrDiffers = errors.New("a saved call went differently")

// demo is a running demo.
type demo struct {
	Config
	*system
	news     news
	examples []example
	pager    pager

	sip string // what telephones call; empty: nothing

	folder  string         // of the examples' programs
	running sync.WaitGroup // web servers and programs
}

// Run shows the whole loop. A person at a terminal can make calls; without
// one, the demo plays saved calls and presses the button itself. It runs until
// the context ends or the person leaves.
func Run(ctx context.Context, c Config) (err error) {
	// Closing the terminal ends the demo, and what it started, as Ctrl-C does.
	ctx, unwatch := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer unwatch()
	d := &demo{Config: c}
	if d.folder, err = os.MkdirTemp("", "switchhook-demo-"); err != nil {
		return fmt.Errorf("start the examples: %w", err)
	}
	defer func() { _ = os.RemoveAll(d.folder) }()
	ctx, cancel := context.WithCancel(ctx)
	defer d.running.Wait()
	defer cancel()
	if err := d.startExamples(ctx); err != nil {
		return err
	}
	if err := d.startPager(ctx); err != nil {
		return err
	}
	if err := d.startSystem(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	for _, show := range []func(context.Context) error{d.replay, d.showTextBack, d.showOnCall, d.showClickToCall, d.showSIP, d.goOn} {
		if err := show(ctx); err != nil {
			return err
		}
	}
	return nil
}

// replay plays a saved call to each example, and shows the first. A person
// makes calls instead.
func (d *demo) replay(ctx context.Context) error {
	if d.Live {
		return nil
	}
	for i, e := range d.examples {
		if e.missing != "" {
			fmt.Fprintf(d.Out, "%s is %s\n", e.name, e.missing)
			continue
		}
		recorded, err := trace.ReadSaved(bytes.NewReader(e.call))
		if err != nil {
			return fmt.Errorf("the saved call to %s: %w", e.name, err)
		}
		o := simulator.Options{Target: e.url}
		if i == 0 {
			fmt.Fprintf(d.Out, "A saved call to an example, %s, played again (the clock is virtual):\n\n", e.name)
			o.Record = d.printEvent
		}
		_, diff, err := simulator.Replay(ctx, recorded, o)
		if err != nil {
			return err
		}
		if diff != "" {
			fmt.Fprintf(d.Out, "A call to %s went differently than it was saved:\n%s", e.name, diff)
			return ErrDiffers
		}
		if i == 0 {
			fmt.Fprintln(d.Out)
		}
		fmt.Fprintf(d.Out, "%s: the caller heard what was saved.\n", e.name)
	}
	fmt.Fprintln(d.Out)
	return nil
}

// call places a call over the Core and shows it. The result has its events.
func (d *demo) call(ctx context.Context, number string, route func(steps []string)) (*simulator.Result, error) {
	dialer := &wire.Dialer{Core: d.url, Token: d.token, Route: route}
	return simulator.Call(ctx, simulator.Options{From: simulator.DefaultFrom, To: number, Place: dialer.Place, Record: d.printEvent})
}

func (d *demo) printEvent(event trace.Stamped) {
	fmt.Fprintln(d.Out, event)
}
