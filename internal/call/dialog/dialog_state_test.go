package dialog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
)

const theirContact = "Contact: <sip:2005@192.0.2.9:5070>"

// calledBy returns the dialog of an INVITE of theirs.
func calledBy(t *testing.T, invite *sip.Request) ident {
	t.Helper()
	d, err := newInbound(invite, "ours", parsedURI(t, "sip:192.0.2.1:5060"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// theirRequest is one within the dialog of anInvite.
func theirRequest(t interface{ Fatalf(string, ...any) }, method sip.RequestMethod, seq uint32, fields ...string) *sip.Request {
	return parsedRequest(t, fmt.Sprintf(`%s sip:192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK8;rport
From: <sip:2005@carrier.example>;tag=theirs
To: <sip:+16045550123@pbx.example.net>;tag=ours
Call-ID: c7@carrier.example
CSeq: %d %s
`, method, seq, method)+strings.Join(fields, "\n"))
}

func TestInvitesWithoutADialogAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		invite *sip.Request
		lacks  string // "" if it is fine
	}{
		{"whole", anInvite(t, theirContact), ""},
		{"a phone number", parsedRequest(t, "INVITE tel:+16045550123 SIP/2.0\nFrom: <tel:+5511987654321>\nTo: <tel:+16045550123>\nCall-ID: 1\nCSeq: 0 INVITE\nm: sip:192.0.2.9"), ""},
		{"no Contact", anInvite(t), "Contact"},
		{"a Contact of anybody", anInvite(t, "Contact: *"), "Contact"},
		{"no From", parsedRequest(t, "INVITE sip:a SIP/2.0\nTo: <sip:a>\nCall-ID: 1\nCSeq: 1 INVITE\n"+theirContact), "From"},
		{"no To", parsedRequest(t, "INVITE sip:a SIP/2.0\nFrom: <sip:a>\nCall-ID: 1\nCSeq: 1 INVITE\n"+theirContact), "To"},
		{"no Call-ID", parsedRequest(t, "INVITE sip:a SIP/2.0\nFrom: <sip:a>\nTo: <sip:a>\nCSeq: 1 INVITE\n"+theirContact), "Call-ID"},
		{"no CSeq", parsedRequest(t, "INVITE sip:a SIP/2.0\nFrom: <sip:a>\nTo: <sip:a>\nCall-ID: 1\n"+theirContact), "CSeq"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newInbound(c.invite, "ours", sip.Uri{})
			if c.lacks == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.lacks) || fault.CodeOf(err) != fault.Invalid {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRequestsComeInOrder(t *testing.T) {
	d := calledBy(t, anInvite(t, theirContact))
	for _, c := range []struct {
		method sip.RequestMethod
		seq    uint32
		want   bool
	}{
		{sip.ACK, 7, true},
		{sip.INFO, 6, false},
		{sip.INFO, 8, true},
		{sip.INVITE, 12, true}, // a gap: challenged on the way
		{sip.INFO, 11, false},
		{sip.UPDATE, 13, true},
		{sip.CANCEL, 12, true},
		{sip.ACK, 12, true},
		{sip.BYE, 1<<31 - 1, true},
		{sip.BYE, 1, false},
	} {
		if got := d.receive(theirRequest(t, c.method, c.seq)); got != c.want {
			t.Errorf("%s %d is in order: %t", c.method, c.seq, got)
		}
	}
	if d.receive(parsedRequest(t, "INFO sip:a SIP/2.0\nCall-ID: 1")) {
		t.Error("a request without a CSeq is in order")
	}

	ours := newOutbound(ourCall(t))
	ours.request(sip.INVITE)
	fork := ours.fork(theirResponse(t, 200, theirContact))
	if !fork.receive(theirRequest(t, sip.BYE, 0)) {
		t.Error("their first request may have any CSeq, 0 too")
	}
}

// TestContactIsAsSecureAsTheCall: RFC 3261 sections 8.1.1.8 and 12.1.1.
func TestContactIsAsSecureAsTheCall(t *testing.T) {
	const overTLS, secure, plain = "sip:a@192.0.2.1:5061;transport=tls", "sips:a@192.0.2.1:5061", "sip:a@192.0.2.1:5060"
	for _, c := range []struct {
		name, uri, contact string
		routes             []string
		ours, want         string
	}{
		{"a secure call", "sips:a@b", "sips:c@d", nil, overTLS, secure},
		{"a call from somebody who is secure", "sip:a@b", "sips:c@d", nil, overTLS, secure},
		{"a call by a secure server", "sip:a@b", "sip:c@d", []string{"<sips:p1;lr>", "<sip:p2;lr>"}, overTLS, secure},
		{"a call from behind a server", "sip:a@b", "sips:c@d", []string{"<sip:p1;lr>"}, overTLS, overTLS},
		{"a call over TLS", "sip:a@b", "sip:c@d", nil, overTLS, overTLS},
		{"what others have passed on in the clear", "sips:a@b", "sips:c@d", nil, plain, plain},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "INVITE " + c.uri + " SIP/2.0\nFrom: <sip:c@d>;tag=1\nTo: <sip:a@b>\nCall-ID: 1\nCSeq: 1 INVITE\nContact: <" + c.contact + ">"
			for _, route := range c.routes {
				text += "\nRecord-Route: " + route
			}
			in, err := newInbound(parsedRequest(t, text), "ours", parsedURI(t, c.ours))
			if err != nil {
				t.Fatal(err)
			}
			if got := in.contact.Address.String(); got != c.want {
				t.Errorf("our Contact is %s, want %s", got, c.want)
			}
		})
	}
	for target, want := range map[string]string{"sips:c@d": secure, "sip:c@d;transport=tls": overTLS} {
		o := ourCall(t)
		o.target, o.contact = parsedURI(t, target), parsedURI(t, overTLS)
		out := newOutbound(o)
		if got := out.contact.Address.String(); got != want {
			t.Errorf("to %s our Contact is %s, want %s", target, got, want)
		}
	}
}

func TestTargetIsWhereTheyWereLast(t *testing.T) {
	const moved = "Contact: <sip:moved@192.0.2.10;transport=tcp>"
	for _, c := range []struct {
		name  string
		event func(d *ident)
		want  string
	}{
		{"nothing", func(*ident) {}, "sip:2005@192.0.2.9:5070"},
		{"their INVITE, answered", func(d *ident) { d.answer(theirRequest(t, sip.INVITE, 8, moved)) }, "sip:moved@192.0.2.10;transport=tcp"},
		{"their UPDATE, answered", func(d *ident) { d.answer(theirRequest(t, sip.UPDATE, 8, moved)) }, "sip:moved@192.0.2.10;transport=tcp"},
		{"their INVITE, not answered", func(d *ident) { d.receive(theirRequest(t, sip.INVITE, 8, moved)) }, "sip:2005@192.0.2.9:5070"},
		{"their INVITE without a Contact", func(d *ident) { d.answer(theirRequest(t, sip.INVITE, 8)) }, "sip:2005@192.0.2.9:5070"},
		{"their INFO", func(d *ident) { d.answer(theirRequest(t, sip.INFO, 8, moved)) }, "sip:2005@192.0.2.9:5070"},
		{"our INVITE, answered", func(d *ident) { d.answered(theirResponse(t, 200, moved)) }, "sip:moved@192.0.2.10;transport=tcp"},
		{"the same without a Contact", func(d *ident) { d.answered(theirResponse(t, 200)) }, "sip:2005@192.0.2.9:5070"},
		{"the same with that of anybody", func(d *ident) { d.answered(theirResponse(t, 200, "Contact: *")) }, "sip:2005@192.0.2.9:5070"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := calledBy(t, anInvite(t, theirContact, "Record-Route: <sip:p1;lr>"))
			c.event(&d)
			if got := way(d.request(sip.BYE)); got != c.want+" <sip:p1;lr>" {
				t.Errorf("a BYE goes by %s, want %s", got, c.want)
			}
		})
	}
}

// A call that forks has a dialog with each phone that responds: they share the
// INVITE and nothing else.
func TestForksAreApart(t *testing.T) {
	ours := newOutbound(ourCall(t))
	ours.request(sip.INVITE)
	invite := ours.request(sip.INVITE) // the first was challenged
	one := theirResponse(t, 180, "Contact: <sip:one@192.0.2.9>")
	two := theirResponse(t, 180, "Contact: <sip:two@192.0.2.10>")
	two.To().Params.Add("tag", "others")
	old := theirResponse(t, 180)
	old.To().Params.Remove("tag")
	noTo := theirResponse(t, 180)
	noTo.RemoveHeader("To")
	for _, c := range []struct {
		res  *sip.Response
		want identity
		to   string
		way  string
	}{
		{one, identity{"c1@pbx", "ours", "theirs"}, "<sip:+5511987654321@carrier.example>;tag=theirs", "sip:one@192.0.2.9"},
		{two, identity{"c1@pbx", "ours", "others"}, "<sip:+5511987654321@carrier.example>;tag=others", "sip:two@192.0.2.10"},
		{old, identity{"c1@pbx", "ours", ""}, "<sip:+5511987654321@carrier.example>", "sip:+5511987654321@carrier.example;user=phone"},
		{noTo, identity{"c1@pbx", "ours", ""}, "<sip:+5511987654321@carrier.example>", "sip:+5511987654321@carrier.example;user=phone"},
	} {
		d := ours.fork(c.res)
		update := d.request(sip.UPDATE)
		if d.identity != c.want || update.To().Value() != c.to || way(update) != c.way || update.CSeq().SeqNo != 3 {
			t.Errorf("%v: its UPDATE is\n%s", d.identity, update)
		}
		if ack := d.ack(invite); ack.CSeq().SeqNo != 2 || ack.To().Value() != c.to {
			t.Errorf("%v: its ACK is\n%s", d.identity, ack)
		}
	}
	if again := ours.again(invite); again.CSeq().SeqNo != 3 || again.To().Value() != "<sip:+5511987654321@carrier.example>" {
		t.Errorf("the INVITE is sent again as\n%s", again)
	}
}
