package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/call/simulator"
)

type testCommand struct {
	Files  []string `arg:"" name:"file" help:"Saved calls, written by call --save."`
	Update bool     `help:"Record the calls again instead of comparing them."`
	At     string   `help:"Call the responders at this origin instead of the saved one, such as http://127.0.0.1:8080." placeholder:"ORIGIN"`
	coreFlag
	Secret string `help:"Sign requests with this HttpSecret, which a saved call does not hold." placeholder:"SECRET"`
	JUnit  string `help:"Write the results to a file as JUnit XML." name:"junit" placeholder:"FILE"`
}

// verdict is the result of one saved call.
type verdict struct {
	file string
	took time.Duration
	diff string // the difference, as lines with - and +; empty: none
	err  error  // the call could not be replayed
}

// Run replays every file and compares.
func (c *testCommand) Run(ctx context.Context, m *Main) error {
	var verdicts []verdict
	failed, broken := 0, 0
	for _, file := range c.Files {
		started := time.Now()
		v := verdict{file: file}
		v.diff, v.err = c.replay(ctx, m, file)
		v.took = time.Since(started)
		verdicts = append(verdicts, v)
		switch {
		case v.err != nil:
			broken++
			fmt.Fprintf(m.Out, "FAIL  %s\n", file)
			m.report(v.err)
		case v.diff != "":
			failed++
			fmt.Fprintf(m.Out, "FAIL  %s\n%s", file, v.diff)
		case c.Update:
			fmt.Fprintf(m.Out, "saved %s\n", file)
		default:
			fmt.Fprintf(m.Out, "ok    %s  %d ms\n", file, v.took.Milliseconds())
		}
	}
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, verdicts); err != nil {
			return err
		}
	}
	fmt.Fprintf(m.Out, "%d passed, %d failed\n", len(verdicts)-failed-broken, failed+broken)
	switch {
	case failed > 0:
		return exit(exitFailed)
	case broken > 0:
		return exit(exitUsage)
	}
	return nil
}

// replay plays one saved call again and returns the difference.
func (c *testCommand) replay(ctx context.Context, m *Main, file string) (string, error) {
	saved, err := m.readSaved(file)
	if err != nil {
		return "", err
	}
	private, err := m.private()
	if err != nil {
		return "", err
	}
	o := simulator.Options{Target: c.At, Secret: c.Secret, Private: private}
	if isNumber(saved.Target) {
		o.Place = c.dialer(m).Place
	}
	result, diff, err := simulator.Replay(ctx, saved, o)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	if c.Update {
		if result.Outcome.Failed && !saved.Failed() {
			return fmt.Sprintf("  the call failed and was not recorded: %s\n", result.Outcome.Reason), nil
		}
		saved.Events = result.Events
		return "", writeSaved(file, saved, false)
	}
	return diff, nil
}
