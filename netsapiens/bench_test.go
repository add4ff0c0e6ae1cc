package netsapiens_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkSendSMS compares SendSMS with a plain http.Client that sends the
// same bytes and looks at nothing but the status. Both share one server, whose
// allocations count for both.
func BenchmarkSendSMS(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"code":202,"message":"Accepted"}`))
	}))
	b.Cleanup(s.Close)

	b.Run("netsapiens", func(b *testing.B) {
		c := clientOf(b, s.URL)
		b.ReportAllocs()
		for b.Loop() {
			if err := c.SendSMS(b.Context(), text()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		c := s.Client()
		b.ReportAllocs()
		for b.Loop() {
			body := strings.NewReader(`{"type":"sms","message":"Open until five.","destination":"19734321440","from-number":"19294873999"}`)
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL+"/ns-api/v2/domains/example.com/users/2000/messagesessions/ssssssssssssssssssssssssssssssss/messages", body)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer x")
			resp, err := c.Do(r)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusAccepted {
				b.Fatal(err, resp.StatusCode)
			}
			resp.Body.Close()
		}
	})
}
