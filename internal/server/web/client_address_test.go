package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/switchhook/switchhook/internal/server/web"
)

// proxies are the trusted proxies of all tests: this machine and some networks.
var proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}

func TestTheClientIsTheRightMostAddressThatIsNoProxy(t *testing.T) {
	for _, test := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.7:4711", nil, "203.0.113.7"},
		{"no proxy, and a claim", "203.0.113.7:4711", []string{"198.51.100.1"}, "203.0.113.7"},
		{"a proxy", "127.0.0.1:4711", []string{"203.0.113.7"}, "203.0.113.7"},
		{"a proxy that says nothing", "127.0.0.1:4711", nil, "127.0.0.1"},
		{"what the client claims stands further left", "127.0.0.1:4711", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		{"it claims to be a proxy", "127.0.0.1:4711", []string{"127.0.0.1, 10.1.2.3, 203.0.113.7"}, "203.0.113.7"},
		{"two proxies", "127.0.0.1:4711", []string{"198.51.100.1, 203.0.113.7, 10.1.2.3"}, "203.0.113.7"},
		{"two headers", "127.0.0.1:4711", []string{"198.51.100.1", "203.0.113.7,10.1.2.3"}, "203.0.113.7"},
		{"only proxies", "127.0.0.1:4711", []string{"10.1.2.4, 10.1.2.3"}, "10.1.2.4"},
		{"spaces and nothing", "127.0.0.1:4711", []string{" 203.0.113.7 ,"}, "127.0.0.1"},
		{"nonsense at the right", "127.0.0.1:4711", []string{"203.0.113.7, unknown"}, "127.0.0.1"},
		{"nonsense at the left", "127.0.0.1:4711", []string{"'; drop table, 203.0.113.7"}, "203.0.113.7"},
		{"with a port", "127.0.0.1:4711", []string{"203.0.113.7:1234"}, "203.0.113.7"},
		{"IPv6", "[::1]:4711", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 with a port", "[::1]:4711", []string{"[2001:db8::7]:1234"}, "2001:db8::7"},
		{"IPv6 in brackets", "[fd00::2]:4711", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 of a link", "[fe80::1%eth0]:4711", nil, "fe80::1"},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:4711", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		{"IPv4 in IPv6 that claims to be a proxy", "203.0.113.7:4711", []string{"::ffff:127.0.0.1"}, "203.0.113.7"},
		{"not an address", "@", []string{"203.0.113.7"}, "invalid IP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = test.peer
			for _, value := range test.forwarded {
				r.Header.Add("X-Forwarded-For", value)
			}
			if got := web.ClientAddress(r, proxies); got.String() != test.want {
				t.Errorf("the client is %v, want %s", got, test.want)
			}
		})
	}
}

func TestWithoutTrustedProxiesNobodyIsBelieved(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	if got := web.ClientAddress(r, nil); got.String() != "127.0.0.1" {
		t.Errorf("the client is %v", got)
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("127.0.0.1:1", "198.51.100.1, 203.0.113.7")
	f.Add("[::1]:1", "[2001:db8::7]:1234,,,")
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got := web.ClientAddress(r, proxies)
		address, err := netip.ParseAddrPort(peer)
		if err != nil {
			if got.IsValid() {
				t.Errorf("the client of %q is %v", peer, got)
			}
			return
		}
		trusted := false
		for _, prefix := range proxies {
			trusted = trusted || prefix.Contains(address.Addr().Unmap().WithZone(""))
		}
		if !trusted && got != address.Addr().Unmap().WithZone("") {
			t.Errorf("%s is no proxy, and its word is taken for %v", peer, got)
		}
	})
}
