package server_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// registrar answers REGISTER over UDP, until the test ends, and tells for how long it
// was asked to register.
func registrar(t *testing.T, status int) (address string, asked <-chan string) {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	expiries, over := make(chan string, 100), make(chan struct{})
	go func() {
		defer close(over)
		buffer := make([]byte, 65535)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			m, err := sip.ParseMessage(bytes.Clone(buffer[:n]))
			req, ok := m.(*sip.Request)
			if err != nil || !ok || req.Method != sip.REGISTER {
				t.Errorf("the registrar got %v, %v", m, err)
				continue
			}
			expiries <- req.GetHeader("Expires").Value()
			_, _ = packets.WriteTo([]byte(sip.NewResponseFromRequest(req, status, "Whatever", nil).String()), from) // who asked asks again
		}
	}()
	t.Cleanup(func() {
		_ = packets.Close()
		<-over
	})
	return packets.LocalAddr().String(), expiries
}

// trunkTo returns the settings of a trunk that registers.
func trunkTo(address string) map[string]string {
	return map[string]string{
		"core.trunk.0.name": "carrier", "core.trunk.0.address": address, "core.trunk.0.register": "true", "core.trunk.0.options_every": "0",
		"core.trunk.0.username": "2005", "core.trunk.0.password": "secret", "core.sip_allow.0": "192.0.2.0/24",
	}
}

// startTrunk starts a server that registers with a carrier.
func startTrunk(t *testing.T, log *safeLog, address string) *phoneSystem {
	t.Helper()
	return startCoreIn(t, sipSettings(t, t.TempDir(), trunkTo(address)), server.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
}

// The carrier may call although sip_allow names others; when the server stops, it is
// told to send its calls elsewhere.
func TestACarrierIsRegisteredWithUntilTheStop(t *testing.T) {
	var log safeLog
	address, asked := registrar(t, 200)
	s := startTrunk(t, &log, address)
	if expiry := await.From(t, "a registration", asked); expiry != strconv.Itoa(600) {
		t.Errorf("it registers for %s s", expiry)
	}
	await.That(t, "a registration that is told", func() bool {
		return s.metrics(t, "switchhook_trunk_") == "switchhook_trunk_registered 1\nswitchhook_trunk_up 1\n"
	})
	s.lead(t, playing(t, "1", func(*http.Request) {}))
	if ended := handset.Expect[softphone.Ended](s.telephone(t).call("+12125551212")); ended.Status != 0 || !ended.Theirs {
		t.Errorf("the carrier's call ended as %+v", ended.Ended)
	}
	s.stop()
	if expiry := await.From(t, "the end of the registration", asked); expiry != "0" {
		t.Errorf("at the stop it registers for %s s", expiry)
	}
	s.hasStopped(t)
	if text := log.String(); strings.Contains(text, "kind=trunk_down") || !strings.Contains(text, `msg="trunk is up" trunk=carrier`) {
		t.Errorf("the log says\n%s", text)
	}
}

func TestATrunkThatIsDownIsAnAlert(t *testing.T) {
	var log safeLog
	address, asked := registrar(t, 403)
	s := startTrunk(t, &log, address)
	await.From(t, "a registration", asked)
	await.That(t, "an alert", func() bool {
		return strings.Contains(log.String(), `msg=alert kind=trunk_down about=carrier text="The trunk carrier is down: the carrier answers 403 Whatever.`)
	})
	if got := s.metrics(t, "switchhook_trunk_"); got != "switchhook_trunk_registered 0\nswitchhook_trunk_up 0\n" {
		t.Errorf("the metrics are\n%s", got)
	}
}

func TestWithoutATrunkThereAreNoMetricsOfIt(t *testing.T) {
	s := startSIP(t, &safeLog{}, nil)
	if got := s.metrics(t, "switchhook_trunk_"); got != "" {
		t.Errorf("the metrics are\n%s", got)
	}
}
