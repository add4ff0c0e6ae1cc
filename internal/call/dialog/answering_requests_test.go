package dialog

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/test/await"
)

func TestRequestsThatNeedNoDialogAreAnswered(t *testing.T) {
	multipart := "--b\r\nContent-Type: application/sdp\r\n\r\n" + offer + "\r\n--b--\r\n"
	cases := []struct {
		name    string
		request string
		want    string // the status line
		field   string // and a header field
	}{
		{"options", message("OPTIONS"), "200 OK", "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY"},
		{"options of what we can", message("OPTIONS"), "200 OK", "Supported: 100rel, timer, norefersub"},
		{"options that may go no further", message("OPTIONS", "Max-Forwards: 70", "Max-Forwards: 0"), "200 OK", ""},
		{"options of no such dialog", message("OPTIONS", "To: <sip:500@127.0.0.1>", "To: <sip:500@127.0.0.1>;tag=1"), "481 Call/Transaction Does Not Exist", ""},
		{"a call", message("INVITE"), "603 Decline", ""},
		{"a call to a telephone number", message("INVITE", "sip:500@127.0.0.1 SIP/2.0", "tel:+12125550100 SIP/2.0"), "603 Decline", ""},
		{"a call that may go no further", message("INVITE", "Max-Forwards: 70", "Max-Forwards: 0"), "483 Too Many Hops", ""},
		{"a call without Max-Forwards", message("INVITE", "Max-Forwards: 70\r\n", ""), "603 Decline", ""},
		{"a call without Contact", message("INVITE", "Contact: <sip:2125550100@127.0.0.1:5999>\r\n", ""), "400 Missing Contact", ""},
		{"a call that requires what we can", message("INVITE", with("Require: timer, 100REL")...), "603 Decline", ""},
		{"a call that requires what we cannot", message("INVITE", with("Require: timer, noSuchThing, x")...), "420 Bad Extension", "Unsupported: noSuchThing, x"},
		{"a call with a description", message("INVITE", body("application/sdp", offer)...), "603 Decline", ""},
		{"a call with a description within", message("INVITE", body("multipart/mixed;boundary=b", multipart)...), "603 Decline", ""},
		{"a call with something else", message("INVITE", body("application/isup", "x")...), "415 Unsupported Media Type", "Accept: application/sdp, multipart/mixed"},
		{"a call with something else that may be left unread", message("INVITE", append(body("application/isup", "x"), with("Content-Disposition: signal;handling=optional")...)...), "603 Decline", ""},
		{"a call with a packed body", message("INVITE", append(body("application/sdp", offer), with("e: gzip")...)...), "415 Unsupported Media Type", "Accept-Encoding: identity"},
		{"a bye of no such dialog", message("BYE", "To: <sip:500@127.0.0.1>", "To: <sip:500@127.0.0.1>;tag=1"), "481 Call/Transaction Does Not Exist", ""},
		{"a bye of no dialog", message("BYE"), "481 Call/Transaction Does Not Exist", ""},
		{"a cancel of nothing", message("CANCEL", with("Require: nothing")...), "481 Call/Transaction Does Not Exist", ""},
		{"an unknown method", message("WALTZ"), "405 Method Not Allowed", "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY"},
		{"a method that others have", message("PUBLISH"), "405 Method Not Allowed", ""},
		{"an unknown scheme", message("INVITE", "sip:500@127.0.0.1 SIP/2.0", "isbn:2983792873 SIP/2.0"), "416 Unsupported URI Scheme", ""},
		{"another version", message("OPTIONS", "SIP/2.0\r\nVia", "SIP/7.0\r\nVia"), "505 Version Not Supported", ""},
		{"no To", message("OPTIONS", "To: <sip:500@127.0.0.1>\r\n", ""), "400 Missing To", ""},
		{"no From", strings.Replace(message("OPTIONS"), "From: ", "X-From: ", 1), "400 Missing From", ""},
		{"no CSeq", message("OPTIONS", "CSeq: 1 OPTIONS\r\n", ""), "400 Bad Request", ""},
		{"two Call-IDs", message("OPTIONS", with("i: another")...), "400 Several Call-ID", ""},
		{"another method's CSeq", message("OPTIONS", "CSeq: 1 OPTIONS", "CSeq: 1 INFO"), "400 CSeq of Another Method", ""},
		{"header fields in the URI", message("OPTIONS", "127.0.0.1 SIP/2.0", "127.0.0.1?Route=%3Csip:x%3E SIP/2.0"), "400 Header Fields in the Request-URI", ""},
		{"white space around all", message("OPTIONS", ";tag=", " ; tag = ", "CSeq: 1 OPTIONS", "CSeq:  1   OPTIONS", ";branch=", " ; Branch= "), "200 OK", ""},
		{"empty lines before", "\r\n\r\n" + message("OPTIONS"), "200 OK", ""},
	}
	s := serve(t, Config{Listen: everyWay(), Trusted: everyone}, nil)
	for i, l := range s.Addresses() {
		t.Run(fmt.Sprintf("%s %s", l.Network, l.Address.Addr()), func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					p := reach(t, s, i)
					text := strings.ReplaceAll(c.request, "z9hG4bK-", fmt.Sprintf("z9hG4bK-%d-", i)) // not the transaction of another way
					res := p.ask(text)
					if got, want := res.StartLine(), "SIP/2.0 "+c.want; got != want {
						t.Fatalf("answered by %q, want %q, to\n%s", got, want, text)
					}
					if c.field != "" && !strings.Contains(res.String(), c.field+"\r\n") {
						t.Fatalf("no %q in\n%s", c.field, res)
					}
					if to := res.To(); to != nil && !to.Params.Has("tag") && res.StatusCode > 100 && c.name != "no CSeq" {
						t.Fatalf("a final response without a tag:\n%s", res)
					}
				})
			}
		})
	}
}

