package softphone_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"testing"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/handset"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// converse has two phones in an answered call.
func converse(from, to *handset.Phone) (caller, callee *handset.Call) {
	from.T.Helper()
	caller = from.Dial(to.Address())
	callee = to.Rings()
	callee.Answer()
	handset.Expect[dialog.Answered](caller)
	handset.Expect[dialog.Answered](callee)
	return caller, callee
}

// pressed waits for keys.
func pressed(c *handset.Call, n int) (keys string, by softphone.Way) {
	c.T.Helper()
	for len(keys) < n {
		k := handset.Expect[softphone.Key](c)
		keys, by = keys+string(k.Key), k.By
	}
	return keys, by
}

// certified returns the settings of a phone that is called over TLS, and of one
// that calls it.
func certified(t testing.TB) (serve, dial *tls.Config) {
	t.Helper()
	own, err := softphone.SelfSigned(loopback)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(own.Leaf)
	serve = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	return serve, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// twoPhones starts two that speak a codec over a network.
func twoPhones(t testing.TB, network string, codecs ...sdp.Codec) (alice, bob *handset.Phone) {
	t.Helper()
	c := softphone.Config{Codecs: codecs, Listen: dialog.Listen{Network: network}}
	if network == dialog.TLS {
		c.ServeTLS, c.DialTLS = certified(t)
	}
	return handset.Start(t, c), handset.Start(t, c)
}

func TestWhatIsNoAddressIsNotCalled(t *testing.T) {
	p := handset.Start(t, softphone.Config{User: "alice"})
	for _, target := range []string{"", "sip:", "100", "sip:foo bar@127.0.0.1", "sip:100@127.0.0.1\r\nX-Other: 1", "sip:<100>@127.0.0.1"} {
		if _, err := p.Phone.Dial(target); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("calling %q is %v", target, err)
		}
	}
}
