package web_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/test/pipenet"
)

// TestIdleConnectionsKeepNobodyOut: of thousands of idle connections the oldest
// are closed, but not those that wait for an answer.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		s := web.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-goOn
			}
			_, _ = io.WriteString(w, "fine")
		}), slog.New(slog.DiscardHandler))
		web.NewDrain(s) // which tracks connections as well
		listener := pipenet.Listen()
		var serving sync.WaitGroup
		serving.Go(func() { _ = s.Serve(listener) })
		var open []net.Conn
		dial := func() net.Conn {
			conn, err := listener.Dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, conn)
			return conn
		}
		ask := func(conn net.Conn, path string) {
			if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				t.Errorf("%s cannot be asked: %v", path, err)
			}
		}
		answered := func(conn net.Conn) {
			t.Helper()
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("got %v, %v", response, err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
		}
		honest := dial()
		ask(honest, "/slow")
		synctest.Wait()
		first := dial()
		for range web.MaxConnections + 10 {
			dial()
		}
		synctest.Wait()
		if _, err := first.Read(make([]byte, 1)); err == nil {
			t.Error("the oldest that asks nothing is not closed")
		}
		late := dial()
		ask(late, "/quick")
		answered(late)
		close(goOn)
		answered(honest)
		_ = s.Close()
		for _, conn := range open {
			_ = conn.Close()
		}
		serving.Wait()
	})
}
