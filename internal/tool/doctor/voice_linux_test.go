package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/test/await"
)

// voiceSettings writes the settings of a server that takes calls over SIP, with more
// lines of [core].
func voiceSettings(t *testing.T, listen, sip, more string) (path string) {
	t.Helper()
	folder := t.TempDir()
	path = filepath.Join(folder, "switchhook.toml")
	write(t, path, fmt.Sprintf("listen = %q\ndata = %q\n[core]\ndomain = \"example.net\"\nsip = [%q]\nmax_calls = 10\nmedia_ports = \"31000-31039\"\n%s\n", listen, filepath.ToSlash(folder), sip, more))
	return path
}

// serveVoice serves what a settings file says, with free ports, and returns another
// file with the ports that it got.
func serveVoice(t *testing.T, more string) (path string) {
	t.Helper()
	settings, err := config.Load(config.Sources{Path: voiceSettings(t, "127.0.0.1:0", "udp://127.0.0.1:0", more)})
	if err != nil {
		t.Fatal(err)
	}
	a, err := server.New(t.Context(), settings, server.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }() // ends with stop, which the cleanup waits for
	t.Cleanup(func() {
		stop()
		if err := await.From(t, "the end of the server", ended); err != nil {
			t.Error(err)
		}
	})
	return voiceSettings(t, a.Address(), a.SIPAddresses()[0].String(), more)
}

func TestAddressesOfSIPAreTried(t *testing.T) {
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	for name, c := range map[string]struct {
		path  func(t *testing.T) string
		fails bool
		want  []string
	}{
		"nobody listens": {func(t *testing.T) string { return voiceSettings(t, "127.0.0.1:0", "tcp://127.0.0.1:0", "") }, false,
			[]string{"ok    sip          tcp://127.0.0.1:0 is free"}},
		"another program listens": {func(t *testing.T) string {
			return voiceSettings(t, "127.0.0.1:0", "udp://"+other.LocalAddr().String(), "")
		}, true,
			[]string{"fail  sip          udp://" + other.LocalAddr().String() + " cannot be listened on", "end what listens there, or choose another address: core.sip"}},
		"our server listens": {func(t *testing.T) string { return serveVoice(t, "external_address = \"127.0.0.1\"") }, false,
			[]string{": a server of ours answers", "ok    external     127.0.0.1:"}},
		"our server hears others alone": {func(t *testing.T) string { return serveVoice(t, "sip_allow = [\"192.0.2.1\"]") }, false,
			[]string{"ok    sip          udp://127.0.0.1:", "sip_allow does not let this machine ask"}},
		"the router leads elsewhere": {func(t *testing.T) string { return serveVoice(t, "external_address = \"127.0.0.9\"") }, false,
			[]string{"warn  external     127.0.0.9:", "does not answer from here: ", "let the router and the firewall pass on port "}},
		"nothing runs": {func(t *testing.T) string {
			return voiceSettings(t, "127.0.0.1:0", "udp://127.0.0.77:5060", "external_address = \"127.0.0.77\"")
		}, false,
			[]string{"warn  external     nobody can answer at 127.0.0.77:5060 while the server does not run"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most wait for an answer that does not come
			examine(t, c.path(t)).wants(t, c.fails, c.want...)
		})
	}
}

func TestPortsForSoundAreTried(t *testing.T) {
	path := voiceSettings(t, "127.0.0.1:0", "tcp://127.0.0.1:0", "")
	examine(t, path).wants(t, false, "ok    media ports  31000-31039 are free", "files", "priority", "buffers      net.core.rmem_max is ")
	other, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:31007")))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	examine(t, path).wants(t, false, "warn  media ports  other programs use 1 of 31000-31039: 31007")
}

// TestPortsThatOthersMayGet has media_ports among those that the kernel gives to any
// program that asks for a port.
func TestPortsThatOthersMayGet(t *testing.T) {
	lent, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		t.Fatal(err)
	}
	var first int
	if _, err := fmt.Sscan(string(lent), &first); err != nil {
		t.Fatal(err)
	}
	ports := fmt.Sprintf("%d-%d", first, first+39)
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_reserved_ports"); err != nil || strings.TrimSpace(string(text)) != "" {
		t.Skipf("this machine reserves ports: %s, %v", text, err)
	}
	path := filepath.Join(t.TempDir(), "switchhook.toml")
	write(t, path, "listen = \"127.0.0.1:0\"\ndata = \"data\"\n[core]\ndomain = \"example.net\"\nsip = [\"tcp://127.0.0.1:0\"]\nmax_calls = 10\nmedia_ports = \""+ports+"\"\n")
	examine(t, path).wants(t, false, "warn  media ports  the system gives some of "+ports+" to any program that asks for a port", "write net.ipv4.ip_local_reserved_ports = "+ports+" into")
}

