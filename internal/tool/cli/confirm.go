package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/switchhook/switchhook/internal/fault"
)

// confirm asks the person at the terminal to type yes. Without a terminal nothing
// is done; hint says how it can be.
func (m *Main) confirm(ctx context.Context, what, hint string) error {
	in, ok := m.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return fault.Newf(fault.Invalid, "nothing was done: there is no terminal at which somebody could be asked").WithHint("%s", hint)
	}
	fmt.Fprintf(m.Err, "Type yes to %s: ", what)
	answer := make(chan string, 1)
	go func() { // which ends with the process, if nobody answers
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		if strings.TrimSpace(line) == "yes" {
			return nil
		}
	case <-ctx.Done():
		fmt.Fprintln(m.Err)
	}
	fmt.Fprintln(m.Err, "nothing was done")
	return exit(exitFailed)
}
