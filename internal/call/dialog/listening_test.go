package dialog

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

// TestAnINVITEWithACarriersFieldsKeepsThemAll: others have dropped calls for a header
// field that nobody had asked for (https://github.com/livekit/sip/issues/251).
func TestAnINVITEWithACarriersFieldsKeepsThemAll(t *testing.T) {
	got := make(chan *sip.Request, 1)
	s := serve(t, Config{Listen: everyWay()}, func(req *sip.Request, tx sip.ServerTransaction) {
		got <- req
		decline(req, tx)
	})
	head, _, _ := strings.Cut(carriersInvite, "\n\n")
	for i, l := range s.Addresses() {
		text := strings.NewReplacer("z9hG4bK+1b2c", fmt.Sprint("z9hG4bK+", i), "i: 1-2@", fmt.Sprintf("i: 1-%d@", i)).Replace(carriersInvite)
		if res := reach(t, s, i).ask(strings.ReplaceAll(text, "\n", "\r\n")); res.StatusCode != 603 {
			t.Errorf("%s: %s", l.Network, res.StartLine())
			continue
		}
		req := await.From(t, "a call", got)
		var names []string
		for _, h := range req.Headers() {
			names = append(names, strings.ToLower(h.Name()))
		}
		for _, line := range strings.Split(head, "\n")[1:] {
			name, _, field := strings.Cut(line, ":")
			if name = strings.ToLower(strings.TrimSpace(name)); !field || strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") || len(name) == 1 {
				continue
			}
			if !slices.Contains(names, name) {
				t.Errorf("%s: %s is missing", l.Network, name)
			}
		}
		for _, long := range []string{"via", "from", "to", "call-id", "contact", "content-type", "supported", "allow-events", "content-length"} {
			if !slices.Contains(names, long) {
				t.Errorf("%s: %s is missing", l.Network, long)
			}
		}
	}
}

// TestADescriptionIsFoundAmongOtherBodies: others have refused calls with several
// (https://github.com/signalwire/freeswitch/issues/1816).
func TestADescriptionIsFoundAmongOtherBodies(t *testing.T) {
	got := make(chan *sip.Request, 1)
	s := serve(t, Config{}, func(req *sip.Request, tx sip.ServerTransaction) {
		got <- req
		decline(req, tx)
	})
	isup := "Content-Type: application/isup;version=nxv3;base=etsi121\r\nContent-Disposition: signal;handling=optional\r\n\r\n\x01\x00\x40\x00\x0a\r\n"
	location := "Content-Type: application/pidf+xml\r\nContent-ID: <a@b>\r\n\r\n<presence/>\r\n"
	session := "Content-Type: application/sdp\r\n\r\n" + offer + "\r\n"
	for _, boundary := range []string{"boundary=b", `boundary="b"`, `Boundary = "b" ; charset=utf-8`} {
		for _, parts := range [][]string{{session, isup}, {isup, session}, {location, isup, session}, {session}} {
			text := "--b\r\n" + strings.Join(parts, "--b\r\n") + "--b--\r\n"
			res := reach(t, s, 0).ask(message("INVITE", body("multipart/mixed;"+boundary, text)...))
			if res.StatusCode != 603 {
				t.Errorf("%s, %q: %s", boundary, parts, res.StartLine())
				continue
			}
			req := await.From(t, "a call", got)
			found, err := sdp.Part(req.ContentType().Value(), req.Body())
			if err != nil || strings.TrimSpace(string(found)) != strings.TrimSpace(offer) {
				t.Errorf("%s, %q: found %q, %v", boundary, parts, found, err)
			}
		}
	}
}

// TestAnAnswerCanBeRepeatedUntilItsACK is what a dialog needs of sipgo to send its
// 2xx again: the transaction of an answered INVITE stays, over TCP too. Its ACK comes
// to the dialog, whether it has a branch of its own or, as of RFC 2543, that of the
// INVITE.
func TestAnAnswerCanBeRepeatedUntilItsACK(t *testing.T) {
	acks := make(chan bool, 1)
	again := make(chan bool)
	var s *Stack
	s = opening(t, Config{Listen: everyWay()}, func(req *sip.Request, tx sip.ServerTransaction) {
		d, err := newInbound(req, fmt.Sprint("ours-", serial.Add(1)), uriOf("sip:500@127.0.0.1"))
		if err != nil {
			t.Error(err)
		}
		s.dialogs.add(d.identity, func(*sip.Request, sip.ServerTransaction) { acks <- true })
		defer s.dialogs.remove(d.identity)
		for res := d.respond(req, 200); ; {
			if err := tx.Respond(res); err != nil {
				t.Error(err)
			}
			if more := <-again; !more {
				return
			}
		}
	})
	run(t, s)
	for i, l := range s.Addresses() {
		for _, branch := range []string{"z9hG4bK-ack-", "z9hG4bK-"} {
			p := reach(t, s, i)
			text := message("INVITE")
			first := p.ask(text)
			again <- true
			second := p.answer()
			if first.String() != second.String() || first.StatusCode != 200 {
				t.Errorf("over %s the answer was\n%s\nand again\n%s", l.Network, first, second)
			}
			ack := strings.NewReplacer("INVITE", "ACK", "z9hG4bK-", branch, "To: <sip:500@127.0.0.1>", "To: "+first.To().Value()).Replace(text)
			p.send(ack)
			await.From(t, "an ACK", acks)
			again <- false
		}
	}
}

// TestNothingIsLoggedThatIsNotOurs sends numbers, and what cannot be parsed.
func TestNothingIsLoggedThatIsNotOurs(t *testing.T) {
	var log await.Log
	s := serve(t, Config{
		Listen: everyWay()[:2],
		Log:    slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, nil)
	p := reach(t, s, 0)
	p.ask(message("INVITE", with("Require: x2125550100")...))
	for range maxOffences {
		p.send("INVITE sip:2125550100 SIP/2.0\r\nVia: 2125550100\r\n\r\n")
	}
	await.That(t, "a line about the silence", func() bool { return strings.Contains(log.String(), `msg="source silenced"`) })
	for _, secret := range []string{"2125550100", "call-"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s stands in\n%s", secret, &log)
		}
	}
	for _, line := range []string{`msg="request answered" method=INVITE status=420 source=127.0.0.1:`, `source=127.0.0.1/32 for=5m0s`} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("no %s in\n%s", line, &log)
		}
	}
}

func TestTheLargestDatagramIsRead(t *testing.T) {
	s := serve(t, Config{}, nil)
	large := message("OPTIONS", with("X-Large: "+strings.Repeat("x", 60_000))...)
	if res := reach(t, s, 0).ask(large); res.StatusCode != 200 {
		t.Errorf("%d bytes were answered by %s", len(large), res.StartLine())
	}
}
