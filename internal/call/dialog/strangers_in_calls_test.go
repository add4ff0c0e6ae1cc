package dialog

import (
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// soundOf gives a message of the other side a Contact and a session description.
func soundOf(p *peer, msg sip.Message) {
	port := addressOf(p.LocalAddr()).Port()
	msg.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: "127.0.0.1", Port: int(port)}})
	setBody(msg, "application/sdp", []byte(offer))
}

// answerAs lets a peer respond to an INVITE with a session description, as the
// phone of a tag.
func (p *peer) answerAs(tag string, invite *sip.Request, status int, fields ...sip.Header) {
	p.t.Helper()
	p.send(p.answering(tag, invite, status, fields...))
}

// answering returns what answerAs sends.
func (p *peer) answering(tag string, invite *sip.Request, status int, fields ...sip.Header) string {
	res := sip.NewResponseFromRequest(invite, status, "X", nil)
	res.To().Params.Add("tag", tag)
	soundOf(p, res)
	for _, f := range fields {
		res.AppendHeader(f)
	}
	return res.String()
}

// within returns a request of a peer within the dialog of an INVITE to it.
func (p *peer) within(tag string, invite *sip.Request, method sip.RequestMethod) *sip.Request {
	req := sip.NewRequest(method, invite.Contact().Address)
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: "127.0.0.1", Port: int(addressOf(p.LocalAddr()).Port())}
	via.Params.Add("branch", sip.GenerateBranch())
	req.AppendHeader(via)
	from, to := invite.To().AsFrom(), invite.From().AsTo()
	from.Params.Add("tag", tag)
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	req.AppendHeader(sip.HeaderClone(invite.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: method})
	return req
}

// Two phones ring, and one of them answers: what the other still sends is not of
// this call, whose sound must not go there.
func TestPhoneThatDidNotAnswerChangesNothing(t *testing.T) {
	for method, prepare := range map[sip.RequestMethod]func(*peer, *sip.Request){
		sip.UPDATE: func(p *peer, req *sip.Request) { soundOf(p, req) },
		sip.INFO:   func(_ *peer, req *sip.Request) { setBody(req, typeDTMF, []byte("5")) },
		sip.REFER:  func(_ *peer, req *sip.Request) { req.AppendHeader(sip.NewHeader("Refer-To", "<sip:200@127.0.0.1>")) },
	} {
		t.Run(string(method), func(t *testing.T) {
			alice := startStation(t, UDP)
			p := reach(t, alice.Stack, 0)
			target := alice.uri("100")
			target.Port = int(addressOf(p.LocalAddr()).Port())
			a := alice.dial(target)
			invite := p.request()
			p.answerAs("rings", invite, 183, sip.NewHeader("Require", "100rel"), sip.NewHeader("RSeq", "1"))
			p.respond(p.request(), 200, "rings") // to the PRACK
			a.expect("early: agreed PCMU/8000 sendrecv to 40000")
			p.answerAs("answers", invite, 200)
			p.expect(invite, "ACK 1 to answers")
			a.expect("agreed PCMU/8000 sendrecv to 40000", "dialog.Answered{}")
			req := p.within("rings", invite, method)
			prepare(p, req)
			if res := p.ask(req.String()); res.StatusCode != 481 {
				t.Errorf("the other phone got %s", res.StartLine())
			}
			a.Hangup(engine.Normal)
			a.expect("ended normal")
		})
	}
}

// Our BYE and an INFO of theirs cross: Ended is the last that is told.
func TestNothingIsToldOfACallThatIsOver(t *testing.T) {
	alice := startStation(t, UDP)
	p := reach(t, alice.Stack, 0)
	target := alice.uri("100")
	target.Port = int(addressOf(p.LocalAddr()).Port())
	a := alice.dial(target)
	invite := p.request()
	p.answerAs("answers", invite, 200)
	p.expect(invite, "ACK 1 to answers")
	a.expect("agreed PCMU/8000 sendrecv to 40000", "dialog.Answered{}")
	a.Hangup(engine.Normal)
	bye := p.expect(invite, "BYE 2 to answers")
	info := p.within("answers", invite, sip.INFO)
	setBody(info, typeDTMF, []byte("5"))
	if res := p.ask(info.String()); res.StatusCode != 481 {
		t.Errorf("the INFO got %s", res.StartLine())
	}
	p.respond(bye, 200, "answers")
	a.expect("ended normal")
}