func TestAResponseSaysWhereItsRequestCameFrom(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	at := p.LocalAddr().(*net.UDPAddr)
	for sentBy, want := range map[string]string{
		"pbx.example.com;rport":                    fmt.Sprintf("received=127.0.0.1;rport=%d", at.Port),
		fmt.Sprintf("pbx.example.com:%d", at.Port): "received=127.0.0.1",
		fmt.Sprintf("192.168.1.20:%d", at.Port):    "received=127.0.0.1",
		fmt.Sprintf("127.0.0.1:%d;x", at.Port):     "x",
		"127.0.0.1;rport":                          fmt.Sprintf("rport=%d;received=127.0.0.1", at.Port),
		"192.168.1.20:5999;received=1.2.3.4;rport": fmt.Sprintf("received=127.0.0.1;rport=%d", at.Port),
	} {
		res := p.ask(message("OPTIONS", "127.0.0.1:5999;branch", sentBy+";branch", ";rport\r\n", "\r\n"))
		got := parseField(res.Via().Value()).params
		for pair := range strings.SplitSeq(want, ";") {
			name, text, _ := strings.Cut(pair, "=")
			if !slices.Contains(got, param{name, text}) {
				t.Errorf("%s: answered to %s, without %s", sentBy, res.Via().Value(), pair)
			}
		}
	}
}

func TestARefusalIsTheSameEachTime(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	text := message("INVITE", with("Require: precondition")...)
	first, second := p.ask(text), p.ask(text)
	if diff := cmp.Diff(first.String(), second.String()); diff != "" {
		t.Fatal(diff)
	}
	if other := p.ask(message("INVITE", with("Require: precondition")...)); other.To().Value() == first.To().Value() {
		t.Fatal("two requests got the same tag")
	}
}

func TestACopyOfACallByAnotherWayIsALoop(t *testing.T) {
	over := make(chan struct{})
	s := serve(t, Config{}, func(req *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(req, 180, "Ringing", nil)) // the peer waits for it
		<-over
		decline(req, tx)
	})
	first, second := reach(t, s, 0), reach(t, s, 0)
	text := message("INVITE")
	if res := first.ask(text); res.StatusCode != 180 {
		t.Fatal(res.StartLine())
	}
	elsewhere := strings.Replace(text, "branch=z9hG4bK-", "branch=z9hG4bK-other-", 1)
	if res := second.ask(elsewhere); res.StatusCode != 482 {
		t.Fatalf("the copy was answered by %s", res.StartLine())
	}
	close(over)
	if res := first.answer(); res.StatusCode != 603 {
		t.Fatal(res.StartLine())
	}
	await.That(t, "an end of the first", func() bool { // its transaction ends after the response
		return second.ask(strings.Replace(text, "branch=z9hG4bK-", fmt.Sprintf("branch=z9hG4bK-%d-", serial.Add(1)), 1)).StatusCode == 603
	})
}

