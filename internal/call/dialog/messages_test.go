package dialog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

// text returns a message with line ends of Unix.
func text(msg sip.Message) string { return strings.ReplaceAll(msg.String(), "\r\n", "\n") }

const abilities = `Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY
Supported: 100rel, timer, norefersub
`

func TestRequestsHaveWhatTheirMethodNeeds(t *testing.T) {
	const us = "Max-Forwards: 70\nFrom: \"Desk \\\"5\\\"\" <sip:2005@pbx.example.net>;tag=ours\n"
	const them = "To: <sip:+5511987654321@carrier.example>;tag=theirs\nCall-ID: c1@pbx\n"
	const contact = "Contact: <sip:192.0.2.1:5060>\n"
	const there = " sip:100@192.0.2.9 SIP/2.0\nRoute: <sip:p1;lr>\n" + us + them
	first := newOutbound(ourCall(t, "sip:proxy.example;lr"))
	invite := first.request(sip.INVITE)
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: "192.0.2.1", Port: 5060, Params: sip.HeaderParams{{K: "branch", V: "z9hG4bK1"}}}
	invite.PrependHeader(via)
	invite.AppendHeader(sip.NewHeader("Authorization", "Digest a"))
	invite.AppendHeader(sip.NewHeader("Proxy-Authorization", "Digest b"))
	invite.AppendHeader(sip.NewHeader("Proxy-Authorization", "Digest c"))
	invite.AppendHeader(sip.NewHeader("Require", "x"))
	setBody(invite, "application/sdp", []byte("v=0\r\n"))
	d := first.fork(theirResponse(t, 200, "Contact: <sip:100@192.0.2.9>", "Record-Route: <sip:p1;lr>"))

	for _, c := range []struct {
		req  *sip.Request
		want string
	}{
		{invite, "INVITE sip:+5511987654321@carrier.example;user=phone SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\nRoute: <sip:proxy.example;lr>\n" + us +
			"To: <sip:+5511987654321@carrier.example>\nCall-ID: c1@pbx\nCSeq: 1 INVITE\n" + contact + abilities +
			"Content-Length: 5\nAuthorization: Digest a\nProxy-Authorization: Digest b\nProxy-Authorization: Digest c\nRequire: x\nContent-Type: application/sdp\n\nv=0\n"},
		{cancel(invite), "CANCEL sip:+5511987654321@carrier.example;user=phone SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\nRoute: <sip:proxy.example;lr>\n" +
			strings.TrimPrefix(us, "Max-Forwards: 70\n") + "To: <sip:+5511987654321@carrier.example>\nCall-ID: c1@pbx\nMax-Forwards: 70\nCSeq: 1 CANCEL\nContent-Length: 0\n\n"},
		{d.ack(invite), "ACK" + there + "CSeq: 1 ACK\nContent-Length: 0\nAuthorization: Digest a\nProxy-Authorization: Digest b\nProxy-Authorization: Digest c\n\n"},
		{d.prack(invite, 9021), "PRACK" + there + "CSeq: 2 PRACK\nContent-Length: 0\nRAck: 9021 1 INVITE\n\n"},
		{d.request(sip.INVITE), "INVITE" + there + "CSeq: 3 INVITE\n" + contact + abilities + "Content-Length: 0\n\n"},
		{d.request(sip.UPDATE), "UPDATE" + there + "CSeq: 4 UPDATE\n" + contact + abilities + "Content-Length: 0\n\n"},
		{d.request(sip.INFO), "INFO" + there + "CSeq: 5 INFO\nContent-Length: 0\n\n"},
		{d.request(sip.REFER), "REFER" + there + "CSeq: 6 REFER\n" + contact + "Content-Length: 0\n\n"},
		{d.request(sip.NOTIFY), "NOTIFY" + there + "CSeq: 7 NOTIFY\n" + contact + "Content-Length: 0\n\n"},
		{d.request(sip.BYE), "BYE" + there + "CSeq: 8 BYE\nContent-Length: 0\n\n"},
	} {
		t.Run(c.req.Method.String(), func(t *testing.T) {
			if diff := cmp.Diff(c.want, text(c.req)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCancelFollowsItsInvite(t *testing.T) {
	d := newOutbound(ourCall(t, "sip:proxy.example:5080;transport=tcp;lr"))
	invite := d.request(sip.INVITE)
	invite.PrependHeader(&sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "TCP", Host: "192.0.2.1"})
	invite.Laddr = sip.Addr{Port: 5060}
	invite.SetTransport("TLS")
	for _, destination := range []string{"proxy.example:5080", "192.0.2.9:41234"} {
		invite.SetDestination(destination)
		got := cancel(invite)
		if got.Destination() != destination || got.Transport() != "TLS" || got.Laddr.Port != 5060 {
			t.Errorf("sent to %s over %s from port %d", got.Destination(), got.Transport(), got.Laddr.Port)
		}
	}
}

func TestRequestsAreSentAgainAsOthers(t *testing.T) {
	d := newOutbound(ourCall(t))
	invite := d.request(sip.INVITE)
	invite.PrependHeader(&sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: "192.0.2.1"})
	setBody(invite, "application/sdp", []byte("v=0\r\n"))
	before := text(invite)
	again := d.again(invite)
	without := strings.Replace(before, "Via: SIP/2.0/UDP 192.0.2.1\n", "", 1)
	if diff := cmp.Diff(strings.Replace(without, "CSeq: 1", "CSeq: 2", 1), text(again)); diff != "" {
		t.Errorf("sent again (-want +got):\n%s", diff)
	}
	again.AppendHeader(sip.NewHeader("Authorization", "Digest a"))
	again.From().Params.Add("x", "y")
	again.Recipient.UriParams.Add("x", "y")
	if diff := cmp.Diff(before, text(invite)); diff != "" {
		t.Errorf("the first (-want +got):\n%s", diff)
	}
	if later := d.request(sip.INVITE); later.CSeq().SeqNo != 3 {
		t.Errorf("the next is number %d", later.CSeq().SeqNo)
	}
}

func TestResponsesHaveOurTagAndWhatWeCanDo(t *testing.T) {
	const head = "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK7;rport=40000;received=127.0.20.1\n" +
		"From: \"Ana \\\"A\\\" Silva\" <sip:2005@carrier.example>;tag=theirs\nTo: <sip:+16045550123@pbx.example.net>;tag=ours\nCall-ID: c7@carrier.example\n"
	const recorded = "Record-Route: <sip:p1;lr>\nRecord-Route: <sip:p2;lr>\n"
	const contact = "Contact: <sip:192.0.2.1:5060>\n"
	for _, c := range []struct {
		method sip.RequestMethod
		status int
		want   string
	}{
		{sip.INVITE, 100, "SIP/2.0 100 Trying\n" + head + "CSeq: 7 INVITE\nContent-Length: 0\n\n"},
		{sip.INVITE, 180, "SIP/2.0 180 Ringing\n" + recorded + head + "CSeq: 7 INVITE\nContent-Length: 0\n" + contact + abilities + "\n"},
		{sip.INVITE, 183, "SIP/2.0 183 Session Progress\n" + recorded + head + "CSeq: 7 INVITE\nContent-Length: 0\n" + contact + abilities + "\n"},
		{sip.INVITE, 200, "SIP/2.0 200 OK\n" + recorded + head + "CSeq: 7 INVITE\nContent-Length: 0\n" + contact + abilities + "\n"},
		{sip.INVITE, 486, "SIP/2.0 486 Busy Here\n" + head + "CSeq: 7 INVITE\nContent-Length: 0\n\n"},
		{sip.UPDATE, 200, "SIP/2.0 200 OK\n" + recorded + head + "CSeq: 7 UPDATE\nContent-Length: 0\n" + contact + abilities + "\n"},
		{sip.REFER, 202, "SIP/2.0 202 Accepted\n" + recorded + head + "CSeq: 7 REFER\nContent-Length: 0\n" + contact + "\n"},
		{sip.BYE, 200, "SIP/2.0 200 OK\n" + recorded + head + "CSeq: 7 BYE\nContent-Length: 0\n\n"},
		{sip.INFO, 500, "SIP/2.0 500 Server Internal Error\n" + head + "CSeq: 7 INFO\nContent-Length: 0\n\n"},
	} {
		t.Run(fmt.Sprintf("%s %d", c.method, c.status), func(t *testing.T) {
			req := anInvite(t, theirContact, "Record-Route: <sip:p1;lr>, <sip:p2;lr>")
			req.SetSource("127.0.20.1:40000")
			d := calledBy(t, req)
			req.Method, req.CSeq().MethodName = c.method, c.method
			for range 2 { // the same each time
				if diff := cmp.Diff(c.want, text(d.respond(req, c.status))); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

func TestNamesCannotBreakOutOfTheirQuotationMarks(t *testing.T) {
	for name, want := range map[string]string{
		"":                      "",
		"Ana Silva":             "Ana Silva",
		`a "b" \c`:              `a \"b\" \\c`,
		"Zoë 日本":                "Zoë 日本",
		"x\r\nEvil: 1\r\n\r\n":  "xEvil: 1",
		`x" <sip:evil>;tag="1\`: `x\" <sip:evil>;tag=\"1\\`,
	} {
		o := ourCall(t)
		o.from.name = name
		d := newOutbound(o)
		req := parsedRequest(t, d.request(sip.INVITE).String())
		if got := req.From(); got.DisplayName != want || got.Address.Host != "pbx.example.net" {
			t.Errorf("%q: From is %s", name, got.Value())
		}
	}
}
