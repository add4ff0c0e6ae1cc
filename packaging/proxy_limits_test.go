package packaging_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// taking is a server that reads what it is sent and answers that it did.
func taking(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// post posts so many bytes and returns the answer.
func (p *proxy) post(path string, size int) *http.Response {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "https://"+p.address+path, strings.NewReader(strings.Repeat("x", size)))
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := client(caller).Do(r)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.log)
	}
	_ = response.Body.Close()
	return response
}

func TestTheProxiesTakeTheBodiesThatWeTake(t *testing.T) {
	eachProxy(t, taking, func(t *testing.T, p *proxy) {
		for _, test := range []struct {
			path         string
			size, status int
		}{
			{"/webresponder", 64 << 10, 200},
			{"/webresponder", 64<<10 + 1, 413},
			{"/oncall", 1 << 20, 413},
			{"/update-sms", 1 << 20, 413},
			{"/click-to-call/never", 1 << 20, 413},
			{"/webresponder/events", 1 << 20, 200},
			{"/ns-api/v2/domains", 1 << 20, 200},
		} {
			status := p.post(test.path, test.size).StatusCode
			if status == http.StatusBadGateway {
				status = http.StatusRequestEntityTooLarge // Caddy 2.6 says so of a body that it has cut off
			}
			if status != test.status {
				t.Errorf("%d bytes to %s: %d, want %d", test.size, test.path, status, test.status)
			}
		}
	})
}

func TestHAProxyBoundsWhatOneAddressAsks(t *testing.T) {
	const table = "backend switchhook_browsers\n\tstick-table type ipv6 size 100k expire 1m store http_req_rate(10s)"
	// However slow the machine is, all of it is within the time.
	p := startHAProxy(t, taking(t), table, strings.NewReplacer("1m", "1h", "10s", "1h").Replace(table))
	for i := 1; i <= 101; i++ {
		want := http.StatusOK
		if i > 100 {
			want = http.StatusTooManyRequests
		}
		response := p.post("/click-to-call", 10)
		if response.StatusCode != want || (response.Header.Get("Retry-After") == "10") != (want != http.StatusOK) {
			t.Fatalf("request %d of a browser's address is answered %d, %v; want %d", i, response.StatusCode, response.Header, want)
		}
	}
	for _, path := range []string{"/oncall?secret_key=x", "/webresponder?id=x", "/click-to-call/never/call?key=x"} {
		if response := p.post(path, 10); response.StatusCode != http.StatusOK {
			t.Errorf("a phone system that asks %s from there is answered %d", path, response.StatusCode)
		}
	}
}
