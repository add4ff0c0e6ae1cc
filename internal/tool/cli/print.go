package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// printList prints a list: for scripts one JSON object a line, for people a
// table with these columns, or a sentence if there is nothing in it.
func printList[T any](out io.Writer, asJSON bool, items []T, none string, columns []string, row func(T) []string) error {
	if asJSON {
		return printJSON(out, items...)
	}
	if len(items) == 0 {
		_, err := fmt.Fprintln(out, none)
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(columns, "\t"))
	for _, item := range items {
		fmt.Fprintln(table, strings.Join(row(item), "\t"))
	}
	return table.Flush()
}

// printJSON prints one JSON object a line.
func printJSON[T any](out io.Writer, objects ...T) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, object := range objects {
		if err := encoder.Encode(object); err != nil {
			return err
		}
	}
	return nil
}

// maxWarnings bounds the warnings about one file: with a slip in each of a
// thousand entries nobody reads the last.
const maxWarnings = 50

// warn prints warnings about what was done all the same.
func (m *Main) warn(sentences ...string) {
	for i, sentence := range sentences {
		if i == maxWarnings {
			sentence = fmt.Sprintf("and %d more", len(sentences)-i)
		}
		fmt.Fprintf(m.Err, "switchhook: warning: %s\n", sentence)
		if i == maxWarnings {
			return
		}
	}
}

// moment formats a time for people: by the clock of their machine, with its zone.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printSteps prints numbered steps, with numbers of this width.
func printSteps(out io.Writer, width int, steps []string) {
	for i, step := range steps {
		fmt.Fprintf(out, "%*d. %s\n", width, i+1, step)
	}
}
