package oncall_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/responder"
)

// counted is a body without end that counts what is read of it.
type counted struct{ read int }

func (c *counted) Read(p []byte) (int, error) {
	clear(p)
	c.read += len(p)
	return len(p), nil
}

func TestAStrangersBodyIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, answering(person("Ann", 1, annCell)))
		near := open(t, oncall.Config{Routes: []oncall.Route{support()}, AllowFrom: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}},
			oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: answering()}}})
		defer o.run()()
		header := func(name, value string) http.Header { return http.Header{name: {value}} }
		for _, test := range []struct {
			name, query string
			header      http.Header
			dispatcher  *oncall.Dispatcher
			status      int
		}{
			{"a wrong secret in the URL", "?secret_key=wrong", nil, o.dispatcher, 401},
			{"a wrong secret in a header", "", header("X-Secret-Key", "wrong"), o.dispatcher, 401},
			{"a wrong bearer token", "", header("Authorization", "Bearer wrong"), o.dispatcher, 401},
			{"another address", "?secret_key=" + secret, nil, near.dispatcher, 403},
		} {
			body := &counted{}
			r := httptest.NewRequest(http.MethodPost, "/oncall"+test.query, body)
			r.ContentLength = 60 << 10
			r.Header = test.header
			if r.Header == nil {
				r.Header = http.Header{}
			}
			r.Header.Set("Content-Type", "application/json")
			if got := serve(test.dispatcher.Document(), r); got.status != test.status || body.read > 0 {
				t.Errorf("%s: %d, %d bytes were read; want %d and none", test.name, got.status, body.read, test.status)
			}
		}
	})
}

func TestABodyHasAtMost64KiB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, answering(person("Ann", 1, annCell)))
		defer o.run()()
		for _, test := range []struct{ size, status int }{{64 << 10, 200}, {64<<10 + 1, 413}} {
			for name, target := range map[string]string{"with its secret": "/oncall?secret_key=" + secret, "without": "/oncall"} {
				begin := "secret_key=" + secret + "&x="
				r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(begin+strings.Repeat("x", test.size-len(begin))))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if got := serve(o.dispatcher.Document(), r); got.status != test.status {
					t.Errorf("%d bytes, %s: %d, want %d", test.size, name, got.status, test.status)
				}
			}
		}
	})
}

// TestAForgedSignatureIsTriedOnce: however many routes there are, the body is
// gone through once for all of them.
func TestAForgedSignatureIsTriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		routes := make([]oncall.Route, 100)
		for i := range routes {
			routes[i] = support(func(r *oncall.Route) { r.Name = "route-" + strings.Repeat("x", i) })
		}
		o := open(t, oncall.Config{Routes: routes}, oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: answering()}}})
		body := strings.Repeat("x", 60<<10)
		ask := func() {
			r := httptest.NewRequest(http.MethodPost, "/oncall", strings.NewReader(body))
			responder.Sign(r, []byte(body), "1", time.Now(), "wrong")
			if got := serve(o.dispatcher.Document(), r); got.status != 401 {
				t.Errorf("status %d", got.status)
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		ask()
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
			t.Errorf("%d bytes were allocated", got)
		}
	})
}
