package fetch_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/fetch"
)

// open opens an answer at the other end of a pipe, in a bubble.
func open(ctx context.Context, t *testing.T, limit int64, serve func(net.Conn)) (*fetch.Stream, error) {
	t.Helper()
	c := fetch.New(fetch.Options{Dial: piped(reads(serve))})
	t.Cleanup(c.CloseIdle)
	s, err := c.Open(ctx, fetch.Request{URL: address(t, "http://host.example/sound.wav?from=12125550123"), Limit: limit})
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

const streamed = "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n\r\n"

func TestABodyIsReadAsItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open(t.Context(), t, 0, func(conn net.Conn) {
			_, _ = io.WriteString(conn, streamed)
			for range 5 {
				time.Sleep(9 * time.Second)
				_, _ = io.WriteString(conn, "sound")
			}
			_ = conn.Close()
		})
		if err != nil {
			t.Fatal(err)
		}
		if s.Status != http.StatusOK || s.Header.Get("Content-Type") != "audio/wav" || s.URL.Path != "/sound.wav" {
			t.Errorf("the answer is %+v", s)
		}
		began := time.Now()
		b := make([]byte, 100)
		for i := 1; i <= 5; i++ {
			if n, err := s.Read(b); string(b[:n]) != "sound" || err != nil || time.Since(began) != time.Duration(9*i)*time.Second {
				t.Fatalf("piece %d after %v: %q, %v", i, time.Since(began), b[:n], err)
			}
		}
		if n, err := s.Read(b); n != 0 || err != io.EOF {
			t.Errorf("the end is %d bytes, %v", n, err)
		}
	})
}

// TestWhoReadsSlowlyIsNotLate: the idle time is that of the sender.
func TestWhoReadsSlowlyIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open(t.Context(), t, 0, func(conn net.Conn) {
			_, _ = io.WriteString(conn, streamed+"sound")
			_ = conn.Close()
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if body, err := io.ReadAll(s); string(body) != "sound" || err != nil {
			t.Errorf("%q, %v", body, err)
		}
	})
}

func TestStreamsThatEndBadly(t *testing.T) {
	for _, row := range []struct {
		name     string
		serve    func(net.Conn)
		limit    int64
		kind     fetch.Kind
		after    time.Duration
		sentence string
	}{
		{name: "no headers", kind: fetch.Timeout, after: fetch.DefaultTimeout, serve: func(net.Conn) {},
			sentence: "took the request but sent nothing in 15 s"},
		{name: "nothing more", kind: fetch.Timeout, after: 10 * time.Second,
			serve:    func(conn net.Conn) { _, _ = io.WriteString(conn, streamed+"sound") },
			sentence: "http://host.example/sound.wav sent 5 bytes and then nothing for 10 s"},
		{name: "without an end", kind: fetch.Timeout, after: fetch.MaxStream,
			serve: func(conn net.Conn) {
				for _, err := io.WriteString(conn, streamed); err == nil; _, err = io.WriteString(conn, "x") {
					time.Sleep(9 * time.Second)
				}
			}, sentence: "had not finished"},
		{name: "too large", kind: fetch.TooLarge, limit: 1000,
			serve: func(conn net.Conn) {
				_, _ = io.WriteString(conn, streamed+strings.Repeat("x", 1001))
				_ = conn.Close()
			}, sentence: "sent more than the 1000 bytes that are allowed"},
		{name: "announced too large", kind: fetch.TooLarge, limit: 1000,
			serve: func(conn net.Conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
			}, sentence: "announces an answer of 1001 bytes, more than the 1000 bytes that are allowed"},
		{name: "cut short", kind: fetch.Protocol,
			serve: func(conn net.Conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsound")
				_ = conn.Close()
			}, sentence: "closed the connection in the middle of its answer, after 5 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				s, err := open(t.Context(), t, row.limit, row.serve)
				if err == nil {
					_, err = io.Copy(io.Discard, s)
				}
				e := failed(t, err, row.kind)
				if took := time.Since(began).Truncate(time.Second); took != row.after || !strings.Contains(e.Message, row.sentence) {
					t.Errorf("after %v: %s", took, e.Message)
				}
				if s != nil {
					_ = s.Close()
				}
				<-time.After(10 * time.Second) // the sender notices
			})
		})
	}
}

func TestAHangUpEndsAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("the caller has hung up")
		ctx, cancel := context.WithCancelCause(t.Context())
		s, err := open(ctx, t, 0, func(conn net.Conn) { _, _ = io.WriteString(conn, streamed+"sound") })
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { cancel(gone) })
		began := time.Now()
		_, err = io.Copy(io.Discard, s)
		if e := failed(t, err, fetch.Canceled); !errors.Is(e, gone) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
