package dialog

import (
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// Our 2xx comes a moment after sipgo has answered a CANCEL: the caller has got 487,
// and that is how the call ends here as well.
func TestOurAnswerCrossesACancel(t *testing.T) {
	for name, crossing := range map[string]func(*incoming) []uasAction{
		"a ring":     func(in *incoming) []uasAction { return in.uas.ring(0, provisional{status: 180}) },
		"an answer":  func(in *incoming) []uasAction { return in.uas.answer(0) },
		"a refusal":  func(in *incoming) []uasAction { return in.uas.hangup(endingOf(engine.Busy)) },
		"the expiry": func(in *incoming) []uasAction { return in.uas.reject(expired) },
	} {
		t.Run(name, func(t *testing.T) {
			tx, _, wire := aTransaction(t)
			defer tx.Terminate()
			var told []string
			s := opening(t, Config{Incoming: func(*Call) func(Event) { return func(e Event) { told = append(told, textOf(e)) } }}, nil)
			defer s.closeSockets()
			invite := aRequest(t, "INVITE")
			invite.SetSource("192.0.2.9:5060")
			invite.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: "192.0.2.9"}})
			in, why := s.newIncoming(invite, tx)
			if why != nil {
				t.Fatal(why)
			}
			in.ours, _ = descriptionOf(invite)
			if err := tx.Receive(aRequest(t, "CANCEL")); err != nil {
				t.Fatal(err)
			}
			in.do(crossing(in))
			in.cancelled(nil)
			if diff := cmp.Diff([]int{487}, wire.taken()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if len(told) != 1 || (name == "an answer" || name == "a ring") && told[0] != "ended normal 487 by them" {
				t.Errorf("told %q", told)
			}
		})
	}
}
