package textback_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/responder"
)

const entryKey = "pn8QhFv0cKjv3uMZr5yTq1Xw"

// request is one that has not been sent, for a new call.
func request(t *testing.T, method, extra, body string) *http.Request {
	t.Helper()
	target := "/webresponder?" + query(id, "+19734321440", "call-"+t.Name()).Encode() + extra
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func TestAnEntrysKeyIsDemanded(t *testing.T) {
	s := start(t, allTexts)
	s.set(id, map[string]any{"key": entryKey})
	now := time.Now()
	signed := func(r *http.Request, body, secret string, at time.Time) *http.Request {
		responder.Sign(r, []byte(body), "msg-1", at, secret)
		return r
	}
	for _, test := range []struct {
		name    string
		request func(t *testing.T) *http.Request
		want    textback.Reason
	}{
		{"no key", func(t *testing.T) *http.Request { return request(t, "GET", "", "") }, textback.Forbidden},
		{"in the URL", func(t *testing.T) *http.Request { return request(t, "GET", "&key="+entryKey, "") }, textback.Sent},
		{"in a form", func(t *testing.T) *http.Request { return request(t, "POST", "", "key="+entryKey) }, textback.Sent},
		{"another", func(t *testing.T) *http.Request { return request(t, "GET", "&key=wrong", "") }, textback.Forbidden},
		{"a part of it", func(t *testing.T) *http.Request { return request(t, "GET", "&key="+entryKey[:20], "") }, textback.Forbidden},
		{"more of it", func(t *testing.T) *http.Request { return request(t, "GET", "&key="+entryKey+"x", "") }, textback.Forbidden},
		{"an empty one", func(t *testing.T) *http.Request { return request(t, "GET", "&key=", "") }, textback.Forbidden},
		{"twice, the wrong one first", func(t *testing.T) *http.Request { return request(t, "GET", "&key=wrong&key="+entryKey, "") }, textback.Forbidden},
		{"signed with it", func(t *testing.T) *http.Request { return signed(request(t, "GET", "", ""), "", entryKey, now) }, textback.Sent},
		{"signed with it, posted", func(t *testing.T) *http.Request {
			return signed(request(t, "POST", "", "Digits=1"), "Digits=1", entryKey, now)
		}, textback.Sent},
		{"signed, another body", func(t *testing.T) *http.Request {
			return signed(request(t, "POST", "", "NmsAni=%2B19734321449"), "Digits=1", entryKey, now)
		}, textback.Forbidden},
		{"signed without the body that came", func(t *testing.T) *http.Request {
			return signed(request(t, "POST", "", "NmsAni=%2B19734321449"), "", entryKey, now)
		}, textback.Forbidden},
		{"signed with another", func(t *testing.T) *http.Request { return signed(request(t, "GET", "", ""), "", "wrong", now) }, textback.Forbidden},
		{"signed six minutes ago", func(t *testing.T) *http.Request {
			return signed(request(t, "GET", "", ""), "", entryKey, now.Add(-6*time.Minute))
		}, textback.Forbidden},
		{"signed for another URL", func(t *testing.T) *http.Request {
			r := signed(request(t, "GET", "", ""), "", entryKey, now)
			other := request(t, "GET", "&Digits=1", "")
			other.Header = r.Header
			return other
		}, textback.Forbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(s.system.Messages())
			wantXML(t, s.ask(test.request(t)), hears(test.want))
			if sent := len(s.system.Messages()) - before; (sent == 1) != (test.want == textback.Sent) {
				t.Errorf("%d texts went out", sent)
			}
		})
		s.forget()
	}
	if log := s.log.String(); strings.Contains(log, entryKey) {
		t.Error("the key is in the log")
	}
}

// forget removes what the ledger has, so that no cool-down stands between two
// cases.
func (s *service) forget() {
	s.t.Helper()
	if _, err := s.store.Purge(s.t.Context(), time.Now().Add(time.Hour)); err != nil {
		s.t.Fatal(err)
	}
}

func TestWhoMayNotAskLearnsAndLeavesNothing(t *testing.T) {
	s := start(t, allTexts)
	s.set(id, map[string]any{"key": entryKey, "message": nil})
	wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Forbidden)) // not incomplete
	if d := s.dossier("19734321440"); len(d.Answers) > 0 {
		t.Errorf("the ledger has %+v", d.Answers)
	}
	s.set(id, map[string]any{"key": entryKey})
	q := query(id, "+19734321440", "call-1")
	q.Set("key", entryKey)
	wantXML(t, s.get(q), hears(textback.Sent)) // a stranger's request before it changes nothing
}

func TestAnEntryMayNameWhereRequestsComeFrom(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	s := start(t, allTexts, func(c *textback.Config) {
		c.Address = func(r *http.Request) netip.Addr { return web.ClientAddress(r, proxies) }
	})
	s.set(id, map[string]any{"allow_from": []string{"192.0.2.1", "198.51.100.0/24", "2001:db8::/32"}})
	for _, test := range []struct {
		name, peer, forwarded string
		want                  textback.Reason
	}{
		{"the address", "192.0.2.1:4711", "", textback.Sent},
		{"its neighbour", "192.0.2.2:4711", "", textback.Forbidden},
		{"of the network", "198.51.100.77:4711", "", textback.Sent},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:4711", "", textback.Sent},
		{"IPv6", "[2001:db8::7]:4711", "", textback.Sent},
		{"another of IPv6", "[2001:db9::7]:4711", "", textback.Forbidden},
		{"through the proxy", "127.0.0.1:4711", "192.0.2.1", textback.Sent},
		{"a stranger through the proxy", "127.0.0.1:4711", "203.0.113.7", textback.Forbidden},
		{"a stranger through the proxy who claims it", "127.0.0.1:4711", "192.0.2.1, 203.0.113.7", textback.Forbidden},
		{"a stranger who claims it", "203.0.113.7:4711", "192.0.2.1", textback.Forbidden},
		{"the proxy itself", "127.0.0.1:4711", "", textback.Forbidden},
		{"nobody knows", "@", "", textback.Forbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := request(t, http.MethodGet, "", "")
			r.RemoteAddr = test.peer
			if test.forwarded != "" {
				r.Header.Set("X-Forwarded-For", test.forwarded)
			}
			wantXML(t, s.ask(r), hears(test.want))
		})
		s.forget()
	}
	s.set(id, map[string]any{"allow_from": []string{"192.0.2.1"}, "key": entryKey})
	r := request(t, http.MethodGet, "", "")
	r.RemoteAddr = "192.0.2.1:4711"
	wantXML(t, s.ask(r), hears(textback.Forbidden)) // both are demanded
}

func TestWithoutProxiesTheConnectionCounts(t *testing.T) {
	s := start(t, allTexts)
	s.set(id, map[string]any{"allow_from": []string{"192.0.2.1"}})
	r := request(t, http.MethodGet, "", "")
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	wantXML(t, s.ask(r), hears(textback.Forbidden))
	r = request(t, http.MethodGet, "", "")
	r.RemoteAddr = "192.0.2.1:4711"
	wantXML(t, s.ask(r), hears(textback.Sent))
}
