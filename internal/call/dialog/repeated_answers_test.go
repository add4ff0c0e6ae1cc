package dialog

import (
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/setting"
)

// A hold is challenged, then answered, and our ACK is lost: the answer that comes
// again gets another, or the other side hangs up.
func TestAnswerToAChallengedHoldIsAcknowledgedAgain(t *testing.T) {
	alice := startStation(t, UDP)
	p := reach(t, alice.Stack, 0)
	target := alice.uri("100")
	target.Port = int(addressOf(p.LocalAddr()).Port())
	a := alice.dialAs(Account{User: "us", Password: setting.NewSecret("secret")}, target)
	invite := p.request()
	p.answerAs("them", invite, 200)
	p.expect(invite, "ACK 1 to them")
	a.expect("agreed PCMU/8000 sendrecv to 40000", "dialog.Answered{}")
	a.Change(ours(4001))
	hold := p.expect(invite, "INVITE 2 to them")
	p.respond(hold, 401, "them", `WWW-Authenticate: Digest realm="a", nonce="b"`)
	p.expect(invite, "ACK 2 to them")
	hold = p.expect(invite, "INVITE 3 to them")
	for range 3 {
		p.answerAs("them", hold, 200)
		p.expect(invite, "ACK 3 to them")
	}
	a.Hangup(engine.Normal)
	a.expect("ended normal")
}

// The core hangs up for a cause, and whatever runs the call hangs up once more to
// be sure, before the first has got through.
func TestFirstCauseOfAHangupCounts(t *testing.T) {
	c := invite(t, invited{})
	c.answer()
	c.hangup(engine.Busy)
	c.hangup(engine.Normal)
	c.wire = nil
	c.ack(false)
	c.expect(`BYE (Q.850;cause=17;text="user busy")`, "over, busy")

	alice := startStation(t, UDP)
	p := reach(t, alice.Stack, 0)
	target := alice.uri("100")
	target.Port = int(addressOf(p.LocalAddr()).Port())
	a := alice.dial(target)
	asked := p.request()
	a.Hangup(engine.Elsewhere)
	a.Hangup(engine.Normal)
	p.respond(asked, 180, "them")
	cancel := p.request()
	if got := reasonsOf(cancel); cancel.Method != sip.CANCEL || len(got) != 1 || got[0].cause != 200 {
		t.Errorf("%s has the reasons %v", cancel.Method, got)
	}
	p.respond(cancel, 200, "them")
	p.respond(asked, 487, "them")
	a.expect("ended elsewhere 487")
}
