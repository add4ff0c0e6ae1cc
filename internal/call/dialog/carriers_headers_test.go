package dialog

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

// carriersInvite has what carriers, border controllers and IMS cores put into an
// INVITE and nobody has asked for: unknown, folded, compact, empty, in UTF-8.
const carriersInvite = `INVITE sip:+16045550123;npdi;rn=+16045550000@pbx.example.net:5060;user=phone;transport=udp SIP/2.0
v: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK+1b2c;rport;oc;keep
V: SIP/2.0/TCP ims.example;branch=z9hG4bK2,
  SIP/2.0/SCTP [2001:db8::5]:5060;branch=z9hG4bK3;received=2001:db8::6
Record-Route: <sip:sbc.example;lr;ftag=a1;did=6f.2;vsf=AAA-->,
	<sip:icscf.ims.example:6060;lr=on>
f: "José, \"Übung\"" <sip:+5511987654321;verstat=TN-Validation-Passed-A@carrier.example;user=phone>;tag=gK0c
t: <sip:+16045550123@pbx.example.net;user=phone>
i: 1-2@198.51.100.1
cseq: 1 INVITE
m: <sip:+5511987654321@198.51.100.1:5060;transport=udp;+g.x=y>;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel";audio
max-forwards:  66
c: application/sdp
k: 100rel, timer,
   histinfo
P-Charging-Vector: icid-value=1234bc9876e;icid-generated-at=192.0.6.8;orig-ioi=home1.net
P-Charging-Function-Addresses: ccf=192.0.8.1; ecf=192.0.8.3
P-Asserted-Identity: "José" <sip:+5511987654321@carrier.example>
P-Asserted-Identity: <tel:+5511987654321>
P-Preferred-Identity: <sip:a@b>
P-Access-Network-Info: 3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=234151D0FCE11
P-Visited-Network-ID: "Visited network number 1"
P-Called-Party-ID: <sip:+16045550123@pbx.example.net>
P-Early-Media: supported
P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.mmtel
P-Served-User: <sip:user@example.com>; sescase=orig; regstate=reg
Accept-Contact: *;+g.3gpp.icsi-ref="urn%3Aurn-7";require;explicit
Reject-Contact: *;automata
Request-Disposition: no-fork
Privacy: none
Remote-Party-ID: "José" <sip:+5511987654321@carrier.example>;party=calling;screen=yes;privacy=off
Diversion: <sip:+16045559999@x.example>;reason=unconditional;counter=1
History-Info: <sip:a@b>;index=1, <sip:c@d;cause=302>;index=1.1
Identity: eyJhbGciOiJFUzI1NiJ9.e30.c2ln;info=<https://cert.example/a.pem>;alg=ES256;ppt=shaken
Date: Mon, 30 Nov 2026 17:00:00 GMT
Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000
Session-Expires: 1800;refresher=uac
Min-SE: 90
Allow: INVITE, ACK, CANCEL, BYE
Allow-Events: talk, hold
u: conference
Alert-Info: <http://www.example.com/sounds/moo.wav>
Call-Info: <http://w.example/p.jpg> ;purpose=icon
User-Agent: Oracle SBC (a (b) c) ÄÖ日本
Subject:
s: Folded
	twice
 over
Organization: 株式会社
User-to-User: 56a390f3d2b7310023a2;encoding=hex;purpose=foo;content=bar
Geolocation: <cid:target123@atlanta.example.com>
Geolocation-Routing: no
Feature-Caps: *;+g.3gpp.srvcc="<sip:a@b>"
X-Empty:
X-Colons: a:b::c
X-Quotes: "unfinished
x-lower_case.and+odd!name: 1
Recv-Info: g.3gpp.mid-call
Target-Dialog: fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544
Answer-Mode: Manual
Priority: emergency
Resource-Priority: ets.0, wps.1
Reason: Q.850;cause=16;text="Terminated"
MIME-Version: 1.0
Content-Disposition: session;handling=required
l: 5

v=0
`

func TestCarriersHeadersHurtNoCall(t *testing.T) {
	msg, err := sip.ParseMessage([]byte(strings.ReplaceAll(carriersInvite, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	invite, ok := msg.(*sip.Request)
	if !ok {
		t.Fatalf("it is a %T", msg)
	}
	if string(invite.Body()) != "v=0\r\n" {
		t.Errorf("the body is %q", invite.Body())
	}

	invite.SetSource("127.0.20.1:40000")
	d := calledBy(t, invite)
	if want := (identity{"1-2@198.51.100.1", "ours", "gK0c"}); d.identity != want {
		t.Errorf("the dialog is %v, want %v", d.identity, want)
	}
	var vias []string
	for _, h := range d.respond(invite, 200).GetHeaders("Via") {
		vias = append(vias, h.Value())
	}
	if diff := cmp.Diff([]string{
		"SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK+1b2c;rport=40000;oc;keep;received=127.0.20.1",
		"SIP/2.0/TCP ims.example;branch=z9hG4bK2",
		"SIP/2.0/SCTP [2001:db8::5]:5060;branch=z9hG4bK3;received=2001:db8::6",
	}, vias); diff != "" {
		t.Errorf("Via of a response (-want +got):\n%s", diff)
	}
	bye := d.request(sip.BYE)
	if diff := cmp.Diff(`sip:+5511987654321@198.51.100.1:5060;transport=udp;+g.x=y <sip:sbc.example;lr;ftag=a1;did=6f.2;vsf=AAA--> <sip:icscf.ims.example:6060;lr=on>`, way(bye)); diff != "" {
		t.Errorf("a BYE goes by (-want +got):\n%s", diff)
	}
	if got, want := bye.To().Value(), invite.From().Value(); got != want {
		t.Errorf("a BYE is to %s, want %s", got, want)
	}
}

func TestCarriersHeadersAreKept(t *testing.T) {
	msg, err := sip.ParseMessage([]byte(strings.ReplaceAll(carriersInvite, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(carriersInvite, "\n\n")
	_, head, _ = strings.Cut(head, "\n")
	for _, fold := range []string{"\n\t", "\n   ", "\n  ", "\n "} {
		head = strings.ReplaceAll(head, fold, " ")
	}
	kept := 0
	for line := range strings.SplitSeq(head, "\n") {
		name, value, _ := strings.Cut(line, ":")
		if !strings.Contains(name, "-") && len(name) < 3 {
			continue // compact, and read: it has another name now
		}
		found := false
		for _, h := range msg.GetHeaders(name) {
			found = found || h.Value() == strings.TrimSpace(value)
		}
		switch {
		case found:
			kept++
		case name != "Record-Route":
			t.Errorf("%s: %s is lost", name, value)
		}
	}
	if kept < 40 {
		t.Errorf("%d header fields are kept", kept)
	}
}
