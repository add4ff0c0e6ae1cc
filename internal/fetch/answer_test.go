package fetch_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

func TestWholeAnswer(t *testing.T) {
	for _, status := range []int{200, 204, 404, 500} {
		s := server(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Asked", r.Method+" "+r.URL.Path+" "+r.UserAgent())
			w.WriteHeader(status)
			if status != 204 {
				io.WriteString(w, "<Hangup/>")
			}
		})
		resp, err := get(t, client(t, fetch.Options{}), s.URL+"/call")
		if err != nil {
			t.Fatal(err)
		}
		want := "<Hangup/>"
		if status == 204 {
			want = ""
		}
		if resp.Status != status || string(resp.Body) != want || resp.Redirects != 0 || resp.Elapsed <= 0 ||
			resp.URL.Path != "/call" || resp.Header.Get("X-Asked") != "GET /call Switchhook" {
			t.Errorf("status %d: %+v", status, resp)
		}
	}
}

func TestBodiesOfManySizes(t *testing.T) {
	var body string
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/flushed" {
			w.(http.Flusher).Flush()
		}
		io.WriteString(w, body)
	})
	c := client(t, fetch.Options{})
	for _, n := range []int{0, 1, 510, 511, 512, 513, 1 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		body = strings.Repeat("x", n)
		for _, path := range []string{"/announced", "/flushed"} {
			resp, err := get(t, c, s.URL+path)
			if err != nil {
				t.Fatalf("%d bytes, %s: %v", n, path, err)
			}
			if string(resp.Body) != body {
				t.Errorf("%d bytes, %s: got %d bytes", n, path, len(resp.Body))
			}
		}
	}
}

func TestBodyLimit(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/announced":
			io.WriteString(w, strings.Repeat("x", 1025))
		case "/exact":
			io.WriteString(w, strings.Repeat("x", 1024))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		case "/bomb":
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Error("gzip was not asked for")
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			zeros := make([]byte, 1<<20)
			for range 64 {
				if _, err := z.Write(zeros); err != nil {
					return
				}
			}
			z.Close()
		}
	})
	c := client(t, fetch.Options{})
	ask := func(path string) (*fetch.Response, error) {
		return c.Do(t.Context(), fetch.Request{URL: address(t, s.URL+path), Limit: 1024,
			Header: http.Header{"Accept-Encoding": {"br"}}})
	}
	if resp, err := ask("/exact"); err != nil || len(resp.Body) != 1024 {
		t.Errorf("a body of the very limit: %v", err)
	}
	for path, sentence := range map[string]string{
		"/announced": "/announced announces an answer of 1025 bytes, more than the 1 KiB that are allowed",
		"/endless":   "/endless sent more than the 1 KiB that are allowed",
		"/bomb":      "/bomb sent more than the 1 KiB that are allowed",
	} {
		_, err := ask(path)
		e := failed(t, err, fetch.TooLarge)
		if e.Message != s.URL+sentence || !e.Answered {
			t.Errorf("%s: %+v", path, e)
		}
	}
}

func TestDecompression(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "<Hangup/>")
		z.Close()
	})
	resp, err := get(t, client(t, fetch.Options{}), s.URL)
	if err != nil || string(resp.Body) != "<Hangup/>" {
		t.Errorf("%v, %v", resp, err)
	}
}

// TestBrokenAnswers has a row for each way in which what comes back is not a
// whole HTTP answer.
func TestBrokenAnswers(t *testing.T) {
	for _, row := range []struct {
		name, answer string
		kind         fetch.Kind
		sentence     string
		answered     bool
	}{
		{"closed", "", fetch.Refused, " closed the connection without an answer", false},
		{"status line alone", "HTTP/1.1 200 OK\r\n", fetch.Protocol, " closed the connection in the middle of its headers", true},
		{"headers cut", "HTTP/1.1 200 OK\r\nContent-Type: te", fetch.Protocol, " closed the connection in the middle of its headers", true},
		{"body cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<Response>", fetch.Protocol,
			" closed the connection in the middle of its answer, after 10 bytes", true},
		{"chunk cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n64\r\nabc", fetch.Protocol,
			" closed the connection in the middle of its answer, after 4 bytes", true},
		{"chunks garbled", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", fetch.Protocol, " is garbled after 0 bytes", true},
		{"gzip garbled", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n<Response></Response", fetch.Protocol,
			" is garbled after 0 bytes", true},
		{"brotli", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", fetch.Protocol,
			" compressed its answer in a way that was not asked for", true},
		{"not HTTP", "SSH-2.0-OpenSSH_9.9\r\n", fetch.Protocol, " does not speak HTTP", true},
		{"TLS alert", "\x15\x03\x01\x00\x02\x02\x16", fetch.Protocol, " expects TLS", true},
		{"bad header", "HTTP/1.1 200 OK\r\nno colon " + secret + "\r\n\r\n", fetch.Protocol, " does not speak HTTP", true},
		{"no status", "HTTP/1.1 002 OK\r\nContent-Length: 0\r\n\r\n", fetch.Protocol, " answered with 2, which is no status", true},
		{"endless headers", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Y: "+strings.Repeat("z", 1000)+"\r\n", 100) + "\r\n", fetch.TooLarge,
			" sent more than 64 KiB of headers", true},
		{"other protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", fetch.Protocol,
			" switched to another protocol, which was not asked for", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			host := listen(t, says(row.answer))
			_, err := get(t, client(t, fetch.Options{}), "http://"+host+"/call")
			e := failed(t, err, row.kind)
			contains(t, e.Message, "http://"+host+"/call"+row.sentence)
			if e.Answered != row.answered || e.Elapsed <= 0 {
				t.Errorf("answered %v after %v, want %v", e.Answered, e.Elapsed, row.answered)
			}
		})
	}
}

