package dialog

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/test/await"
)

// baresip is a telephone that calls a stack over TLS, and stays until the test
// ends. It checks our certificate.
func baresip(t *testing.T, l Listen) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without baresip")
	}
	if _, err := exec.LookPath("baresip"); err != nil {
		t.Fatal("this test needs baresip: install the Debian package baresip (apt-get install baresip, or make deps)")
	}
	folder := t.TempDir()
	server, _ := certificates()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificates[0].Certificate[0]})
	for name, text := range map[string]string{
		"ca.pem": string(ca),
		"config": "module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule_app account.so\nmodule_app menu.so\nnet_interface 127.0.0.1\n" +
			"sip_cafile " + filepath.Join(folder, "ca.pem") + "\nsip_verify_server yes\naudio_source nil,\naudio_player nil,\n",
		"accounts": "<sip:phone@127.0.0.1;transport=tls>;regint=0\n",
		"contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(await.Context(t))
	run := exec.CommandContext(ctx, "baresip", "-f", folder, "-v", "-s", "-e", fmt.Sprintf("/dial sip:500@%s;transport=tls", l.Address))
	var out await.Log
	run.Stdout, run.Stderr = &out, &out
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = run.Wait() // it was killed
		if t.Failed() {
			t.Log(out.String())
		}
	})
}

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
		end, err := s.send(context.Background(), f, d.request(sip.BYE))
		if err != nil {
			t.Error(err)
			return
		}
		over <- await.From(t, "a response to BYE", end.Responses()).StatusCode
	})
	run(t, s)
	baresip(t, s.Addresses()[0])
	if status := await.From(t, "an end of the call", over); status != 200 {
		t.Errorf("BYE was answered by %d", status)
	}
}
