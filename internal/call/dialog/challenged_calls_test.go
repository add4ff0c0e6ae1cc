package dialog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// A carrier that challenges each request, as Avaya does the BYE and the hold of a
// call that is long up: each goes out again with credentials, in its dialog, and
// the next carries them from the start.
func TestChallengedRequestsOfACallAreSentAgain(t *testing.T) {
	s := signer{account: ourAccount}
	first := newOutbound(ourCall(t))
	call := first
	asked := 0
	var invite *sip.Request
	for _, c := range []struct {
		method sip.RequestMethod
		nonce  string // of the challenge to it; "": it is let in
		cseq   uint32 // that it has in the end
	}{
		{sip.INVITE, "1", 2},
		{sip.INVITE, "2", 4}, // hold
		{sip.INFO, "", 5},
		{sip.BYE, "3", 7},
	} {
		d := &call
		if invite == nil {
			d = &first
		}
		req := d.request(c.method)
		setBody(req, "text/plain", []byte("body"))
		s.sign(req)
		req.PrependHeader(&sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: "192.0.2.1"})
		before := req.String()
		if carries := req.GetHeader("Proxy-Authorization") != nil; carries != (asked > 0) {
			t.Errorf("%s: it carries credentials from the start: %t", c.method, carries)
		}
		if c.nonce != "" {
			asked++
			var sent tries
			res := authResponse(407, fmt.Sprintf(`Proxy-Authenticate: Digest realm="a", nonce=%q, algorithm=SHA-256, qop="auth"`, c.nonce))
			if !s.challenged(&sent, res) {
				t.Fatalf("%s: a challenge is not answered", c.method)
			}
			was := req
			req = d.again(req)
			s.sign(req)
			if was.String() != before {
				t.Errorf("%s: the first has become\n%s", c.method, was)
			}
			fields := req.GetHeaders("Proxy-Authorization")
			if len(fields) != 1 {
				t.Fatalf("%s: it has the credentials %v", c.method, fields)
			}
			if broken := unlikeAnswer(fields[0].Value(), challengesOf(res)[0], req); broken != "" {
				t.Errorf("%s: %s, in %s", c.method, broken, fields[0])
			}
			if req.Via() != nil || string(req.Body()) != "body" {
				t.Errorf("%s: it is sent again as\n%s", c.method, req)
			}
		}
		if seq := req.CSeq(); seq.SeqNo != c.cseq || seq.MethodName != c.method {
			t.Errorf("%s: its CSeq is %s", c.method, seq.Value())
		}
		if invite == nil {
			invite = req
			call = first.fork(theirResponse(t, 200, "Contact: <sip:100@192.0.2.9>"))
			if ack := call.ack(invite).String(); !strings.Contains(ack, invite.GetHeader("Proxy-Authorization").String()) {
				t.Errorf("the ACK has other credentials than the INVITE:\n%s", ack)
			}
			continue
		}
		if id := identityOf(req); id.remote != "ours" || id.local != "theirs" {
			t.Errorf("%s: it is sent again in the dialog %v", c.method, id)
		}
	}
}
