package netsapiens_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// TestASlowPhoneSystemHasBoundedConnections: it takes every request and answers
// none. A text that gets no connection in time is known to be unsent.
func TestASlowPhoneSystemHasBoundedConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const asked, most = 1000, 256
		var open, peak atomic.Int64
		transport := netsapiens.NewTransport()
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			peak.Store(max(peak.Load(), open.Add(1)))
			go func() {
				defer open.Add(-1)
				defer far.Close()
				in := bufio.NewReader(far)
				if r, err := http.ReadRequest(in); err == nil {
					_, _ = io.Copy(io.Discard, r.Body)
				}
				_, _ = io.Copy(io.Discard, in)
			}()
			return near, nil
		}
		c, err := netsapiens.New(netsapiens.Config{
			URL: "http://pbx.example.net", Token: nstest.Token, HTTP: &http.Client{Transport: transport}, Timeout: 4 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseIdle()
		began := time.Now()
		var sending sync.WaitGroup
		var notSent atomic.Int64
		for range asked {
			sending.Go(func() {
				err := c.SendSMS(t.Context(), text())
				if err == nil || !netsapiens.Temporary(err) {
					t.Errorf("got %v", err)
				}
				if !netsapiens.Uncertain(err) {
					notSent.Add(1)
				}
			})
		}
		synctest.Wait()
		if got := peak.Load(); got > most {
			t.Errorf("%d connections are open at once, want at most %d", got, most)
		}
		sending.Wait()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the last one waits for %v", took)
		}
		if got := notSent.Load(); got < asked/4 { // some got the connection of one that gave up
			t.Errorf("of %d texts %d are known not to have been sent", asked, got)
		}
	})
}
