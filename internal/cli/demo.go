package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/simulator"
	"github.com/switchhook/switchhook/internal/trace"
)

type demoCommand struct{}

// Run shows the whole loop on this machine: example responders, and a phone
// system of our own with text-back provisioned into it. A person at a terminal
// is put on the phone with them; without one, saved calls are played. It goes
// on until it is told to stop.
func (demoCommand) Run(ctx context.Context, m *Main) error {
	shows, stop, err := startShows(ctx)
	if err != nil {
		return err
	}
	defer stop()
	system, err := startSystem(ctx)
	if err != nil {
		return err
	}
	_, _, live := m.terminal()
	if !live {
		err = demoReplay(ctx, m, shows)
	}
	if err == nil {
		err = system.show(ctx, m)
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
	lines := []line{
		{"switchhook call " + system.number, "the same way, over this Core"},
		{"switchhook route " + system.number, "why it goes there, rule by rule"},
	}
	for _, s := range shows {
		if s.missing == "" {
			lines = append(lines, line{"switchhook call " + s.url, s.name})
		}
	}
	lines = append(lines, line{"switchhook check " + shows[0].url, "what a checker says of a document"})
	for _, l := range lines {
		command := l.command
		if system.moved {
			command = strings.Replace(command, "switchhook call "+system.number, "switchhook call "+system.number+" --core "+system.url, 1)
			command = strings.Replace(command, "switchhook route "+system.number, "switchhook route "+system.number+" --core "+system.url, 1)
		}
		fmt.Fprintf(m.Out, "  %-48s %s\n", command, l.what)
	}
}

// demoLive asks whom to call, and puts the person on the phone with them,
// until they have had enough.
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
	lines := bufio.NewReader(m.In)
	for ctx.Err() == nil {
		fmt.Fprintf(m.Out, "\nWhich one shall ring? Enter for 1, q to leave: ")
		answered, err := lines.ReadString('\n')
		choice := strings.TrimSpace(answered)
		switch {
		case errors.Is(err, io.EOF), choice == "q":
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
		if err := call.Run(ctx, system.operator(m)); err != nil {
			m.report(err)
		}
		system.tellTexts(m)
	}
	return nil
}
