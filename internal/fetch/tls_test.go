package fetch_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/fetch"
)

// secureServer serves f with a certificate for host.example that is valid
// until the given time, and returns the authority to trust.
func secureServer(t *testing.T, until time.Time, f http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"host.example"},
		NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(f)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are what is tested
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return s, roots
}

// to dials one server, whatever the name.
func to(address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}

func TestHTTPS(t *testing.T) {
	s, roots := secureServer(t, time.Now().Add(time.Hour), func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/down":
			http.Redirect(w, r, "http://host.example/plain?NmsAni="+secret, http.StatusFound)
		case "/up":
			http.Redirect(w, r, "/", http.StatusFound)
		default:
			io.WriteString(w, r.Proto)
		}
	})
	c := client(t, fetch.Options{RootCAs: roots, Dial: to(s.Listener.Addr().String())})
	resp, err := get(t, c, "https://host.example/up")
	if err != nil || string(resp.Body) != "HTTP/1.1" {
		t.Fatal(resp, err)
	}
	_, err = get(t, c, "https://host.example/down")
	if e := failed(t, err, fetch.Redirects); e.Message != "https://host.example/down redirects from https to http (http://host.example/plain), "+
		"which would show the call to everyone on the way" || e.Hint == "" {
		t.Errorf("%+v", e)
	}
}

// TestTLSFailures has a row for each way in which TLS does not begin.
func TestTLSFailures(t *testing.T) {
	fine, roots := secureServer(t, time.Now().Add(time.Hour), func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	old, oldRoots := secureServer(t, time.Now().Add(-time.Hour), func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	alone := server(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	for _, row := range []struct {
		name, url, address, sentence string
		roots                        *x509.CertPool
	}{
		{"unknown authority", "https://host.example/", fine.Listener.Addr().String(),
			"the certificate of host.example:443 comes from an authority that this machine does not trust", x509.NewCertPool()},
		{"other name", "https://other.example/", fine.Listener.Addr().String(), "the certificate of other.example:443 is for another name", roots},
		{"expired", "https://host.example/", old.Listener.Addr().String(), "the certificate of host.example:443 has expired or is not valid yet", oldRoots},
		{"plain HTTP", "https://host.example:8080/", alone.Listener.Addr().String(), "host.example:8080 answers in plain HTTP where TLS was expected", roots},
		{"something else", "https://host.example/", listen(t, func(conn net.Conn) {
			conn.Read(make([]byte, 1))
			io.WriteString(conn, "220 mail.example.net ESMTP\r\n")
			io.Copy(io.Discard, conn)
		}), "host.example:443 does not speak TLS", roots},
		{"alert", "https://host.example/", listen(t, func(conn net.Conn) {
			io.ReadFull(conn, make([]byte, 5))
			conn.Write([]byte{0x15, 3, 3, 0, 2, 2, 40})
			io.Copy(io.Discard, conn)
		}), "the TLS handshake with host.example:443 failed", roots},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := get(t, client(t, fetch.Options{RootCAs: row.roots, Dial: to(row.address)}), row.url)
			if e := failed(t, err, fetch.TLS); e.Message != row.sentence || e.Answered {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestHandshakeCut(t *testing.T) {
	_, err := get(t, fetch.New(fetch.Options{Dial: piped(func(conn net.Conn) { io.ReadFull(conn, make([]byte, 5)) })}), "https://host.example/")
	contains(t, failed(t, err, fetch.TLS).Message, "the TLS handshake")
}
