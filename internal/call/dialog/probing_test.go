package dialog

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

func TestProbeFindsWhoAnswers(t *testing.T) {
	for _, network := range []string{UDP, TCP} {
		p := startStation(t, network)
		at := p.Addresses()[0].Address
		if err := Knock(await.Context(t), network, at); err != nil {
			t.Errorf("over %s: %v", network, err)
		}
		p.Drain()
		if err := Knock(await.Context(t), network, at); err != nil {
			t.Errorf("over %s, where calls are refused for now: %v", network, err)
		}
	}
}

func TestProbeFindsNobody(t *testing.T) {
	if err := Knock(await.Context(t), TCP, netip.MustParseAddrPort("127.0.0.1:1")); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("where nobody listens: %v, want that it is unavailable", err)
	}
	deaf, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = deaf.Close() }()
	ctx, giveUp := context.WithCancelCause(await.Context(t))
	patience := errors.New("nobody answers")
	go func() { // ends with the first datagram, or the socket
		_, _, _ = deaf.ReadFromUDPAddrPort(make([]byte, 2048))
		giveUp(patience)
	}()
	if err := Probe(ctx, Hop{Network: UDP, Address: addressOf(deaf.LocalAddr())}); !errors.Is(err, patience) {
		t.Errorf("where nobody answers: %v, want %v", err, patience)
	}
}

func TestProbeWantsTheCertificateThatCallsNeed(t *testing.T) {
	at := serve(t, Config{Listen: []Listen{on(TLS, "127.0.0.1")}}, nil).Addresses()[0].Address
	if err := Knock(await.Context(t), TLS, at); err != nil {
		t.Errorf("where any will do: %v", err)
	}
	for _, name := range []string{"", "sip.carrier.example"} {
		err := Probe(await.Context(t), Hop{Network: TLS, Address: at, Name: name})
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
			t.Errorf("a certificate of no authority, for %q: %v", name, err)
		}
	}
}
