package dialog

import (
	"runtime"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

func TestClosingEndsAllThatWasBegun(t *testing.T) {
	certificates()
	before := runtime.NumGoroutine()
	ended := make(chan string, 10)
	s := opening(t, Config{Listen: everyWay()}, func(req *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(req, 180, "Ringing", nil)) // the peer waits for it
		<-tx.Done()
		ended <- req.CallID().Value()
	})
	stop := run(t, s)
	peers := make([]*peer, len(everyWay()))
	for i := range peers {
		peers[i] = reach(t, s, i)
		if res := peers[i].ask(message("INVITE")); res.StatusCode != 180 {
			t.Fatal(res.StartLine())
		}
	}
	idle := reach(t, s, 1)
	stop()
	for range peers {
		await.From(t, "an end of a call", ended)
	}
	for i, l := range everyWay() {
		if l.Network != UDP && !peers[i].gone() {
			t.Errorf("the connection to %v is open", l)
		}
	}
	if !idle.gone() {
		t.Error("a connection without a message is open")
	}
	await.That(t, "an end of the goroutines", func() bool { return runtime.NumGoroutine() <= before })
	if s.gate.total != 0 || len(s.gate.connections) != 0 || len(s.arrivals.here) != 0 {
		t.Errorf("left are %d connections and %d calls", s.gate.total, len(s.arrivals.here))
	}
	if _, err := s.send(t.Context(), flow{network: UDP, local: s.Addresses()[0].Address, peer: s.Addresses()[0].Address}, bye(), nobody); err == nil {
		t.Error("a request was sent by a socket that is closed")
	}
}

func TestASocketThatIsTakenClosesTheOthers(t *testing.T) {
	s := opening(t, Config{Listen: []Listen{on(TCP, "127.0.0.1"), on(TCP, "127.0.0.1")}}, nil)
	taken := s.listens[1].Address
	s.listens[0].close()
	free := s.listens[0].Address
	_, err := newStack(Config{Listen: []Listen{{Network: TCP, Address: free}, {Network: TCP, Address: taken}}}, nil)
	if err == nil || !strings.Contains(err.Error(), "listen for SIP at "+taken.String()+" over TCP") {
		t.Errorf("the error is %v", err)
	}
	again, err := newStack(Config{Listen: []Listen{{Network: TCP, Address: free}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	again.closeSockets()
	s.closeSockets()
	for _, network := range []string{"sctp", TLS} { // of TLS, there is no certificate
		if _, err := newStack(Config{Listen: []Listen{on(network, "127.0.0.1")}}, nil); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("SIP over %s: %v", network, err)
		}
	}
}
