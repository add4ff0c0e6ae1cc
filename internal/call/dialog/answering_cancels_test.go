package dialog

import (
	"strings"
	"testing"
)

// A caller that goes by the tag of the last response would else send its BYE to a
// dialog that is not there.
func TestAnswerToACANCELHasTheTagOfTheCall(t *testing.T) {
	for name, act := range map[string]func(*handset){
		"of a call that rings":           func(h *handset) { h.Ring(180, nil) },
		"of a call that has been taken":  func(h *handset) { h.Answer(ours(4000)) },
		"of a call that nothing is said": func(*handset) {},
	} {
		t.Run(name, func(t *testing.T) {
			alice := startStation(t, UDP)
			p := reach(t, alice.Stack, 0)
			invite := message("INVITE")
			tag := tagOf(p.ask(invite))
			act(alice.next())
			p.send(strings.ReplaceAll(strings.ReplaceAll(invite, "INVITE sip", "CANCEL sip"), "1 INVITE", "1 CANCEL"))
			res := p.answer()
			for res.CSeq().MethodName != "CANCEL" {
				res = p.answer()
			}
			if got := tagOf(res); res.StatusCode != 200 || got != tag {
				t.Errorf("answered by %s with the tag %q, and the INVITE with %q", res.StartLine(), got, tag)
			}
		})
	}
}
