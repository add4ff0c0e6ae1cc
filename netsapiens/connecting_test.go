package netsapiens_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestPhoneSystemThatIsNotThere(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about us
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for name, row := range map[string]struct{ url, want string }{
		"nobody listens":         {gone.URL, "there is no connection to HOST: "},
		"an unknown certificate": {secure.URL, "there is no connection to HOST: "},
		"https where http is":    {"https" + strings.TrimPrefix(plain.URL, "http"), "there is no connection to HOST: http: server gave HTTP response to HTTPS client"},
		"a name that is none":    {"http://pbx.invalid", "there is no connection to HOST: the name pbx.invalid cannot be looked up ("},
	} {
		t.Run(name, func(t *testing.T) {
			err := clientOf(t, row.url).SendSMS(t.Context(), text())
			e := failed(t, err)
			if got := without(row.url, e.Message); !strings.HasPrefix(got, row.want) || verdict(err) != "temporary" || e.Status != 0 {
				t.Errorf("%s: %s", got, verdict(err))
			}
			if !strings.HasPrefix(e.Hint, "check the address") {
				t.Errorf("hint %q", e.Hint)
			}
		})
	}
}

// TestWhatDoesNotSpeakHTTP asks services that are something else, one of which
// echoes what it receives.
func TestWhatDoesNotSpeakHTTP(t *testing.T) {
	for name, row := range map[string]struct {
		speaks func(net.Conn)
		want   string
	}{
		"another service": {func(conn net.Conn) { _, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n\r\n") }, "HOST does not answer as a web server does: permanent uncertain"},
		"an echo":         {func(conn net.Conn) { _, _ = io.Copy(conn, conn) }, "HOST does not answer as a web server does: permanent uncertain"},
		"half a head":     {func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-") }, "HOST closed the connection in the middle of its headers: temporary uncertain"},
		"endless headers": {func(conn net.Conn) {
			_, err := io.WriteString(conn, "HTTP/1.1 202 Accepted\r\n")
			for err == nil {
				_, err = io.WriteString(conn, "X-Y: "+strings.Repeat("z", 1000)+"\r\n")
			}
		}, "HOST sent more headers than an answer may have: permanent uncertain"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				if name != "an echo" { // the request first: otherwise it is cut short by what comes before it
					_, _ = conn.Read(make([]byte, 64<<10))
				}
				row.speaks(conn)
			}()
			t.Cleanup(func() { l.Close(); <-done })
			url := "http://" + l.Addr().String()
			c := clientOf(t, url)
			err = c.SendSMS(t.Context(), text())
			if got := without(url, failed(t, err).Message) + ": " + verdict(err); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			c.CloseIdle()
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		system := start(t, nstest.Quirks{})
		for _, to := range []string{elsewhere.URL, "/ns-api/v2/version"} {
			system.Break(nstest.SendMessage, 1, nstest.Redirects(status, to))
			system.Break(nstest.ReadUser, 1, nstest.Redirects(status, to))
			// Not even with a client of the caller's that would.
			c, err := netsapiens.New(netsapiens.Config{URL: system.URL, Token: nstest.Token, HTTP: elsewhere.Client()})
			if err != nil {
				t.Fatal(err)
			}
			failed(t, c.SendSMS(t.Context(), text()))
			failed(t, second(c.User(t.Context(), "example.com", "2000")))
		}
		if len(system.Requests()) != 4 {
			t.Errorf("%d: asked %v", status, system.Requests())
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("asked elsewhere %d times", n)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	system := nstest.New(nstest.Quirks{})
	system.AddDomain("example.com")
	system.AddUser("example.com", "2000")
	system.AddSMSNumber("example.com", "19294873999", "2000")
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(system)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := clientOf(t, s.URL)
	for range 10 {
		if err := c.SendSMS(t.Context(), text()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.User(t.Context(), "example.com", "2000"); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestConfiguredClientIsUsed(t *testing.T) {
	system := start(t, nstest.Quirks{})
	own := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	before := *own
	c, err := netsapiens.New(netsapiens.Config{URL: system.URL + "/", Token: nstest.Token, HTTP: own, UserAgent: "example/1.0"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	if own.Timeout != before.Timeout || own.Transport != nil || own.CheckRedirect(nil, nil) != nil {
		t.Error("the caller's client was changed")
	}
	if got := system.Requests()[0]; got.Header.Get("User-Agent") != "example/1.0" || got.Path != "/ns-api/v2/version" {
		t.Errorf("%+v", got)
	}
}
