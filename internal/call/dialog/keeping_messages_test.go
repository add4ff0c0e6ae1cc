package dialog

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/test/await"
)

// rungs are the messages of a call, each in a few words.
func rungs(h *handset) []string {
	all, _, _ := h.Messages()
	var texts []string
	for _, m := range all {
		arrow := "<-"
		if m.Ours {
			arrow = "->"
		}
		_, method, _ := strings.Cut(m.CSeq, " ")
		texts = append(texts, fmt.Sprintf("%s %s (%s)", arrow, m.First, method))
	}
	return texts
}

// TestEachSideKeepsTheMessagesOfACall calls by connections that were accepted, and by
// those that were made.
func TestEachSideKeepsTheMessagesOfACall(t *testing.T) {
	for _, network := range []string{UDP, TCP} {
		t.Run(network, func(t *testing.T) {
			a, b := startStation(t, network), startStation(t, network)
			out := a.dial(b.uri("+12125551212"))
			in := b.next()
			in.Ring(180, nil)
			in.Answer(ours(5000))
			await.That(t, "the ACK", func() bool { return strings.Contains(strings.Join(rungs(in), " "), "ACK") })
			in.Hangup(engine.Normal)
			await.That(t, "the response to BYE", func() bool { return len(rungs(in)) == 7 && len(rungs(out)) == 7 })
			for _, c := range []struct {
				call       *handset
				to, from   string
				peer, mine netip.AddrPort
			}{{out, "->", "<-", b.Addresses()[0].Address, netip.AddrPort{}}, {in, "<-", "->", netip.AddrPort{}, b.Addresses()[0].Address}} {
				want := []string{
					c.to + " INVITE (INVITE)", c.from + " 100 Trying (INVITE)", c.from + " 180 Ringing (INVITE)", c.from + " 200 OK (INVITE)", c.to + " ACK (ACK)",
					c.from + " BYE (BYE)", c.to + " 200 OK (BYE)",
				}
				if diff := cmp.Diff(want, rungs(c.call)); diff != "" {
					t.Errorf("messages (-want +got):\n%s", diff)
				}
				all, _, lost := c.call.Messages()
				if lost != 0 || all[0].Network != network || all[0].Times != 1 || c.peer.IsValid() && all[0].Peer != c.peer {
					t.Errorf("the first of them is %+v; %d are lost", all[0], lost)
				}
				if all[0].Text == "" || strings.Contains(all[0].Text, "12125551212") || !strings.Contains(all[0].Text, "INVITE sip:+1212•••1212@127.0.0.1") || !strings.Contains(all[0].Text, "\nm=audio 4000 ") {
					t.Errorf("it says\n%s", all[0].Text)
				}
			}
		})
	}
}

// TestWhatTheTransactionsSendIsKept: the ACK of a refusal, which no call sends, and the
// response to a request that no call is told of.
func TestWhatTheTransactionsSendIsKept(t *testing.T) {
	for _, network := range []string{UDP, TCP} {
		t.Run(network, func(t *testing.T) {
			a, b := startStation(t, network), startStation(t, network)
			refused := a.dial(b.uri("+12125551212"))
			b.next().Hangup(engine.Busy)
			await.From(t, "an end", refused.Gone())
			if got := rungs(refused); !slices.Contains(got, "-> ACK (ACK)") {
				t.Errorf("messages: %q", got)
			}

			out := a.dial(b.uri("+12125551212"))
			in := b.next()
			in.Answer(ours(5000))
			await.That(t, "the ACK", func() bool { return slices.Contains(rungs(in), "<- ACK (ACK)") })
			in.do(func() {
				if _, err := b.send(context.Background(), in.dialog.flow, in.dialog.request(sip.OPTIONS), nobody); err != nil {
					t.Error(err)
				}
			})
			await.That(t, "the response", func() bool {
				return slices.Contains(rungs(in), "<- 200 OK (OPTIONS)") && slices.Contains(rungs(out), "-> 200 OK (OPTIONS)")
			})
		})
	}
}

func TestWhatIsSentAgainIsOneMessage(t *testing.T) {
	var l ladder
	peer := netip.MustParseAddrPort("192.0.2.1:5060")
	invite := []byte("INVITE sip:a@b SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n")
	for range 3 {
		l.note(Message{Ours: true, Network: UDP, Peer: peer}, invite)
	}
	l.note(Message{Network: UDP, Peer: peer}, invite) // which came back
	all, _, _ := l.messages()
	if len(all) != 2 || all[0].Times != 3 || all[1].Times != 1 {
		t.Errorf("messages: %+v", all)
	}
}

