package packaging_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// proxies are the examples, and how the tests start each.
var proxies = map[string]func(t *testing.T, upstream string) *proxy{"caddy": startCaddy, "haproxy": func(t *testing.T, upstream string) *proxy { return startHAProxy(t, upstream) }}

// eachProxy runs a test with each proxy before an upstream.
func eachProxy(t *testing.T, upstream func(t *testing.T) string, test func(t *testing.T, p *proxy)) {
	for name, start := range proxies {
		t.Run(name, func(t *testing.T) { test(t, start(t, upstream(t))) })
	}
}

// proxy is one that runs as its example says, except for names and ports.
type proxy struct {
	t       *testing.T
	address string // where it takes TLS
	log     *await.Log
}

// startCaddy starts Caddy with the example.
func startCaddy(t *testing.T, upstream string) *proxy {
	t.Helper()
	p := &proxy{t: t, address: freeAddress(t), log: &await.Log{}}
	folder := t.TempDir()
	certificate := certify(t)
	config := replace(t, "Caddyfile",
		"hooks.example.net {", "https://"+p.address+" {\n\ttls "+certificate+" "+certificate,
		"127.0.0.1:5100", upstream,
		"\t# Requests that fail are told here too.\n", "\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system "+folder+"\n",
	)
	p.run([]string{"HOME=" + folder}, "caddy", "run", "--adapter", "caddyfile", "--config", write(t, filepath.Join(folder, "Caddyfile"), config))
	return p
}

// startHAProxy starts HAProxy with the example after the distribution's own
// configuration. In the example, more is replaced pair by pair.
func startHAProxy(t *testing.T, upstream string, more ...string) *proxy {
	t.Helper()
	p := &proxy{t: t, address: freeAddress(t), log: &await.Log{}}
	folder := t.TempDir()
	config := replace(t, "haproxy.cfg", append(more,
		"bind :::80 v4v6", "bind "+freeAddress(t),
		"bind :::443 v4v6", "bind "+p.address,
		"/etc/haproxy/hooks.example.net.pem", certify(t),
		"127.0.0.1:5100", upstream,
	)...)
	defaults := write(t, filepath.Join(folder, "defaults.cfg"), `global
	log stdout format raw local0 debug
defaults
	log global
	timeout connect 5s
	timeout client 50s
	timeout server 50s
`)
	p.run(nil, "haproxy", "-db", "-f", defaults, "-f", write(t, filepath.Join(folder, "haproxy.cfg"), config))
	return p
}

// replace returns an example with some of it replaced, pair by pair. Each text
// to be replaced must occur once.
func replace(t *testing.T, example string, pairs ...string) string {
	t.Helper()
	text := read(t, example)
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) != 1 {
			t.Fatalf("%s has %q %d times", example, pairs[i], strings.Count(text, pairs[i]))
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// run starts the proxy and waits until it listens.
func (p *proxy) run(environ []string, name string, args ...string) {
	p.t.Helper()
	start(p.t, p.log, environ, name, args...)
	awaitListener(p.t, p.address, p.log)
}

// start starts a program that ends with the test.
func start(t *testing.T, log io.Writer, environ []string, name string, args ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without " + name)
	}
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Env = append(os.Environ(), environ...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = await.Limit
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make deps installs it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// awaitListener waits until something listens at an address.
func awaitListener(t *testing.T, address string, log *await.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("nothing listens at %s: %v\n%s", address, err, log)
		case <-again.C:
		}
	}
}

// freeAddress goes on from firstPort. Systems give connections of their own choice
// ports from 32768 on: one of those may be taken before it is used.
var (
	firstPort  = 10_000 + mathrand.Int32N(20_000)
	portsTried atomic.Int32
)

// freeAddress returns an address of this machine that nothing listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+portsTried.Add(1))
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		if err == nil {
			_ = listener.Close()
			return address
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}

// caller is another address of this machine to ask from, which differs from the
// proxy's.
const caller = "127.0.0.9"

// client returns one that asks from an address.
func client(from string) *http.Client {
	return &http.Client{
		Timeout:       await.Limit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // the certificate is the test's own
			ForceAttemptHTTP2: true,
			DisableKeepAlives: true,
		},
	}
}

// ask asks the proxy, and returns the answer's status and body.
func (p *proxy) ask(method, path string, header http.Header) (status int, body string) {
	p.t.Helper()
	response := p.do(p.t.Context(), method, path, header)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (p *proxy) do(ctx context.Context, method, path string, header http.Header) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, "https://"+p.address+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	maps.Copy(request.Header, header)
	response, err := client(caller).Do(request)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.log)
	}
	return response
}

// logged waits until the proxy has written something down, and returns all that
// it has.
func (p *proxy) logged(what string) string {
	p.t.Helper()
	late := time.NewTimer(await.Limit)
	defer late.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if text := p.log.String(); strings.Contains(text, what) {
			return text
		}
		select {
		case <-late.C:
			p.t.Fatalf("the proxy does not write down %q:\n%s", what, p.log)
		case <-again.C:
		}
	}
}

// certify writes a certificate for this machine with its key into one file.
func certify(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hooks.example.net"}, DNSNames: []string{"hooks.example.net"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var both bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: certificate}, {Type: "PRIVATE KEY", Bytes: private}} {
		if err := pem.Encode(&both, block); err != nil {
			t.Fatal(err)
		}
	}
	return write(t, filepath.Join(t.TempDir(), "both.pem"), both.String())
}

func TestTheProxiesUnderstandTheirExamples(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("HOME", folder)
	output(t, "caddy", "validate", "--adapter", "caddyfile", "--config", "Caddyfile")
	args := []string{"-c"}
	// As it is meant to be used: after what Debian has there.
	const debians = "/etc/haproxy/haproxy.cfg"
	if _, err := os.Stat(debians); err == nil {
		args = append(args, "-f", debians)
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	config := replace(t, "haproxy.cfg", "/etc/haproxy/hooks.example.net.pem", certify(t))
	output(t, "haproxy", append(args, "-f", write(t, filepath.Join(folder, "haproxy.cfg"), config))...)
}
