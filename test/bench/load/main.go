//go:build linux

// Command load calls a SIP server many times at once, over UDP from this machine, with
// sound both ways, and measures how well the calls are served:
//
//	go run ./test/bench/load -start bin/switchhook
//	go run ./test/bench/load -start bin/switchhook -calls 500 barge-in
//	go run ./test/bench/load -to sip:100@192.0.2.1:5060 limit set-ups
//
// Without names of measurements it makes all that it can: some need documents that only
// a server of its own gets.
//
// Each call sends a packet of PCMU every 20 ms, as telephones do, and counts what comes
// back, by the kernel's own time stamps. The figures are worth little where the machine
// has other work to do, or where the sound may not run under SCHED_FIFO: load says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
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
	measurements []measurement

	target  *sip.Uri // of the server; nil: one is started
	program string   // of the server to start
	server  int      // the process whose share of the processors is shown; 0: unknown

	calls   int           // at once
	most    int           // calls at once, or set-ups a second, that a search tries
	rate    int           // calls that begin in a second
	listen  time.Duration // to all of them at once
	profile bool
}

func parse(args []string) (plan, error) {
	var p plan
	var target string
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&target, "to", "", "call this `address`, such as sip:100@192.0.2.1:5060")
	flags.StringVar(&p.program, "start", "", "start this switchhook as a server, and call it")
	flags.IntVar(&p.server, "server", 0, "process `id` of the server at -to, if it is on this machine: its share of the processors is shown")
	flags.IntVar(&p.calls, "calls", 200, "calls at once; where the most is searched, what to begin with")
	flags.IntVar(&p.most, "most", 4000, "the most that is tried where a limit is searched")
	flags.IntVar(&p.rate, "rate", 100, "calls that begin in a second; where set-ups are searched, what to begin with")
	flags.DurationVar(&p.listen, "for", 10*time.Second, "how long each trial lasts")
	flags.BoolVar(&p.profile, "profile", false, "show what the server's processor time went into, by perf; it needs a server with a symbol table")
	flags.Usage = func() {
		_, _ = fmt.Fprintf(flags.Output(), "usage: load (-start PROGRAM | -to ADDRESS) [flags] [MEASUREMENT...]\n\n%s\n", listing())
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return p, err
	}
	if (target == "") == (p.program == "") || p.calls < 1 || p.rate < 1 {
		return p, errors.New("it takes either -start or -to, at least one call, and one that begins in a second")
	}
	if target != "" {
		p.target = &sip.Uri{}
		if err := sip.ParseUri(target, p.target); err != nil {
			return p, fmt.Errorf("%s is no SIP address: %w", target, err)
		}
	}
	var err error
	p.measurements, err = named(flags.Args(), p.program != "")
	return p, err
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	p, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	b := bench{plan: p, out: out}
	if p.program != "" {
		if b.own, err = startServer(ctx, p.program); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, b.own.stop()) }()
		b.server = b.own.process.Process.Pid
	}
	if why := b.worthLittle(); why != "" {
		b.print("The figures are worth little: %s.\n", why)
	}
	for _, m := range p.measurements {
		b.print("\n%s: %s\n", m.name, m.what)
		if err := b.profiled(ctx, func() error { return m.run(&b, ctx) }); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// bench is what measurements are made with.
type bench struct {
	plan
	own *server // nil: it is somebody else's
	out io.Writer
}

func (b *bench) print(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format, args...) }

// at returns whom to call for what. A server that is not ours has one address for all.
func (b *bench) at(what service) sip.Uri {
	if b.own == nil {
		return *b.target
	}
	return b.own.number(what)
}

// measurement is something that can be measured.
type measurement struct {
	name, what string
	ours       bool // of a server of our own alone
	run        func(*bench, context.Context) error
}

func measurements() []measurement {
	return []measurement{
		{"talk", "calls at once, with a prompt and sound both ways", false, (*bench).talk},
		{"limit", "the most calls at once that are served well", false, (*bench).limit},
		{"set-ups", "the most calls that are answered, heard and hung up in a second", false, (*bench).setups},
		{"barge-in", "from the first packet of a key to the last of the prompt", false, (*bench).bargeIn},
		{"clear", "from the clear of a stream to the last packet of its sound", true, (*bench).clears},
		{"first", "from the answer to the first packet of a prompt", true, (*bench).firsts},
		{"flood", "20,000 INVITEs a second from one source while others talk", false, (*bench).flood},
	}
}

// named returns the measurements of these names; of none: all but talk, which limit has
// in it.
func named(names []string, ours bool) ([]measurement, error) {
	var chosen []measurement
	all := measurements()
	if len(names) == 0 {
		for _, m := range all[1:] {
			if ours || !m.ours {
				chosen = append(chosen, m)
			}
		}
	}
	for _, name := range names {
		before := len(chosen)
		for _, m := range all {
			if m.name == name && (ours || !m.ours) {
				chosen = append(chosen, m)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("%s cannot be measured here; what can:\n%s", name, listing())
		}
	}
	return chosen, nil
}

// listing says what can be measured.
func listing() string {
	var text strings.Builder
	for _, m := range measurements() {
		where := ""
		if m.ours {
			where = " (with -start)"
		}
		_, _ = fmt.Fprintf(&text, "  %-9s %s%s\n", m.name, m.what, where)
	}
	return text.String()
}