// writeCertificate writes a certificate that is good between two times, and its key.
func writeCertificate(t *testing.T, from, until time.Time) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	coded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certificate, key = filepath.Join(folder, "sip.pem"), filepath.Join(folder, "sip.key")
	write(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: coded})))
	return certificate, key
}

func TestTheCertificateOfSIPIsRead(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	for name, c := range map[string]struct {
		from, until time.Time
		fails       bool
		want        []string
	}{
		"good":      {now.Add(-day), now.Add(90 * day), false, []string{"ok    sip tls      the certificate ", "is good until " + now.Add(90*day).UTC().Format(time.DateOnly)}},
		"ends soon": {now.Add(-day), now.Add(13 * day), false, []string{"warn  sip tls      the certificate ", "renew it, and send SIGHUP to the server"}},
		"over":      {now.Add(-90 * day), now.Add(-day), true, []string{"fail  sip tls      the certificate ", "was good until "}},
		"not yet":   {now.Add(day), now.Add(90 * day), true, []string{"fail  sip tls      the certificate ", "check the clock"}},
	} {
		t.Run(name, func(t *testing.T) {
			certificate, key := writeCertificate(t, c.from, c.until)
			files := fmt.Sprintf("[core.tls]\ncertificate_file = %q\nkey_file = %q\n", certificate, key)
			examine(t, voiceSettings(t, "127.0.0.1:0", "tls://127.0.0.1:0", files)).wants(t, c.fails, c.want...)
		})
	}
	t.Run("missing", func(t *testing.T) {
		files := "[core.tls]\ncertificate_file = \"nowhere.pem\"\nkey_file = \"nowhere.key\"\n"
		examine(t, voiceSettings(t, "127.0.0.1:0", "tls://127.0.0.1:0", files)).wants(t, true, "fail  sip tls      the certificate ", "both are files in PEM that belong together")
	})
}

func TestTheCarriersServersAreAsked(t *testing.T) {
	nobody, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}) // who does not answer
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nobody.Close() })
	carrier, err := config.Load(config.Sources{Path: serveVoice(t, "")}) // one of ours answers as a carrier does
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		carrier.Core.Voice.SIP[0].Address.String(): "ok    trunk        " + carrier.Core.Voice.SIP[0].Address.String() + " of " + carrier.Core.Voice.SIP[0].Address.String() + " answers over udp",
		nobody.LocalAddr().String():                "warn  trunk        " + nobody.LocalAddr().String() + " of " + nobody.LocalAddr().String() + " does not answer over udp",
		"nowhere.invalid:5060":                     "fail  trunk        no server of nowhere.invalid:5060 is found: ",
	} {
		more := fmt.Sprintf("[[core.trunk]]\nname = \"carrier\"\naddress = %q\n", address)
		examine(t, voiceSettings(t, "127.0.0.1:0", "udp://127.0.0.1:0", more)).wants(t, strings.HasPrefix(want, "fail"), want)
	}
}

// The carrier's certificate is for nobody in particular, and of no authority.
func TestTheCarriersCertificateIsChecked(t *testing.T) {
	certificate, key := writeCertificate(t, time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour))
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	carrier, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = carrier.Close() })
	go func() { // ends when the listener is closed
		for {
			conn, err := carrier.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1)) // the handshake fails
			_ = conn.Close()
		}
	}()
	at := carrier.Addr().String()
	more := fmt.Sprintf("[core.tls]\ncertificate_file = %q\nkey_file = %q\n[[core.trunk]]\nname = \"carrier\"\naddress = %q\ntransport = \"tls\"\n", certificate, key, at)
	examine(t, voiceSettings(t, "127.0.0.1:0", "tls://127.0.0.1:0", more)).wants(t, true,
		"fail  trunk        the certificate of "+at+" is not one for calls to "+at+": ", "update-ca-certificates")
}
