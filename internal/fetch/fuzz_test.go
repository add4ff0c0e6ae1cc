package fetch_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/fetch"
)

// FuzzAnswer lets a server answer with anything: there is a whole answer
// within the limit, or an error in words.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<Hangup/>",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<Hangup/>\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
		"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: https://host.example/?a=b\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nSet-Cookie: a=b\r\n\r\n",
		"HTTP/1.0 200\r\n\r\nabc",
		"\x15\x03\x01\x00\x02\x02\x16",
		"SSH-2.0-x\r\n",
	} {
		f.Add([]byte(seed))
	}
	const limit = 1024
	f.Fuzz(func(t *testing.T, answer []byte) {
		c := fetch.New(fetch.Options{Dial: piped(says(string(answer)))})
		defer c.CloseIdle()
		resp, err := c.Do(t.Context(), fetch.Request{URL: address(t, "http://host.example/call"), Limit: limit, Timeout: time.Second})
		switch {
		case err == nil && (len(resp.Body) > limit || resp.Status < 200 || resp.Redirects > fetch.DefaultRedirects):
			t.Errorf("%+v", resp)
		case err != nil:
			if e, ok := err.(*fetch.Error); !ok || e.Message == "" {
				t.Errorf("%T: %v", err, err)
			} else {
				failed(t, err, e.Kind)
			}
		}
	})
}
