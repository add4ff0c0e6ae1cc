package voice_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// TestTheLadderOfACallHasThoseItWasConnectedWith: both calls with all their messages, by
// their Call-IDs, in the order of time.
func TestTheLadderOfACallHasThoseItWasConnectedWith(t *testing.T) {
	leavesNothing(t)
	went, ladder := make(chan string, 1), make(chan []trace.Stamped, 1)
	bob := newPhone(t, sdp.PCMU)
	s := switchboard(t, func(ctx context.Context, line engine.Line) {
		connects(bob.Address(), went)(ctx, line)
		if able, ok := engine.As[engine.Laddered](line); ok {
			ladder <- able.Ladder()
		}
	}, nil)
	caller := newPhone(t, sdp.PCMU).Dial(s.address())
	called := bob.Rings()
	called.Answer()
	handset.Expect[dialog.Answered](caller)
	caller.Hangup()
	handset.Expect[softphone.Ended](called)
	got, last := make(map[bool][]string), trace.Stamped{} // by whether we began the call
	begun := make(map[string]bool)
	for _, e := range await.From(t, "the ladder", ladder) {
		m, ok := e.Event.(trace.SIP)
		if !ok || e.At < last.At {
			t.Errorf("after %v there is %v", last, e)
		}
		if _, known := begun[m.Call]; !known {
			begun[m.Call] = m.Ours
		}
		_, method, _ := strings.Cut(m.CSeq, " ")
		got[begun[m.Call]] = append(got[begun[m.Call]], fmt.Sprintf("%t %s (%s)", m.Ours, m.Message, method))
		last = e
	}
	want := map[bool][]string{
		false: {"false INVITE (INVITE)", "true 100 Trying (INVITE)", "true 200 OK (INVITE)", "false ACK (ACK)", "false BYE (BYE)", "true 200 OK (BYE)"},
		true:  {"true INVITE (INVITE)", "false 100 Trying (INVITE)", "false 200 OK (INVITE)", "true ACK (ACK)", "true BYE (BYE)", "false 200 OK (BYE)"},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(begun) != 2 {
		t.Errorf("the messages of %d calls (-want +got):\n%s", len(begun), diff)
	}
}
