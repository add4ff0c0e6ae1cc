package server_test

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/softphone"
)

// certify writes a new certificate for this machine, and its key, into a folder.
func certify(t *testing.T, folder string) *x509.Certificate {
	t.Helper()
	pair, err := softphone.SelfSigned(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := softphone.EncodePEM(pair)
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "sip.pem", certificate)
	write(t, folder, "sip.key", key)
	return pair.Leaf
}

func write(t *testing.T, folder, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// shows fails unless the server shows a certificate to those who connect.
func (s *phoneSystem) shows(t *testing.T, want *x509.Certificate) {
	t.Helper()
	trusted := x509.NewCertPool()
	trusted.AddCert(want)
	conn, err := tls.Dial("tcp", s.SIPAddresses()[0].Address.String(), &tls.Config{RootCAs: trusted, ServerName: "127.0.0.1"})
	if err != nil {
		t.Errorf("connecting to SIP over TLS: %v", err)
		return
	}
	_ = conn.Close() // nothing was sent
}

func TestACertificateIsReadAgain(t *testing.T) {
	folder, log := t.TempDir(), &safeLog{}
	first := certify(t, folder)
	more := map[string]string{
		"core.sip.0": "tls://127.0.0.1:0", "core.tls.certificate_file": filepath.Join(folder, "sip.pem"), "core.tls.key_file": filepath.Join(folder, "sip.key"),
	}
	s := startSIP(t, log, more)
	s.shows(t, first)
	reload := func() {
		t.Helper()
		if err := s.Reload(t.Context(), sipSettings(t, s.data, more)); err != nil {
			t.Fatal(err)
		}
	}
	second := certify(t, folder)
	reload()
	s.shows(t, second)
	write(t, folder, "sip.key", []byte("no key"))
	reload()
	s.shows(t, second)
	if said := log.String(); !strings.Contains(said, "certificate of SIP not read; old one stays") || strings.Contains(said, "restart to apply") {
		t.Errorf("the log says\n%s", said)
	}
}

// TestAnExpiredCertificateIsToldOf: those who call refuse it, and the server sees no
// more of that than that they hang up.
func TestAnExpiredCertificateIsToldOf(t *testing.T) {
	folder, log := t.TempDir(), &safeLog{}
	pair, err := softphone.SelfSigned(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	old := *pair.Leaf
	old.NotAfter = time.Now().Add(-time.Hour)
	old.NotBefore = old.NotAfter.Add(-time.Hour)
	signer := pair.PrivateKey.(crypto.Signer)
	if pair.Certificate[0], err = x509.CreateCertificate(rand.Reader, &old, &old, signer.Public(), signer); err != nil {
		t.Fatal(err)
	}
	certificate, key, err := softphone.EncodePEM(pair)
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "sip.pem", certificate)
	write(t, folder, "sip.key", key)
	startSIP(t, log, map[string]string{
		"core.sip.0": "tls://127.0.0.1:0", "core.tls.certificate_file": filepath.Join(folder, "sip.pem"), "core.tls.key_file": filepath.Join(folder, "sip.key"),
	})
	if said := log.String(); !strings.Contains(said, "certificate of SIP has expired") {
		t.Errorf("the log says\n%s", said)
	}
}
