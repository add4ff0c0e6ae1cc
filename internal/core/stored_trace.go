package core

import (
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// A call can ask for twenty times a hundred documents of a megabyte. So much of
// its trace is stored, in bytes: the beginning says how it came to be, the end
// what became of it. A call of an hour has a tenth of that.
const (
	maxTraceHead = 768 << 10
	maxTraceTail = 256 << 10 // the last event is stored whatever its size
)

// storedTrace gathers the trace of a call, as JSON Lines.
type storedTrace struct {
	head   []byte
	full   bool     // the head takes no more
	tail   [][]byte // lines
	room   int      // that the tail has left, in bytes
	lost   int      // events between the two
	lostAt time.Duration

	asked *trace.Request // the last one; nil: there was none
}

// add adds an event.
func (t *storedTrace) add(e trace.Stamped) {
	e.Event = trace.WithoutSecrets(e.Event)
	if request, ok := e.Event.(trace.Request); ok {
		t.asked = &request
	}
	line, err := e.AppendJSON(nil)
	if err != nil {
		return // JSON cannot hold it; those who watch the call have seen it
	}
	line = append(line, '\n')
	if !t.full && len(t.head)+len(line) <= maxTraceHead {
		t.head = append(t.head, line...)
		return
	}
	if !t.full {
		t.full, t.room, t.lostAt = true, maxTraceTail, e.At
	}
	t.tail = append(t.tail, line)
	for t.room -= len(line); t.room < 0 && len(t.tail) > 1; t.tail = t.tail[1:] {
		t.room += len(t.tail[0])
		t.lost++
	}
}

// addAll adds events.
func (t *storedTrace) addAll(events []trace.Stamped) {
	for _, e := range events {
		t.add(e)
	}
}

// lines returns the trace, with a warning in place of what is missing.
func (t *storedTrace) lines() []byte {
	all := t.head
	if t.lost > 0 {
		text := fmt.Sprintf("%d events of the call are not stored: there were too many, or too long ones", t.lost)
		missing := trace.Stamped{At: t.lostAt, Event: trace.Warning{Code: engine.CodeTrace, Text: text}}
		all, _ = missing.AppendJSON(all) // JSON holds it
		all = append(all, '\n')
	}
	for _, line := range t.tail {
		all = append(all, line...)
	}
	return all
}
