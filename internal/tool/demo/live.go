package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/muesli/cancelreader"
)

// goOn prints commands to copy, and keeps the demo running: a person can make
// calls; without one it waits until it is told to stop.
func (d *demo) goOn(ctx context.Context) error {
	d.tryNext()
	if d.Live {
		return d.takeCalls(ctx)
	}
	fmt.Fprintln(d.Out, "\nThis goes on until it is stopped (Ctrl-C).")
	return d.wait(ctx)
}

// tryNext prints whole commands to copy.
func (d *demo) tryNext() {
	fmt.Fprintln(d.Out, "\nWhat to try next, in a second terminal:")
	core := ""
	if d.moved {
		core = " --core " + d.url
	}
	lines := [][2]string{
		{"call " + textBackNumber + core, "the same way, over this Core"},
		{"route " + textBackNumber + core, "why it goes there, rule by rule"},
		{"call " + onCallNumber + core, "the person on call"},
	}
	if d.sip != "" {
		lines = append(lines, [2]string{"call " + d.sip, "the math line, over SIP"})
	}
	for _, e := range d.examples {
		if e.missing == "" {
			lines = append(lines, [2]string{"call " + e.url, e.name})
		}
	}
	lines = append(lines, [2]string{"check " + d.examples[0].url, "what a checker reports about a document"})
	table := tabwriter.NewWriter(d.Out, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintf(table, "  %s %s\t# %s\n", d.Program, line[0], line[1])
	}
	_ = table.Flush() // like the other lines: a terminal that cannot be written to has no reader
}

// takeCalls asks a person whom to call, and connects them, again and again.
func (d *demo) takeCalls(ctx context.Context) error {
	fmt.Fprintln(d.Out, "\nOr make a call here, to:")
	fmt.Fprintf(d.Out, "  0  %-22s %s\n", "text-back over the Core", textBackNumber)
	for i, e := range d.examples {
		where := e.url
		if e.missing != "" {
			where = e.missing
		}
		fmt.Fprintf(d.Out, "  %d  %-22s %s\n", i+1, e.name, where)
	}
	for {
		fmt.Fprintf(d.Out, "\nWhich one? Enter for 1, q to leave: ")
		line, err := readLine(ctx, d.In)
		choice := strings.TrimSpace(line)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, cancelreader.ErrCanceled), choice == "q":
			fmt.Fprintln(d.Out)
			return nil
		case err != nil:
			return fmt.Errorf("read the choice: %w", err)
		case choice == "":
			choice = "1"
		}
		n, err := strconv.Atoi(choice)
		if err != nil || n < 0 || n > len(d.examples) || (n > 0 && d.examples[n-1].missing != "") {
			fmt.Fprintln(d.Out, "There is no such number in the list.")
			continue
		}
		args := []string{"call", textBackNumber, "--core", d.url}
		if n > 0 {
			args = []string{"call", d.examples[n-1].url}
		}
		d.news.printTo(nil) // the call has the terminal
		d.Command(ctx, d.token, args...)
		d.news.printTo(d.Out)
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
