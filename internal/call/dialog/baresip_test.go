package dialog

import (
	"context"
	"encoding/pem"
	"fmt"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/baresip"
)

// TestBaresipHearsOurBYEOnItsTLSConnection: others have sent the BYE over a connection
// of its own, which a telephone takes from nobody
// (https://github.com/emiago/sipgo/issues/361).
func TestBaresipHearsOurBYEOnItsTLSConnection(t *testing.T) {
	over := make(chan int, 1)
	var s *Stack
	s = opening(t, Config{Listen: []Listen{on(TLS, "127.0.0.1")}}, func(req *sip.Request, tx sip.ServerTransaction) {
		f, err := flowOf(req)
		if err != nil {
			t.Error(err)
		}
		d, err := newInbound(req, "ours", uriOf("sip:500@"+s.sentBy(f).String()+";transport=tls"))
		if err != nil {
			t.Error(err)
		}
		acks := make(chan *sip.Request, 1)
		s.dialogs.add(d.identity, func(req *sip.Request, _ sip.ServerTransaction) { acks <- req })
		defer s.dialogs.remove(d.identity)
		res := d.respond(req, 200)
		setBody(res, "application/sdp", []byte(offer))
		if err := tx.Respond(res); err != nil {
			t.Error(err)
		}
		await.From(t, "an ACK", acks)
		f, err = s.hop(context.Background(), f, nowhere)
		if err != nil {
			t.Error(err)
		}
		over <- await.From(t, "a response to BYE", sends(t, s, f, d.request(sip.BYE))).StatusCode
	})
	run(t, s)
	server, _ := certificates()
	phone := baresip.Start(t, baresip.Config{CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificates[0].Certificate[0]})})
	phone.Do("dial", fmt.Sprintf("sip:500@%s;transport=tls", s.Addresses()[0].Address))
	if status := await.From(t, "an end of the call", over); status != 200 {
		t.Errorf("BYE was answered by %d", status)
	}
}