// TestTheFirstAndTheLastMessagesAreKept notes many messages, and long ones.
func TestTheFirstAndTheLastMessagesAreKept(t *testing.T) {
	for _, size := range []int{100, 1500, 9000} {
		var l ladder
		for i := range 1000 {
			raw := fmt.Sprintf("INFO sip:a@b SIP/2.0\r\nCSeq: %d INFO\r\nX: %s\r\n\r\n", i, strings.Repeat("x", size))
			l.note(Message{At: time.UnixMilli(int64(i))}, []byte(raw))
		}
		all, first, lost := l.messages()
		bytes := 0
		for i, m := range all {
			if m.CSeq != fmt.Sprintf("%d INFO", i) && i < first || m.CSeq != fmt.Sprintf("%d INFO", 1000-len(all)+i) && i >= first {
				t.Errorf("message %d is %s", i, m.CSeq)
			}
			bytes += min(size, maxLadderMessage)
		}
		if len(all) > maxMessages || bytes > maxLadder || first == 0 || len(all) == first || len(all)+lost != 1000 {
			t.Errorf("of %d bytes each, %d messages are kept, %d of them the first, and %d are lost", size, len(all), first, lost)
		}
	}
}

func TestMessagesShowNoNumberAndNoSecret(t *testing.T) {
	raw := strings.ReplaceAll(`INVITE sip:+12125551212@192.0.2.7;transport=udp SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1234567890
f: "Jane 6175550100" <sip:+16175550100@carrier.example>;tag=1
To: <tel:+12125551212>
Call-ID: 1234567890@192.0.2.1
CSeq: 1234567890 INVITE
P-Asserted-Identity: <sip:6175550100@carrier.example>
Authorization: Digest username="secret",
 response="secret"
proxy-authorization : Digest secret
Identity: secret.secret
Content-Type: application/sdp
Diversion: <sip:6175550101@carrier.example>
 ;reason=6175550102

v=0
o=6175550100 1 1 IN IP4 192.0.2.1
s=6175550103
c=IN IP4 192.0.2.1
m=audio 40000 RTP/SAVP 0
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret
A=ICE-PWD:secret
k=clear:secret
`, "\n", "\r\n")
	m := (&rung{raw: []byte(raw)}).read()
	want := `INVITE sip:+1212•••1212@192.0.2.7;transport=udp SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1234567890
f: "Jane 617•••0100" <sip:+1617•••0100@carrier.example>;tag=1
To: <tel:+1212•••1212>
Call-ID: 1234567890@192.0.2.1
CSeq: 1234567890 INVITE
P-Asserted-Identity: <sip:617•••0100@carrier.example>
Authorization: <left out>
proxy-authorization : <left out>
Identity: <left out>
Content-Type: application/sdp
Diversion: <sip:617•••0101@carrier.example>
 ;reason=617•••0102

v=0
o=617•••0100 1 1 IN IP4 192.0.2.1
s=617•••0103
c=IN IP4 192.0.2.1
m=audio 40000 RTP/SAVP 0
a=crypto:<left out>
a=ice-pwd:<left out>
k=<left out>`
	if diff := cmp.Diff(want, m.Text); diff != "" {
		t.Errorf("it is shown as (-want +got):\n%s", diff)
	}
	if m.First != "INVITE" || m.CSeq != "1234567890 INVITE" {
		t.Errorf("it is %q, %q", m.First, m.CSeq)
	}
}

// TestOtherBodiesAreNotShown has the keys that a caller pressed, and half a message.
func TestOtherBodiesAreNotShown(t *testing.T) {
	for _, raw := range []string{
		"INFO sip:a@b SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\n", "INFO sip:a@b SIP/2.0\r\nX-Long: 1",
	} {
		if text := (&rung{raw: []byte(raw)}).read().Text; strings.Contains(text, "Signal") || !strings.HasSuffix(text, "\n\n<left out>") {
			t.Errorf("it is shown as %q", text)
		}
	}
}

func FuzzMessagesAreShown(f *testing.F) {
	for _, seed := range []string{"", "\r\n\r\n", "SIP/2.0 200 OK\r\nAuthorization: secret\r\n secret\r\n\r\nv=0\r\n", "A\r\n: \r\n\t\r\nc:application/sdp\r\n\r\nk=\r\n"} {
		f.Add(seed, "6175550100")
	}
	f.Fuzz(func(t *testing.T, raw, secret string) {
		if strings.ContainsAny(secret, "\r\n") || len(secret) < 8 || strings.Contains(raw, secret) {
			return
		}
		m := (&rung{raw: []byte("INVITE sip:a SIP/2.0\r\nAuthorization: " + secret + "\r\n" + raw)}).read()
		if strings.Contains(m.Text, secret) && !strings.Contains(leftOut, secret) {
			t.Errorf("%q shows %q", m.Text, secret)
		}
	})
}
