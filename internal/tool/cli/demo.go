package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/muesli/cancelreader"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

type demoCommand struct{}

// Run shows the whole loop on this machine: example responders, and a phone
// system of our own with text-back, on-call and click-to-call. A person at a
// terminal can call them; without one, the demo plays saved calls and presses
// the button itself. It runs until it is told to stop.
func (demoCommand) Run(ctx context.Context, m *Main) error {
	// Closing the terminal ends the demo, and what it started, as Ctrl-C does.
	ctx, unwatch := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer unwatch()
	shows, stop, err := startShows(ctx)
	if err != nil {
		return err
	}
	defer stop()
	pager, err := startPager(ctx)
	if err != nil {
		return err
	}
	defer pager.stop()
	system, err := startSystem(ctx, pager)
	if err != nil {
		return err
	}
	page, err := startShop(ctx, system.url)
	if err != nil {
		return errors.Join(err, system.stop())
	}
	defer page.stop()
	_, _, live := m.terminal()
	if !live {
		err = demoReplay(ctx, m, shows)
	}
	if err == nil {
		err = system.show(ctx, m)
	}
	if err == nil {
		err = system.showOnCall(ctx, m, pager)
	}
	if err == nil {
		err = system.showClickToCall(ctx, m, page, live)
	}
	if err == nil {
		tryNext(m, system, shows)
		if live {
			err = demoLive(ctx, m, system, shows)
		} else {
			fmt.Fprintln(m.Out, "\nThis goes on until it is stopped (Ctrl-C).")
			err = system.wait(ctx)
		}
	}
	return errors.Join(err, system.stop())
}

// demoReplay plays a saved call to each responder and shows the first.
func demoReplay(ctx context.Context, m *Main, shows []show) error {
	out := bufio.NewWriter(m.Out)
	defer func() { _ = out.Flush() }()
	for i, s := range shows {
		if s.missing != "" {
			fmt.Fprintf(out, "%s is %s\n", s.name, s.missing)
			continue
		}
		saved, err := trace.ReadSaved(bytes.NewReader(s.call))
		if err != nil {
			return fmt.Errorf("the saved call to %s: %w", s.name, err)
		}
		o := simulator.Options{Target: s.url}
		if i == 0 {
			fmt.Fprintf(out, "A saved call to an example, %s, played again (the clock is virtual):\n\n", s.name)
			o.Record = func(event trace.Stamped) { _ = printEvent(out, event, false) } // a closed pipe shows at the end
		}
		_, diff, err := simulator.Replay(ctx, saved, o)
		if err != nil {
			return err
		}
		if diff != "" {
			fmt.Fprintf(out, "A call to %s went differently than it was saved:\n%s", s.name, diff)
			return errors.Join(out.Flush(), exit(exitFailed))
		}
		if i == 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s: the caller heard what was saved.\n", s.name)
	}
	fmt.Fprintln(out)
	return out.Flush()
}

// tryNext prints whole commands to copy.
func tryNext(m *Main, system *system, shows []show) {
	fmt.Fprintln(m.Out, "\nWhat to try next, in a second terminal:")
	type line struct{ command, what string }
	core := ""
	if system.moved {
		core = " --core " + system.url
	}
	lines := []line{
		{"call " + system.number + core, "the same way, over this Core"},
		{"route " + system.number + core, "why it goes there, rule by rule"},
		{"call " + demoOnCallNumber + core, "whoever is on call"},
	}
	for _, s := range shows {
		if s.missing == "" {
			lines = append(lines, line{"call " + s.url, s.name})
		}
	}
	lines = append(lines, line{"check " + shows[0].url, "what a checker says of a document"})
	width := 0
	for _, l := range lines {
		width = max(width, len(l.command))
	}
	for _, l := range lines {
		fmt.Fprintf(m.Out, "  %s %-*s  # %s\n", m.program(), width, l.command, l.what)
	}
}

// demoLive asks whom to call, and connects the person to them, until they have
// had enough.
func demoLive(ctx context.Context, m *Main, system *system, shows []show) error {
	fmt.Fprintln(m.Out, "\nOr be on the phone here, with:")
	fmt.Fprintf(m.Out, "  0  %-22s %s\n", "text-back over the Core", system.number)
	for i, s := range shows {
		where := s.url
		if s.missing != "" {
			where = s.missing
		}
		fmt.Fprintf(m.Out, "  %d  %-22s %s\n", i+1, s.name, where)
	}
	for {
		fmt.Fprintf(m.Out, "\nWhich one shall ring? Enter for 1, q to leave: ")
		answered, err := readLine(ctx, m.In)
		choice := strings.TrimSpace(answered)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, cancelreader.ErrCanceled), choice == "q":
			fmt.Fprintln(m.Out)
			return nil
		case err != nil:
			return fmt.Errorf("read the choice: %w", err)
		case choice == "":
			choice = "1"
		}
		n, err := strconv.Atoi(choice)
		if err != nil || n < 0 || n > len(shows) || (n > 0 && shows[n-1].missing != "") {
			fmt.Fprintln(m.Out, "There is no such number in the list.")
			continue
		}
		call := callCommand{Target: system.number, From: simulator.DefaultFrom, To: simulator.DefaultTo, Method: "GET", MaxDocuments: 100}
		if n > 0 {
			call.Target = shows[n-1].url
		}
		system.queues.tellTo(nil) // the call has the terminal
		if err := call.Run(ctx, system.operator(m)); err != nil {
			m.report(err)
		}
		system.tellTexts(m)
		system.queues.tellTo(m.Out)
	}
}

// readLine reads a line that a person types, or nothing once the context ends.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	reader, err := cancelreader.NewReader(in)
	if err != nil {
		return "", err
	}
	defer func() { _ = reader.Close() }()
	defer context.AfterFunc(ctx, func() { reader.Cancel() })()
	// A byte at a time: what is typed ahead belongs to the call.
	var line []byte
	for one := make([]byte, 1); ; {
		n, err := reader.Read(one)
		if n > 0 && one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			return string(line), err
		}
	}
}
