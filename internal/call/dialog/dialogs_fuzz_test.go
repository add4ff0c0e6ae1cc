package dialog

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// FuzzDialogs begins a dialog with anything that sipgo reads, and ends it: the
// BYE is one message, to the same dialog, and the next is in order after it.
func FuzzDialogs(f *testing.F) {
	crlf := func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
	f.Add(crlf(carriersInvite))
	f.Add(crlf("INVITE sip:a SIP/2.0\nFrom: <sip:b>\nTo: c <sip:a>;tag=1;tag=2\nCall-ID: 1\nCSeq: 1 INVITE\nContact: \"d\" <sip:e?f=g>;h\nRecord-Route: <sip:p1>,<sip:p2;lr>\n\n"))
	f.Add(crlf("SIP/2.0 200 OK\nFrom: <sip:b>;tag=ours\nTo: <sip:a>;tag=theirs\nCall-ID: c1@pbx\nCSeq: 1 INVITE\nm: <sip:e>\nRecord-Route: <sip:p1>\n\n"))
	f.Fuzz(func(t *testing.T, text string) {
		msg, err := sip.ParseMessage([]byte(text))
		if err != nil {
			return
		}
		var d ident
		switch msg := msg.(type) {
		case *sip.Request:
			if d, err = newInbound(msg, "ours", sip.Uri{Host: "192.0.2.1"}); err != nil {
				return
			}
			if got := tagOf(d.respond(msg, 200)); got != d.local {
				t.Fatalf("our tag is %q in a response, %q in the dialog", got, d.local)
			}
		case *sip.Response:
			ours := newOutbound(ourCall(t))
			d = ours.fork(msg)
			d.answered(msg)
		}
		bye := d.request(sip.BYE)
		if got, _ := bye.To().Params.Get("tag"); got != d.remote {
			t.Fatalf("their tag is %q in a BYE, %q in the dialog", got, d.remote)
		}
		if len(bye.GetHeaders("Route")) > len(msg.GetHeaders("Record-Route")) {
			t.Fatalf("servers out of nowhere:\n%s", bye)
		}
		if strings.Index(bye.String(), "\r\n\r\n") != len(bye.String())-4 {
			t.Fatalf("more than a message:\n%q", bye)
		}
		if bye.String() != d.numbered(sip.BYE, d.sent).String() {
			t.Fatalf("built twice it is not the same:\n%s", bye)
		}
	})
}
