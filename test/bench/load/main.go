//go:build linux

// Command load calls a SIP server many times at once, over UDP from this machine, with
// sound both ways, and says how well the calls were served:
//
//	go run ./test/bench/load -calls 200 sip:100@127.0.0.1:5060
//	go run ./test/bench/load -find -start bin/switchhook
//
// Each call sends a packet of PCMU every 20 ms, as telephones do, and counts what comes
// back: packets that never came, and those that came more than 30 or 40 ms after the
// one before, by the kernel's own time stamps. With -find the number of calls doubles
// until they are no longer served well, then it is bisected.
//
// The figures are worth little where the machine has other work to do, or where load
// may not run under SCHED_FIFO: it says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/emiago/sipgo/sip"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load: error:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// plan is what is asked for.
type plan struct {
	target  sip.Uri
	calls   int           // at once; with find: to begin with
	most    int           // that find tries
	rate    int           // calls that begin in a second
	listen  time.Duration // to all of them at once
	server  int           // the process whose share of the processors is shown; 0: none
	find    bool
	program string // the program of the server to start; empty: target is one that runs
}

func parse(args []string) (plan, error) {
	var p plan
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.IntVar(&p.calls, "calls", 100, "calls at once; with -find: to begin with")
	flags.IntVar(&p.most, "most", 4000, "the most calls that -find tries")
	flags.IntVar(&p.rate, "rate", 50, "calls that begin in a second")
	flags.DurationVar(&p.listen, "for", 10*time.Second, "how long the sound of all calls is measured")
	flags.IntVar(&p.server, "server", 0, "process id of the server, if it is on this machine: its share of the processors is shown")
	flags.BoolVar(&p.find, "find", false, "find how many calls are served well")
	flags.StringVar(&p.program, "start", "", "start this switchhook, and call it")
	if err := flags.Parse(args); err != nil {
		return p, err
	}
	if (flags.NArg() == 1) == (p.program != "") || p.calls < 1 || p.rate < 1 {
		return p, errors.New("usage: load [flags] sip:USER@ADDRESS:PORT, or load [flags] -start bin/switchhook; with a call and a call a second at least")
	}
	if p.program != "" {
		return p, nil
	}
	if err := sip.ParseUri(flags.Arg(0), &p.target); err != nil {
		return p, fmt.Errorf("%s is no SIP address: %w", flags.Arg(0), err)
	}
	return p, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	p, err := parse(args)
	if err != nil {
		return err
	}
	if p.program != "" {
		stop, err := p.startServer(ctx)
		if err != nil {
			return err
		}
		return errors.Join(p.report(ctx, out), stop())
	}
	return p.report(ctx, out)
}

// report measures, and prints a line for each number of calls.
func (p *plan) report(ctx context.Context, out io.Writer) error {
	_, _ = fmt.Fprintln(out, "calls  failed  late >30 ms  >40 ms  lost  packets  set-up p50/p99  first packet p50/p99  this  server  others")
	try := func(calls int) (result, error) {
		r, err := p.measure(ctx, calls)
		if err == nil {
			_, _ = fmt.Fprintln(out, r)
		}
		return r, err
	}
	if !p.find {
		_, err := try(p.calls)
		return err
	}
	limit, err := search(p.calls, p.most, func(calls int) (bool, error) {
		r, err := try(calls)
		return r.well(), err
	})
	if err == nil {
		_, _ = fmt.Fprintf(out, "limit: %d calls are served well: none failed or lost a packet, one packet in a thousand at most came more than 30 ms after the one before\n", limit)
	}
	return err
}

// search returns the most calls, to within a tenth, that are well by a trial: twice as
// many each time, then by bisection. 0: the first were not.
func search(first, most int, well func(calls int) (bool, error)) (int, error) {
	good, bad := 0, 0
	for next := first; bad == 0 && next <= most; next *= 2 {
		ok, err := well(next)
		if err != nil {
			return 0, err
		}
		if ok {
			good = next
		} else {
			bad = next
		}
	}
	for bad != 0 && good != 0 && bad-good > max(1, good/10) {
		middle := (good + bad) / 2
		ok, err := well(middle)
		if err != nil {
			return 0, err
		}
		if ok {
			good = middle
		} else {
			bad = middle
		}
	}
	return good, nil
}
