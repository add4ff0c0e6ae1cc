package dialog

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/sipp"
)

// playsSipp plays a scenario against a stack, twenty times over a network, and fails
// the test if one of them goes differently.
func playsSipp(t *testing.T, s *Stack, scenario, network string) {
	t.Helper()
	program := sipp.Find(t)
	file, err := filepath.Abs(filepath.Join("testdata", "sipp", scenario))
	if err != nil {
		t.Fatal(err)
	}
	mode := map[string]string{UDP: "u1", TCP: "t1"}[network]
	for _, l := range s.Addresses() {
		if l.Network != network {
			continue
		}
		folder := t.TempDir()
		run := exec.CommandContext(await.Context(t), program, "-sf", file, "-m", "20", "-l", "10", "-r", "100",
			"-t", mode, "-i", l.Address.Addr().String(), "-nostdin", "-trace_err", "-error_file", "errors.log", "-s", "500", l.Address.String())
		run.Dir = folder
		out, err := run.CombinedOutput()
		if err != nil {
			wrong, _ := os.ReadFile(filepath.Join(folder, "errors.log")) // there is none where sipp did not begin
			t.Errorf("sipp %s over %s to %s: %v\n%s\n%s", scenario, network, l.Address, err, wrong[:min(len(wrong), 1000)], out[max(0, len(out)-2000):])
		}
	}
}

func TestSippIsToldWhatWeCan(t *testing.T) {
	s := serve(t, Config{Listen: everyWay()}, nil)
	playsSipp(t, s, "calls/options.xml", UDP)
	playsSipp(t, s, "calls/options.xml", TCP)
}

// TestLargeMessagesGoOverUDP: others have refused what is larger than a packet of
// Ethernet (https://github.com/emiago/sipgo/issues/206).
func TestLargeMessagesGoOverUDP(t *testing.T) {
	enlarge := func(m sip.Message) {
		m.AppendHeader(sip.NewHeader("X-Large", strings.Repeat("x", 4000)))
		m.AppendHeader(sip.NewHeader("X-Last", "whole"))
	}
	var s *Stack
	answer := func(req *sip.Request, tx sip.ServerTransaction) {
		f, err := flowOf(req)
		if err != nil {
			t.Error(err)
		}
		d, err := newInbound(req, "ours", uriOf("sip:500@127.0.0.1"))
		if err != nil {
			t.Error(err)
		}
		acks := make(chan *sip.Request, 1)
		s.dialogs.add(d.identity, func(req *sip.Request, _ sip.ServerTransaction) { acks <- req })
		defer s.dialogs.remove(d.identity)
		res := d.respond(req, 200)
		enlarge(res)
		if err := tx.Respond(res); err != nil {
			t.Error(err)
		}
		await.From(t, "an ACK", acks)
		end := d.request(sip.BYE)
		enlarge(end)
		if res := await.From(t, "a response to BYE", sends(t, s, f, end)); res.StatusCode != 200 {
			t.Error(res.StartLine())
		}
	}
	s = opening(t, Config{Listen: []Listen{on(UDP, "127.0.0.1"), on(UDP, "::1"), on(TCP, "127.0.0.1")}}, answer)
	run(t, s)
	playsSipp(t, s, "big_udp.xml", UDP)
	playsSipp(t, s, "big_udp.xml", TCP)
}
