package fetch_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/fetch"
)

// reads takes one request, goes on with f, and then stays silent until the
// connection is closed.
func reads(f func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			f(conn)
			io.Copy(io.Discard, conn)
		}
	}
}

// TestTimeouts has a row for each point at which an answer can stop coming.
// Each takes exactly its time.
func TestTimeouts(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n\r\n"
	for _, row := range []struct {
		name     string
		dial     func(context.Context, string, string) (net.Conn, error)
		url      string
		options  fetch.Options
		timeout  time.Duration
		elapsed  time.Duration
		answered bool
		sentence string
	}{
		{name: "no connection", elapsed: 3 * time.Second, sentence: "host.example:80 did not take the connection in 3 s", dial: hangs},
		{name: "no connection before the whole time is up", timeout: time.Second, elapsed: time.Second,
			sentence: "there was no connection to http://host.example/call in 1 s", dial: hangs},
		{name: "no TLS handshake", url: "https://host.example/call", elapsed: 3 * time.Second,
			sentence: "host.example:443 took the connection but did not finish the TLS handshake in 3 s",
			dial:     piped(func(conn net.Conn) { io.Copy(io.Discard, conn) })},
		{name: "request not read", elapsed: 15 * time.Second, sentence: "http://host.example/call took the request but sent nothing in 15 s",
			dial: func(context.Context, string, string) (net.Conn, error) {
				near, _ := net.Pipe()
				return near, nil
			}},
		{name: "no headers", elapsed: 15 * time.Second, sentence: "http://host.example/call took the request but sent nothing in 15 s",
			dial: piped(reads(func(net.Conn) {}))},
		{name: "half of the headers", elapsed: 15 * time.Second, answered: true,
			sentence: "http://host.example/call began to answer but had not finished its headers in 15 s",
			dial:     piped(reads(func(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Y: ") }))},
		{name: "no body", elapsed: 15 * time.Second, answered: true,
			sentence: "http://host.example/call sent 0 bytes in 15 s and had not finished",
			dial:     piped(reads(func(conn net.Conn) { io.WriteString(conn, head) }))},
		{name: "one byte and no more", elapsed: 250 * time.Millisecond, timeout: 250 * time.Millisecond, answered: true,
			sentence: "http://host.example/call sent 1 byte in 250 ms and had not finished",
			dial:     piped(reads(func(conn net.Conn) { io.WriteString(conn, head+"x") }))},
		{name: "about one byte a second", elapsed: 15 * time.Second, answered: true,
			sentence: "http://host.example/call sent 14 bytes in 15 s and had not finished",
			dial:     piped(reads(func(conn net.Conn) { trickle(conn, head, 1050*time.Millisecond) }))},
		{name: "headers one byte a second", elapsed: 15 * time.Second, answered: true,
			sentence: "http://host.example/call began to answer but had not finished its headers in 15 s",
			dial:     piped(reads(func(conn net.Conn) { trickle(conn, "", 1050*time.Millisecond) }))},
		{name: "redirects that take their time", elapsed: 15 * time.Second, answered: true,
			sentence: "http://host.example/call took the request but sent nothing in 3 s; with its redirects it took 15 s",
			dial: piped(reads(func(conn net.Conn) {
				<-time.After(4 * time.Second)
				io.WriteString(conn, "HTTP/1.1 302 Found\r\nLocation: /call\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			}))},
		{name: "other limits", options: fetch.Options{ConnectTimeout: 1500 * time.Millisecond, Timeout: time.Hour}, elapsed: 1500 * time.Millisecond,
			sentence: "host.example:80 did not take the connection in 1.5 s", dial: hangs},
		{name: "limits above the highest", options: fetch.Options{Timeout: time.Hour}, elapsed: 120 * time.Second,
			sentence: "http://host.example/call took the request but sent nothing in 120 s", dial: piped(reads(func(net.Conn) {}))},
		{name: "a request's limit above the highest", timeout: time.Hour, elapsed: 120 * time.Second,
			sentence: "http://host.example/call took the request but sent nothing in 120 s", dial: piped(reads(func(net.Conn) {}))},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				row.options.Dial = row.dial
				if row.url == "" {
					row.url = "http://host.example/call"
				}
				start := time.Now()
				c := fetch.New(row.options)
				defer c.CloseIdle()
				_, err := c.Do(t.Context(), fetch.Request{URL: address(t, row.url), Timeout: row.timeout})
				e := failed(t, err, fetch.Timeout)
				if e.Message != row.sentence || e.Hint == "" || e.Answered != row.answered {
					t.Errorf("%+v", e)
				}
				if took := time.Since(start); took != row.elapsed || e.Elapsed != row.elapsed {
					t.Errorf("took %v, says %v, want %v", took, e.Elapsed, row.elapsed)
				}
				<-time.After(time.Minute) // the responder notices that the client has gone
			})
		})
	}
}

// hangs is a host that drops what is sent to it.
func hangs(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// trickle writes head, and then a byte after each pause.
func trickle(conn net.Conn, head string, pause time.Duration) {
	_, err := io.WriteString(conn, head)
	for err == nil {
		<-time.After(pause)
		_, err = conn.Write([]byte("H"))
	}
}

func TestElapsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fetch.New(fetch.Options{Dial: piped(reads(func(conn net.Conn) {
			<-time.After(2 * time.Second)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")
			<-time.After(time.Second)
			io.WriteString(conn, "y")
		}))})
		defer c.CloseIdle()
		resp, err := get(t, c, "http://host.example/")
		if err != nil || resp.Elapsed != 3*time.Second {
			t.Errorf("%+v, %v", resp, err)
		}
	})
}

func TestCanceledWithCause(t *testing.T) {
	hungUp := errors.New("the caller hung up")
	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"while connecting": hangs,
		"before headers":   piped(reads(func(net.Conn) {})),
		"in the body":      piped(reads(func(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nx") })),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(2*time.Second, func() { cancel(hungUp) })
				c := fetch.New(fetch.Options{Dial: dial})
				defer c.CloseIdle()
				_, err := c.Do(ctx, fetch.Request{URL: address(t, "http://host.example/call")})
				e := failed(t, err, fetch.Canceled)
				if !errors.Is(err, hungUp) || !errors.Is(err, context.Canceled) {
					t.Errorf("the cause is lost: %v", err)
				}
				if e.Message != "asking http://host.example/call was called off after 2 s" || e.Elapsed != 2*time.Second {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

func TestDeadlineOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := fetch.New(fetch.Options{Dial: hangs})
		defer c.CloseIdle()
		_, err := c.Do(ctx, fetch.Request{URL: address(t, "http://host.example/call")})
		failed(t, err, fetch.Canceled)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestIdleConnections are closed after their time, and kept until then.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled, closed := 0, 0
		c := fetch.New(fetch.Options{Dial: piped(func(conn net.Conn) {
			dialled++
			for r := bufio.NewReader(conn); ; {
				if _, err := http.ReadRequest(r); err != nil {
					closed++
					return
				}
				fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\n\r\n")
			}
		})})
		for _, pause := range []time.Duration{29 * time.Second, 29 * time.Second, 31 * time.Second, 0} {
			if _, err := get(t, c, "http://host.example/"); err != nil {
				t.Fatal(err)
			}
			<-time.After(pause)
		}
		synctest.Wait()
		if dialled != 2 || closed != 1 {
			t.Errorf("%d dialled and %d closed, want 2 and 1", dialled, closed)
		}
		c.CloseIdle()
		synctest.Wait()
		if closed != 2 {
			t.Errorf("%d closed after CloseIdle, want 2", closed)
		}
	})
}

// TestIdleConnectionThatDied: a GET is sent again on a new connection, a POST
// never, for the responder may have acted on it.
func TestIdleConnectionThatDied(t *testing.T) {
	for method, want := range map[string][]string{
		"GET":  {"GET", "GET", "GET"},
		"POST": {"POST", "POST"},
	} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				c := fetch.New(fetch.Options{Dial: piped(func(conn net.Conn) {
					r := bufio.NewReader(conn)
					for i := range 2 {
						req, err := http.ReadRequest(r)
						if err != nil {
							return
						}
						got = append(got, req.Method)
						if i == 0 {
							fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\n\r\n")
						}
					}
				})})
				defer c.CloseIdle()
				var err error
				for range 2 {
					_, err = c.Do(t.Context(), fetch.Request{Method: method, URL: address(t, "http://host.example/call")})
				}
				synctest.Wait()
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("what the responder saw:\n%s", diff)
				}
				if method == "GET" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				e := failed(t, err, fetch.Refused)
				if e.Message != "http://host.example/call closed the connection without an answer" || e.Answered {
					t.Errorf("%+v", e)
				}
				contains(t, e.Hint, "the POST was not sent again")
			})
		})
	}
}
