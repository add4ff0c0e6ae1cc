package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/phone"
)

// news prints what happens on the Core: texts that go out, and queued calls as
// they come and go. It is held while a call has the terminal.
type news struct {
	mu    sync.Mutex
	out   io.Writer // nil: the news is held
	lines []string
}

// printTo prints the held news, and from now on prints news as it comes. With
// nil, news is held.
func (n *news) printTo(out io.Writer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.out = out
	n.print()
}

// textSent is called by the Core.
func (n *news) textSent(text core.Text) {
	n.add(fmt.Sprintf("\nThe text that went out, from %s to %s:\n  %s", text.From, strings.Join(text.To, ", "), text.Message))
}

// queueChanged is called by the Core.
func (n *news) queueChanged(call core.WaitingCall, state core.QueueState) {
	number := phone.Mask("+" + call.Number)
	if state == core.QueueOver {
		n.add(fmt.Sprintf("Queue %s of the Core: the turn of %s has come, and it is off the list. With telephones it would ring now; this Core has none.", call.Queue, number))
		return
	}
	n.add(fmt.Sprintf("Queue %s of the Core: %s waits to be called.", call.Queue, number))
}

func (n *news) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
	n.print()
}

func (n *news) print() {
	if n.out == nil {
		return
	}
	for _, line := range n.lines {
		fmt.Fprintln(n.out, line)
	}
	n.lines = nil
}
