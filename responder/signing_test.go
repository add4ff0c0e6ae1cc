package responder_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/responder"
)

var signedAt = time.Unix(1_700_000_000, 0)

// mac is the signature as the protocol's page has it, computed apart from the
// package.
func mac(id, timestamp, method, target, body string) string {
	h := hmac.New(sha256.New, []byte("secret"))
	_, _ = io.WriteString(h, id+"."+timestamp+"."+method+"."+target+"."+body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// received returns a request as a server gets the one that a client has signed.
func received(t *testing.T, sent *http.Request, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), sent.Method, sent.URL.RequestURI(), strings.NewReader(body))
	r.Header = sent.Header.Clone()
	return r
}

func signed(t *testing.T, method, address, body string, secrets ...string) *http.Request {
	t.Helper()
	sent, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	responder.Sign(sent, []byte(body), "msg_1", signedAt, secrets...)
	return sent
}

func TestSignatureIsOfTheProtocol(t *testing.T) {
	sent := signed(t, "POST", "https://user@example.net/menu/%C3%A9?a=1&b=%20#part", "Digits=1", "secret")
	for name, want := range map[string]string{
		"webhook-id":        "msg_1",
		"webhook-timestamp": "1700000000",
		"webhook-signature": mac("msg_1", "1700000000", "POST", "/menu/%C3%A9?a=1&b=%20", "Digits=1"),
	} {
		if got := sent.Header.Get(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	// A method that is left out is GET, and a path that is left out is /.
	sent = &http.Request{URL: sent.URL.JoinPath("/"), Header: make(http.Header)}
	sent.URL.Path, sent.URL.RawPath, sent.URL.RawQuery = "", "", ""
	responder.Sign(sent, nil, "msg_2", signedAt, "secret")
	if got, want := sent.Header.Get("webhook-signature"), mac("msg_2", "1700000000", "GET", "/", ""); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVerifiedRequests(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*http.Request)
		after   time.Duration
		secrets []string
		want    error
	}{
		{"as it was sent", nil, 0, []string{"secret"}, nil},
		{"with one of several secrets", nil, 0, []string{"new", "secret"}, nil},
		{"at the last moment", nil, 300 * time.Second, []string{"secret"}, nil},
		{"by a clock that is behind", nil, -300 * time.Second, []string{"secret"}, nil},
		{"too late", nil, 301 * time.Second, []string{"secret"}, responder.ErrExpired},
		{"too early", nil, -301 * time.Second, []string{"secret"}, responder.ErrExpired},
		{"with another secret", nil, 0, []string{"other"}, responder.ErrSignature},
		{"with no secret", nil, 0, nil, responder.ErrSignature},
		{"with an unset secret", nil, 0, []string{""}, responder.ErrSignature},
		{"after a mux has cut the path", func(r *http.Request) { r.URL.Path = "/" }, 0, []string{"secret"}, nil},
		{"through a proxy that names the host", func(r *http.Request) { r.RequestURI = "http://example.net" + r.RequestURI }, 0, []string{"secret"}, nil},
		{"with another scheme and host", func(r *http.Request) { r.Host = "inside" }, 0, []string{"secret"}, nil},
		{"with another id", func(r *http.Request) { r.Header.Set("webhook-id", "msg_2") }, 0, []string{"secret"}, responder.ErrSignature},
		{"with another time", func(r *http.Request) { r.Header.Set("webhook-timestamp", "1700000001") }, 0, []string{"secret"}, responder.ErrSignature},
		{"with another method", func(r *http.Request) { r.Method = "PUT" }, 0, []string{"secret"}, responder.ErrSignature},
		{"with another path", func(r *http.Request) { r.RequestURI = "/other?a=1" }, 0, []string{"secret"}, responder.ErrSignature},
		{"with another query", func(r *http.Request) { r.RequestURI = "/menu?a=2" }, 0, []string{"secret"}, responder.ErrSignature},
		{"with another body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("Digits=2")) }, 0, []string{"secret"}, responder.ErrSignature},
		{"without a body", func(r *http.Request) { r.Body = nil }, 0, []string{"secret"}, responder.ErrSignature},
		{"without an id", func(r *http.Request) { r.Header.Del("webhook-id") }, 0, []string{"secret"}, responder.ErrUnsigned},
		{"without a time", func(r *http.Request) { r.Header.Del("webhook-timestamp") }, 0, []string{"secret"}, responder.ErrUnsigned},
		{"without a signature", func(r *http.Request) { r.Header.Del("webhook-signature") }, 0, []string{"secret"}, responder.ErrUnsigned},
		{"with a time that is none", func(r *http.Request) { r.Header.Set("webhook-timestamp", "now") }, 0, []string{"secret"}, responder.ErrUnsigned},
		{"with a time beyond all time", func(r *http.Request) { r.Header.Set("webhook-timestamp", "9223372036854775807") }, 0, []string{"secret"}, responder.ErrExpired},
		{"with a signature of another version", func(r *http.Request) {
			r.Header.Set("webhook-signature", strings.Replace(r.Header.Get("webhook-signature"), "v1", "v2", 1))
		}, 0, []string{"secret"}, responder.ErrSignature},
		{"with other signatures beside it", func(r *http.Request) {
			r.Header.Set("webhook-signature", "v1,AAAA v2,BBBB  "+r.Header.Get("webhook-signature"))
		}, 0, []string{"secret"}, nil},
		{"with a body that is too large", func(r *http.Request) {
			r.Body = io.NopCloser(bytes.NewReader(make([]byte, responder.MaxRequestBody+1)))
		}, 0, []string{"secret"}, responder.ErrRequestTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := received(t, signed(t, "POST", "https://example.net/menu?a=1", "Digits=1", "secret"), "Digits=1")
			if c.change != nil {
				c.change(r)
			}
			if err := responder.Verify(r, signedAt.Add(c.after), c.secrets...); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestSecretsCanBeReplacedWhileCallsGoOn(t *testing.T) {
	for _, known := range []string{"old", "new"} {
		r := received(t, signed(t, "GET", "https://example.net/", "", "new", "old"), "")
		if err := responder.Verify(r, signedAt, known); err != nil {
			t.Errorf("a responder that knows the %s secret: %v", known, err)
		}
	}
}

func TestVerifiedBodyCanBeReadAgain(t *testing.T) {
	r := received(t, signed(t, "POST", "https://example.net/", "Digits=1", "secret"), "Digits=1")
	if err := responder.Verify(r, signedAt, "secret"); err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r.Body); err != nil || string(body) != "Digits=1" {
		t.Errorf("got %q, %v", body, err)
	}
}

type brokenBody struct{}

var errBroken = errors.New("the line broke")

func (brokenBody) Read([]byte) (int, error) { return 0, errBroken }
func (brokenBody) Close() error             { return nil }

func TestBodyThatBreaksOffIsNotVerified(t *testing.T) {
	r := received(t, signed(t, "POST", "https://example.net/", "Digits=1", "secret"), "")
	r.Body = brokenBody{}
	if err := responder.Verify(r, signedAt, "secret"); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}
