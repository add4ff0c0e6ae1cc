package dialplan_test

import (
	"regexp"
	"testing"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/phone"
)

// outside is what may leave this phone system, but for emergency numbers.
var outside = regexp.MustCompile(`^(?:\+[1-9][0-9]{6,14}|sips?:[!-~]+@[A-Za-z0-9.:\[\]-]+(?:;transport=(?:udp|tcp|tls))?)$`)

// FuzzLeaving checks who leaves, and that nothing else is called than a number or an
// address, whatever a responder or a client of the API writes.
func FuzzLeaving(f *testing.F) {
	for _, to := range []string{"4165550100", "sip:bob@elsewhere.example:5071;transport=tls", "911", "urn:service:sos.\r\n", "sip:a@[::1]", "sip:%61@b?c=d"} {
		f.Add("+19734321440", to, true)
		f.Add("8001@"+domain, to, false)
	}
	s := textBack(f)
	f.Fuzz(func(t *testing.T, from, to string, owned bool) {
		q := dialplan.Query{From: from, To: to, At: noon}
		if owned {
			q.Owner = "8001@" + domain
		}
		result := dialplan.Route(s, q)
		switch leaves := result.Kind == dialplan.Outside; {
		case leaves != (result.Outside != ""):
			t.Errorf("%q: %s to %q", to, result.Kind, result.Outside)
		case leaves && !owned:
			t.Errorf("%q leaves from %q, on nobody's behalf", to, from)
		case leaves && !outside.MatchString(result.Outside) && !phone.Emergency(result.Outside, phone.HomeOfCode("1")):
			t.Errorf("%q leaves to %q", to, result.Outside)
		}
	})
}