func TestARequestThatComesBackIsALoop(t *testing.T) {
	l := on(UDP, "127.0.0.1")
	l.Public = netip.MustParseAddrPort("203.0.113.7:5070")
	s := serve(t, Config{Listen: []Listen{l}}, nil)
	p := reach(t, s, 0)
	for _, ours := range []string{s.Addresses()[0].Address.String(), "203.0.113.7:5070"} {
		if res := p.ask(message("INVITE", with("Via: SIP/2.0/UDP "+ours+";branch=z9hG4bK-ours")...)); res.StatusCode != 482 {
			t.Fatalf("%s: answered by %s", ours, res.StartLine())
		}
	}
}

func TestADrainingStackTakesNoCalls(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	p.answered()
	id := identity{"kept", "ours", "theirs"}
	s.dialogs.add(id, func(req *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil)) // the peer waits for it
	})
	s.Drain()
	for _, method := range []string{"INVITE", "OPTIONS"} {
		res := p.ask(message(method))
		if res.StatusCode != 503 || res.GetHeader("Retry-After") == nil {
			t.Errorf("%s was answered by\n%s", method, res)
		}
	}
	if res := p.ask(within(id, "BYE")); res.StatusCode != 200 {
		t.Errorf("the BYE of a call was answered by %s", res.StartLine())
	}
}

// within returns a request of the other side within a dialog.
func within(id identity, method string) string {
	text := message(method, "To: <sip:500@127.0.0.1>", "To: <sip:500@127.0.0.1>;tag="+id.local)
	lines := strings.Split(text, "\r\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "Call-ID:"):
			lines[i] = "Call-ID: " + id.callID
		case strings.HasPrefix(line, "From:"):
			lines[i] = "From: <sip:2125550100@127.0.0.1>;tag=" + id.remote
		}
	}
	return strings.Join(lines, "\r\n")
}

func TestRequestsWithinADialogReachIt(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	id := identity{"one", "ours", "theirs"}
	got := make(chan sip.RequestMethod, 10)
	s.dialogs.add(id, func(req *sip.Request, tx sip.ServerTransaction) {
		got <- req.Method
		if req.Method != sip.ACK {
			_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil)) // the peer waits for it
		}
	})
	for _, method := range []sip.RequestMethod{"INFO", "UPDATE", "PRACK", "NOTIFY", "REFER", "INVITE", "BYE"} {
		if res := p.ask(within(id, string(method))); res.StatusCode != 200 {
			t.Errorf("%s was answered by %s", method, res.StartLine())
		}
		if reached := await.From(t, "a request of the dialog", got); reached != method {
			t.Errorf("%s reached the dialog as %s", method, reached)
		}
	}
	for _, other := range []identity{{"another", "ours", "theirs"}, {"one", "another", "theirs"}, {"one", "ours", "another"}} {
		p.send(within(other, "ACK")) // dropped
		if res := p.ask(within(other, "BYE")); res.StatusCode != 481 {
			t.Errorf("BYE of %v was answered by %s", other, res.StartLine())
		}
	}
	p.send(within(id, "ACK"))
	if reached := await.From(t, "an ACK of the dialog", got); reached != sip.ACK {
		t.Errorf("%s reached the dialog in place of the ACK", reached)
	}
	if res := p.ask(within(id, "OPTIONS")); res.StatusCode != 200 {
		t.Errorf("OPTIONS was answered by %s", res.StartLine())
	}
	s.dialogs.remove(id)
	if res := p.ask(within(id, "BYE")); res.StatusCode != 481 {
		t.Errorf("BYE of a dialog that is over was answered by %s", res.StartLine())
	}
}
