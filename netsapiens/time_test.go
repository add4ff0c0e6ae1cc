package netsapiens_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// piped returns a client whose phone system is the other end of a pipe, so
// that time is virtual.
func piped(t *testing.T, config netsapiens.Config, system func(net.Conn)) *netsapiens.Client {
	t.Helper()
	config.URL, config.Token = "http://pbx.example.net", nstest.Token
	config.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if system == nil {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			system(far)
		}()
		return near, nil
	}}}
	c, err := netsapiens.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reads takes a request, writes an answer and stays silent.
func reads(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(conn, answer)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// TestTimeLimits has a row for each point at which an answer can stop coming.
func TestTimeLimits(t *testing.T) {
	const op = "send a text to +1973•••1440 as user 2000 of example.com: "
	const half = "HTTP/1.1 202 Accepted\r\nContent-Length: 33\r\n\r\n{\"code\""
	for _, row := range []struct {
		name     string
		system   func(net.Conn)
		timeout  time.Duration // of the configuration
		patience time.Duration // of the caller
		took     time.Duration
		want     string
	}{
		{"no connection", nil, 0, 0, 10 * time.Second, "there was no connection to http://pbx.example.net in 10 s: temporary"},
		{"no answer", reads(""), 0, 0, 10 * time.Second, "http://pbx.example.net took the request but sent nothing in 10 s: temporary uncertain"},
		{"half a head", reads(half[:20]), 0, 0, 10 * time.Second, "http://pbx.example.net began to answer but had not finished its headers in 10 s: temporary uncertain"},
		{"half a body", reads(half), 0, 0, 10 * time.Second, "http://pbx.example.net answered 202, sent 7 bytes in 10 s and had not finished: temporary uncertain"},
		{"another limit", reads(""), 1500 * time.Millisecond, 0, 1500 * time.Millisecond, "http://pbx.example.net took the request but sent nothing in 1.5 s: temporary uncertain"},
		{"a caller with less patience", reads(""), 0, 4 * time.Second, 4 * time.Second,
			"it had no more time after 4 s; it had gone to http://pbx.example.net, but there was no whole answer: temporary uncertain"},
		{"a caller with less patience, in the middle", reads(half), 0, 250 * time.Millisecond, 250 * time.Millisecond,
			"it had no more time after 250 ms; it had gone to http://pbx.example.net, but there was no whole answer: temporary uncertain"},
		{"a caller with less patience, and no connection", nil, 0, 4 * time.Second, 4 * time.Second, "it had no more time after 4 s; nothing had been sent: temporary"},
		{"a caller with more patience", reads(""), 0, time.Minute, 10 * time.Second, "http://pbx.example.net took the request but sent nothing in 10 s: temporary uncertain"},
		{"no patience at all", reads(""), 0, -1, 0, "it had no more time after 0 ms; nothing had been sent: temporary"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := piped(t, netsapiens.Config{Timeout: row.timeout}, row.system)
				defer c.CloseIdle()
				ctx := t.Context()
				if row.patience != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, row.patience)
					defer cancel()
				}
				started := time.Now()
				err := c.SendSMS(ctx, text())
				if got := failed(t, err).Error() + ": " + verdict(err); got != op+row.want {
					t.Errorf("got  %s\nwant %s", got, op+row.want)
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Error("the error is no context.DeadlineExceeded")
				}
				if took := time.Since(started); took != row.took {
					t.Errorf("took %v, want %v", took, row.took)
				}
			})
		})
	}
}

func TestCallerWhoGoesIsToldHowFarItGot(t *testing.T) {
	gone := errors.New("the caller has hung up")
	for name, row := range map[string]struct {
		system func(net.Conn)
		want   string
	}{
		"sent":     {reads(""), "send a text to +1973•••1440 as user 2000 of example.com: it was called off after 2 s; it had gone to http://pbx.example.net, but there was no whole answer: uncertain"},
		"not sent": {nil, "send a text to +1973•••1440 as user 2000 of example.com: it was called off after 2 s; nothing had been sent: "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := piped(t, netsapiens.Config{}, row.system)
				defer c.CloseIdle()
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(2*time.Second, func() { cancel(gone) })
				err := c.SendSMS(ctx, text())
				if got := failed(t, err).Error() + ": " + verdict(err); got != row.want {
					t.Errorf("got  %s\nwant %s", got, row.want)
				}
				if !errors.Is(err, context.Canceled) || !errors.Is(err, gone) {
					t.Errorf("%#v hides its cause", err)
				}
			})
		})
	}
}

// TestQuestionsTakeNoLonger has a phone system that breaks the connection
// late: asking once more does not restart the timeout, and one that is silent
// is not asked again.
func TestQuestionsTakeNoLonger(t *testing.T) {
	for name, row := range map[string]struct {
		system func(net.Conn)
		asked  int
	}{
		"hangs up after 6 s": {func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				<-time.After(6 * time.Second)
			}
		}, 2},
		"silent": {reads(""), 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := make(chan struct{}, 9)
				c := piped(t, netsapiens.Config{}, func(conn net.Conn) {
					asked <- struct{}{}
					row.system(conn)
				})
				defer c.CloseIdle()
				started := time.Now()
				_, err := c.User(t.Context(), "example.com", "2000")
				if failed(t, err); verdict(err) != "temporary" || time.Since(started) != 10*time.Second || len(asked) != row.asked {
					t.Errorf("%v: %s, after %v, asked %d times", err, verdict(err), time.Since(started), len(asked))
				}
				<-time.After(time.Minute) // the phone system notices that the client has gone
			})
		})
	}
}

func TestSlowAnswerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, netsapiens.Config{}, func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				<-time.After(9 * time.Second)
				_, _ = io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
			}
		})
		defer c.CloseIdle()
		if err := c.SendSMS(t.Context(), text()); err != nil {
			t.Error(err)
		}
	})
}
