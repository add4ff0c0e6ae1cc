package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// ladderIn returns the SIP messages of a stored trace, each in a few words, and fails
// the test where readers of traces see them.
func ladderIn(t *testing.T, events string) (ladder []string) {
	t.Helper()
	for line := range strings.Lines(events) {
		var e struct {
			Event string `json:"event"`
			trace.SIP
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Event != "sip" {
			continue
		}
		if read, err := trace.ParseEvent([]byte(line)); err != nil || read.Event != nil {
			t.Errorf("a message is read as %v: %v", read, err)
		}
		if e.Call == "" || e.Over != "udp" || !strings.HasPrefix(e.Peer, "127.0.0.1:") || e.Times != 1 || strings.Contains(e.Text, "2125550100") {
			t.Errorf("a message is %+v", e)
		}
		_, method, _ := strings.Cut(e.CSeq, " ")
		ladder = append(ladder, fmt.Sprintf("%t %s (%s)", e.Ours, e.Message, method))
	}
	return ladder
}

// TestTheTraceOfACallHasItsMessages ends a call by the caller, by the responder, and
// before it is answered.
func TestTheTraceOfACallHasItsMessages(t *testing.T) {
	begin := []string{"false INVITE (INVITE)", "true 100 Trying (INVITE)"}
	answered := slices.Concat(begin, []string{"true 200 OK (INVITE)", "false ACK (ACK)"})
	for name, c := range map[string]struct {
		document string
		leaves   bool // the caller does
		want     []string
	}{
		"by the caller":     {`<Echo/>`, true, slices.Concat(answered, []string{"false BYE (BYE)", "true 200 OK (BYE)"})},
		"by the responder":  {`<Echo timeout="1"/><Hangup/>`, false, slices.Concat(answered, []string{"true BYE (BYE)", "false 200 OK (BYE)"})},
		"before the answer": {`<Hangup/>`, false, slices.Concat(begin, []string{"true 480 Temporarily Unavailable (INVITE)"})},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSIP(t, &safeLog{}, nil)
			s.lead(t, responderSaying(t, c.document))
			call := s.telephone(t).call("+12125551212")
			if c.leaves {
				handset.Expect[dialog.Answered](call)
				call.Hangup()
			}
			handset.Expect[softphone.Ended](call)
			await.That(t, "the trace", func() bool {
				calls, err := s.StoredCalls(t.Context())
				return err == nil && len(calls) == 1
			})
			_, events := s.stored(t)
			got := ladderIn(t, events)
			if diff := cmp.Diff(c.want, got[:min(len(got), len(c.want))]); diff != "" {
				t.Errorf("the ladder (-want +got):\n%s\n%s", diff, events)
			}
		})
	}
}
