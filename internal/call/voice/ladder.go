package voice

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

var _ engine.Laddered = (*Line)(nil)

// ladderPatience is how long the trace of a call waits for the response to our last
// request, as a rule a BYE. The place of the call among those at once is taken so long.
const ladderPatience = time.Second

// Ladder ends the call, unless it is over, and returns its messages, and those of the
// calls that its caller was connected with.
func (l *Line) Ladder() []trace.Stamped {
	l.config.Call.Hangup(engine.Normal)
	return ladderOf(slices.Concat(callsOf(l.config.Call), l.connected), time.Now().Add(-l.Now()))
}

// ladderOf returns the messages of calls that were hung up, in the order of time since
// they began.
func ladderOf(calls []*dialog.Call, began time.Time) []trace.Stamped {
	ctx, cancel := context.WithTimeout(context.Background(), ladderPatience)
	defer cancel()
	var all []trace.Stamped
	for _, call := range calls {
		select {
		case <-call.Settled():
		case <-call.Gone():
		case <-ctx.Done():
		}
		all = append(all, rungsOf(call, began)...)
	}
	slices.SortStableFunc(all, func(a, b trace.Stamped) int { return cmp.Compare(a.At, b.At) })
	return all
}

// callsOf returns the calls that were made for a Line: those of ours may have been
// tried several ways.
func callsOf(s Signalling) []*dialog.Call {
	switch s := s.(type) {
	case *dialog.Call:
		return []*dialog.Call{s}
	case *outgoing:
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.Clone(s.made)
	}
	return nil
}

// rungsOf returns the messages of a call as events of one that began at a time.
func rungsOf(call *dialog.Call, began time.Time) []trace.Stamped {
	messages, first, lost := call.Messages()
	all := make([]trace.Stamped, 0, len(messages)+1)
	for i, m := range messages {
		at := max(0, m.At.Sub(began))
		if i == first && lost > 0 {
			text := fmt.Sprintf("%d SIP messages of the call are not stored: there were too many", lost)
			all = append(all, trace.Stamped{At: at, Event: trace.Warning{Code: engine.CodeTrace, Text: text}})
		}
		all = append(all, trace.Stamped{At: at, Event: trace.SIP{
			Call: shownID(idOf(call)), Ours: m.Ours, Message: m.First, CSeq: m.CSeq, Over: m.Network, Peer: m.Peer.String(), Times: m.Times, Text: m.Text,
		}})
	}
	return all
}
