package trunk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

// records is a DNS.
type records struct {
	srv   []*net.SRV
	err   error // for the SRV records
	hosts map[string]string
	asked []string
}

var errMissing = &net.DNSError{IsNotFound: true, Err: "no such host"}

func (r *records) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	r.asked = append(r.asked, fmt.Sprintf("_%s._%s.%s", service, proto, name))
	return "", r.srv, r.err
}

func (r *records) LookupNetIP(_ context.Context, _, host string) (all []netip.Addr, err error) {
	r.asked = append(r.asked, host)
	for text := range strings.FieldsSeq(r.hosts[host]) {
		all = append(all, netip.MustParseAddr(text))
	}
	if all == nil {
		return nil, errMissing
	}
	return all, nil
}

func TestServersAreFoundByTheNameOfTheCarrier(t *testing.T) {
	hosts := map[string]string{
		"carrier.example": "192.0.2.1", "one.carrier.example.": "2001:db8::2 192.0.2.2", "two.carrier.example.": "192.0.2.3 ::ffff:192.0.2.4",
	}
	two := []*net.SRV{{Target: "one.carrier.example.", Port: 5070, Priority: 10}, {Target: "two.carrier.example.", Port: 5080, Priority: 20}}
	down := errors.New("timed out")
	for _, c := range []struct {
		name      string
		address   string
		transport Transport
		records   records
		before    bool // a server was known
		asked     string
		want      string // where; "": an error
	}{
		{"SRV over UDP", "carrier.example", UDP, records{srv: two}, false, "_sip._udp.carrier.example one.carrier.example. two.carrier.example.",
			"192.0.2.2:5070 [2001:db8::2]:5070 192.0.2.3:5080 192.0.2.4:5080"},
		{"SRV over TCP", "carrier.example", TCP, records{srv: two[:1]}, false, "_sip._tcp.carrier.example one.carrier.example.", "192.0.2.2:5070 [2001:db8::2]:5070"},
		{"SRV over TLS", "carrier.example", TLS, records{srv: two[:1]}, false, "_sips._tcp.carrier.example one.carrier.example.", "192.0.2.2:5070 [2001:db8::2]:5070"},
		{"no SRV", "carrier.example", UDP, records{err: errMissing}, false, "_sip._udp.carrier.example carrier.example", "192.0.2.1:5060"},
		{"no SRV, over TLS", "carrier.example", TLS, records{err: errMissing}, false, "_sips._tcp.carrier.example carrier.example", "192.0.2.1:5061"},
		{"a port", "carrier.example:5090", UDP, records{srv: two}, false, "carrier.example", "192.0.2.1:5090"},
		{"no answer about SRV", "carrier.example", UDP, records{err: down}, false, "_sip._udp.carrier.example carrier.example", "192.0.2.1:5060"},
		{"no answer, and there were servers", "carrier.example", UDP, records{err: down}, true, "_sip._udp.carrier.example", ""},
		{"some of the records are of use", "carrier.example", UDP, records{srv: []*net.SRV{{Target: "nowhere.example."}, two[1]}, err: down}, false,
			"_sip._udp.carrier.example nowhere.example. two.carrier.example.", "192.0.2.3:5080 192.0.2.4:5080"},
		{"none is", "carrier.example", UDP, records{srv: []*net.SRV{{Target: "nowhere.example."}}}, false, "_sip._udp.carrier.example nowhere.example.", ""},
		{"it takes no calls that way", "carrier.example", UDP, records{srv: []*net.SRV{{Target: "."}}}, false, "_sip._udp.carrier.example", ""},
		{"a name that is not there", "nowhere.example", UDP, records{err: errMissing}, false, "_sip._udp.nowhere.example nowhere.example", ""},
	} {
		var address Address
		if err := address.UnmarshalText([]byte(c.address)); err != nil {
			t.Fatal(err)
		}
		c.records.hosts = hosts
		tr := New(Config{Settings: Settings{Address: address, Transport: c.transport}, Resolver: &c.records, Log: slog.New(slog.DiscardHandler)})
		if c.before {
			tr.servers = servers{at(0, 0, 1)}
		}
		found, err := tr.lookUp(t.Context())
		var got []string
		for _, hop := range found.order(func(int) int { return 0 }) {
			got = append(got, hop.Address.String())
			if (hop.Name == "carrier.example") != (c.transport == TLS) || hop.Network != string(c.transport) {
				t.Errorf("%s: a server is %+v", c.name, hop)
			}
		}
		if diff := cmp.Diff([]string{c.asked, c.want}, []string{strings.Join(c.records.asked, " "), strings.Join(got, " ")}); diff != "" || (err == nil) != (c.want != "") {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, err, diff)
		}
	}
}

func TestServerOfAnAddressShowsItsCertificate(t *testing.T) {
	tr := New(Config{Settings: Settings{Address: Address{Host: "192.0.2.1"}, Transport: TLS, LargeOverTCP: true}, Log: slog.New(slog.DiscardHandler)})
	want := []dialog.Hop{{Network: dialog.TLS, Address: netip.MustParseAddrPort("192.0.2.1:5061"), Overflow: true}}
	if diff := cmp.Diff(want, tr.order(clock(0)), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
