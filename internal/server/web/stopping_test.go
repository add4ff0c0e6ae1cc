package web_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/test/pipenet"
)

// door is a stoppable server on pipes.
type door struct {
	t       *testing.T
	drain   *web.Drain
	conns   *pipenet.Listener
	serving sync.WaitGroup
}

func openDoor(t *testing.T, handler http.HandlerFunc) *door {
	t.Helper()
	d := &door{t: t, conns: pipenet.Listen()}
	server := web.Server(handler, slog.New(slog.DiscardHandler))
	d.drain = web.NewDrain(server)
	d.serving.Go(func() { _ = d.drain.Serve(d.conns) })
	t.Cleanup(func() {
		_ = server.Close()
		d.serving.Wait()
	})
	return d
}

// connect opens a connection and sends something on it.
func (d *door) connect(sends string) *bufio.ReadWriter {
	d.t.Helper()
	near, err := d.conns.Dial(d.t.Context(), "", "")
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = near.Close() })
	client := bufio.NewReadWriter(bufio.NewReader(near), bufio.NewWriter(near))
	send(client, sends)
	return client
}

func send(client *bufio.ReadWriter, text string) {
	_, _ = client.WriteString(text)
	_ = client.Flush() // readers notice if the server has closed it
}

// hears reads an answer: its status, its body, and whether the connection ends
// with it.
func (d *door) hears(client *bufio.ReadWriter) string {
	d.t.Helper()
	response, err := http.ReadResponse(client.Reader, nil)
	if err != nil {
		return "nothing"
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Error(err)
	}
	return fmt.Sprintf("%d %s, closed %v", response.StatusCode, said, response.Close)
}

// stop stops the server, and returns how long that took.
func (d *door) stop() time.Duration {
	d.t.Helper()
	began := time.Now()
	d.drain.Begin()
	if err := d.drain.Stop(d.t.Context()); err != nil {
		d.t.Error(err)
	}
	return time.Since(began)
}

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

// TestWhoHoldsBackDoesNotHoldUpAStop has clients that a stop could have to wait
// for.
func TestWhoHoldsBackDoesNotHoldUpAStop(t *testing.T) {
	for name, sends := range map[string]string{
		"says nothing":                                   "",
		"headers without an end":                         "GET / HTTP/1.1\r\nHost: x\r\n",
		"a body without an end":                          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nsome",
		"a chunked one":                                  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n",
		"a body that nobody reads":                       "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nsome",
		"a connection that is kept, then half a request": get + "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nsome",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := openDoor(t, func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						if _, err := io.Copy(io.Discard, r.Body); err != nil {
							http.Error(w, "too late", http.StatusBadRequest)
						}
					}
				})
				client := d.connect(sends)
				if strings.HasPrefix(sends, get) {
					d.hears(client)
				}
				synctest.Wait()
				reading := make(chan struct{})
				go func() { defer close(reading); _, _ = io.Copy(io.Discard, client) }()
				if took := d.stop(); took > 1100*time.Millisecond { // both limits, plus Shutdown's polling interval
					t.Errorf("the stop takes %v", took)
				}
				<-reading
			})
		})
	}
}

func TestABodyThatIsOnItsWayIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDoor(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			time.Sleep(5 * time.Second) // past the moment at which slow ones are cut
			if err != nil || r.Context().Err() != nil {
				w.WriteHeader(http.StatusBadRequest)
			}
			_, _ = w.Write(body)
		})
		client := d.connect("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nsome")
		synctest.Wait()
		time.AfterFunc(300*time.Millisecond, func() { send(client, "thing") })
		heard := make(chan string, 1)
		go func() { heard <- d.hears(client) }()
		d.stop()
		if got := <-heard; !strings.HasPrefix(got, "200 something") {
			t.Errorf("the client hears %s", got)
		}
	})
}

// TestKeptConnectionsEndWithAnAnswer has a client that sends a request each
// tenth of a second on one connection: it is told that the connection ends,
// rather than losing its next request.
func TestKeptConnectionsEndWithAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDoor(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") })
		client := d.connect(get)
		heard := []string{d.hears(client)}
		time.Sleep(50 * time.Millisecond)
		stopped := make(chan time.Duration, 1)
		go func() { stopped <- d.stop() }()
		time.Sleep(50 * time.Millisecond)
		send(client, get)
		heard = append(heard, d.hears(client))
		if diff := cmp.Diff([]string{"200 fine, closed false", "200 fine, closed true"}, heard); diff != "" {
			t.Errorf("the client hears (-want +got):\n%s", diff)
		}
		if took := <-stopped; took > 100*time.Millisecond {
			t.Errorf("the stop takes %v after the last connection has gone", took)
		}
	})
}

// TestUntilTheFarewellIsOverConnectionsAreTaken has a client connect while
// another connection is kept.
func TestUntilTheFarewellIsOverConnectionsAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDoor(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") })
		d.hears(d.connect(get))
		stopped := make(chan time.Duration, 1)
		go func() { stopped <- d.stop() }()
		time.Sleep(100 * time.Millisecond)
		if got := d.hears(d.connect(get)); got != "200 fine, closed true" {
			t.Errorf("who comes meanwhile hears %s", got)
		}
		if took := <-stopped; took > time.Second {
			t.Errorf("the stop takes %v", took)
		}
	})
}
