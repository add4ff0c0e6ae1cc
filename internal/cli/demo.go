package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/simulator"
	"github.com/switchhook/switchhook/internal/trace"
)

type demoCommand struct{}

// Run starts the examples and puts the person at the terminal on the phone
// with them. Without a terminal it plays a saved call to each and shows what
// happens.
func (demoCommand) Run(ctx context.Context, m *Main) error {
	shows, stop, err := startShows(ctx)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintln(m.Out, "These web responders run on this machine now:")
	for i, s := range shows {
		if s.missing != "" {
			fmt.Fprintf(m.Out, "  -  %-24s %s\n", s.name, s.missing)
			continue
		}
		fmt.Fprintf(m.Out, "  %d  %-24s %s\n", i+1, s.name, s.url)
	}
	fmt.Fprintln(m.Out)
	if _, _, live := m.terminal(); live {
		return demoLive(ctx, m, shows)
	}
	return demoReplay(ctx, m, shows)
}

// demoReplay plays a saved call to each responder.
func demoReplay(ctx context.Context, m *Main, shows []show) error {
	out := bufio.NewWriter(m.Out)
	defer func() { _ = out.Flush() }()
	for _, s := range shows {
		if s.missing != "" {
			continue
		}
		fmt.Fprintf(out, "A saved call to %s, played again (the clock is virtual):\n", s.name)
		saved, err := trace.ReadSaved(bytes.NewReader(s.call))
		if err != nil {
			return fmt.Errorf("the saved call to %s: %w", s.name, err)
		}
		_, diff, err := simulator.Replay(ctx, saved, simulator.Options{Target: s.url, Record: func(event trace.Stamped) {
			_ = printEvent(out, event, false) // a closed pipe shows at the end
		}})
		if err != nil {
			return err
		}
		if diff != "" {
			fmt.Fprintf(out, "It went differently than it was saved:\n%s", diff)
			_ = out.Flush()
			return exit(exitFailed)
		}
		fmt.Fprintln(out, "The caller heard what was saved.")
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, "On a terminal, switchhook demo puts you on the phone with them. Your own responder, in any language:")
	fmt.Fprintln(out, "  switchhook call http://127.0.0.1:8080/      talk to it")
	fmt.Fprintln(out, "  switchhook check http://127.0.0.1:8080/     see what is wrong with its document")
	fmt.Fprintln(out, "  switchhook call http://127.0.0.1:8080/ --answer 1 --save call.jsonl && switchhook test call.jsonl")
	return out.Flush()
}

// demoLive asks which responder to call, and puts the person on the phone with
// it, until they have had enough.
func demoLive(ctx context.Context, m *Main, shows []show) error {
	fmt.Fprintln(m.Out, "From a second terminal: switchhook call", shows[0].url)
	lines := bufio.NewReader(m.In)
	for ctx.Err() == nil {
		fmt.Fprintf(m.Out, "\nWhich one shall ring? Enter for 1, q to leave: ")
		line, err := lines.ReadString('\n')
		choice := strings.TrimSpace(line)
		switch {
		case err == io.EOF, choice == "q":
			return nil
		case err != nil:
			return fmt.Errorf("read the choice: %w", err)
		case choice == "":
			choice = "1"
		}
		n, err := strconv.Atoi(choice)
		if err != nil || n < 1 || n > len(shows) || shows[n-1].missing != "" {
			fmt.Fprintln(m.Out, "There is no such number in the list.")
			continue
		}
		call := callCommand{Target: shows[n-1].url, From: simulator.DefaultFrom, To: simulator.DefaultTo, Method: "GET", MaxDocuments: 100}
		if err := call.live(ctx, m, simulator.Options{Target: call.Target}); err != nil {
			m.report(err)
		}
	}
	return nil
}
