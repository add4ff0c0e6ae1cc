package fetch_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/switchhook/switchhook/internal/fetch"
)

// BenchmarkAsk compares Do with a plain http.Client that does as little as it
// can: no guard, no time limit, no size limit. Both share one server, whose
// allocations count for both.
func BenchmarkAsk(b *testing.B) {
	document := []byte(`<Response><Gather numDigits="1" action="/next"><Say>Press a key.</Say></Gather></Response>`)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(document) }))
	defer s.Close()
	u := address(b, s.URL)

	b.Run("fetch", func(b *testing.B) {
		c := client(b, fetch.Options{})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Do(b.Context(), fetch.Request{URL: u}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		c := s.Client()
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), "GET", u.String(), nil)
			if err != nil {
				b.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
}
