package fetch_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/fetch"
)

// secret stands in every query of these tests, and in no error.
const secret = "5551234567"

func address(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if u.RawQuery == "" {
		u.RawQuery = "NmsAni=" + secret
	}
	return u
}

// client returns a Client that may ask servers of this machine.
func client(t testing.TB, o fetch.Options) *fetch.Client {
	t.Helper()
	o.Guard.Loopback = true
	c := fetch.New(o)
	t.Cleanup(c.CloseIdle)
	return c
}

func server(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// listen serves each connection with f, on a loopback port.
func listen(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer conn.Close()
				f(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		served.Wait()
	})
	return l.Addr().String()
}

// piped returns a Dial whose other side is served by f.
func piped(f func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			f(far)
		}()
		return near, nil
	}
}

// says reads one request and writes answer.
func says(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			conn.Write([]byte(answer))
		}
	}
}

func get(t testing.TB, c *fetch.Client, raw string) (*fetch.Response, error) {
	t.Helper()
	return c.Do(t.Context(), fetch.Request{URL: address(t, raw)})
}

// failed checks what holds for every failure: its type and kind, a sentence, and
// that it reveals nothing of the query.
func failed(t testing.TB, err error, kind fetch.Kind) *fetch.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one of kind %s", kind)
	}
	e, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		t.Fatalf("error is a %T: %v", err, err)
	}
	if e.Kind != kind {
		t.Errorf("kind %s, want %s: %v", e.Kind, kind, err)
	}
	if e.Message == "" {
		t.Error("the error has no sentence")
	}
	if strings.Contains(err.Error()+e.Hint, secret) {
		t.Errorf("the error tells the query: %v (%s)", err, e.Hint)
	}
	return e
}

func contains(t testing.TB, text, want string) {
	t.Helper()
	if !strings.Contains(text, want) {
		t.Errorf("%q does not say %q", text, want)
	}
}