func TestEchoedRequestIsNotInTheError(t *testing.T) {
	host := listen(t, func(conn net.Conn) { io.Copy(conn, conn) })
	_, err := get(t, client(t, fetch.Options{}), "http://"+host)
	failed(t, err, fetch.Protocol)
}

func TestSpeaksBeforeItIsAsked(t *testing.T) {
	host := listen(t, func(conn net.Conn) {
		io.WriteString(conn, "220 mail.example.net ESMTP\r\n")
		io.Copy(io.Discard, conn)
	})
	_, err := get(t, client(t, fetch.Options{}), "http://"+host+"/")
	contains(t, failed(t, err, fetch.Protocol).Message, "does not speak HTTP")
}

func TestUnusableAddresses(t *testing.T) {
	c := fetch.New(fetch.Options{})
	for raw, sentence := range map[string]string{
		"ftp://host.example/x":          "ftp://host.example/x is not a web address",
		"file:///etc/passwd":            "file:///etc/passwd is not a web address",
		"mailto:someone@host.example":   "mailto:… is not a web address",
		"/call":                         "/call is not a web address",
		"":                              `"" is not a web address`,
		"http:///call":                  "the address http:///call names no host",
		"http://:8080/call":             "the address http://:8080/call names no host",
		"https://ann:pw@host.example/x": "the address https://host.example/x holds a user name or password, which would end up in logs",
		"http://host.example:0/":        "the address http://host.example:0/ has a port that does not exist",
		"http://host.example:65536/":    "the address http://host.example:65536/ has a port that does not exist",
	} {
		_, err := get(t, c, raw)
		e := failed(t, err, fetch.Scheme)
		if e.Message != sentence || e.Hint == "" {
			t.Errorf("%q: %s (%s)", raw, e.Message, e.Hint)
		}
	}
	_, err := c.Do(t.Context(), fetch.Request{})
	failed(t, err, fetch.Scheme)
}

func TestUnsendableRequest(t *testing.T) {
	s := server(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	_, err := client(t, fetch.Options{}).Do(t.Context(), fetch.Request{URL: address(t, s.URL), Method: "NOT A METHOD"})
	contains(t, failed(t, err, fetch.Protocol).Message, "cannot be sent as it is")
}

// TestErrorIsFault: what knows only fault.Error finds code, sentence and hint.
func TestErrorIsFault(t *testing.T) {
	_, err := get(t, fetch.New(fetch.Options{}), "http://10.0.0.5/x")
	err = fmt.Errorf("ask the responder: %w", err)
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatal("not a fault.Error")
	}
	want := &fault.Error{Code: fault.Refused,
		Message: "10.0.0.5:80 is a private address and may not be asked",
		Hint:    "if the responder belongs there, allow private responders (allow_private_responders, or SWITCHHOOK_ALLOW_PRIVATE_RESPONDERS=true); else give the responder's public name"}
	f.Err = nil
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
	if fault.HintOf(err) != want.Hint {
		t.Errorf("hint %q", fault.HintOf(err))
	}
}

func TestCanceledBeforeAsking(t *testing.T) {
	hungUp := errors.New("the caller hung up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(hungUp)
	_, err := fetch.New(fetch.Options{}).Do(ctx, fetch.Request{URL: address(t, "http://host.example/")})
	failed(t, err, fetch.Canceled)
	if !errors.Is(err, hungUp) || !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is lost: %v", err)
	}
}
