package trunk

import (
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/phone"
)

func TestCarrierIsToldWhoCalls(t *testing.T) {
	const owner = "+12125550100"
	plain := Settings{Address: Address{Host: "sip.carrier.example"}, Numbers: E164Plus, From: FromNumber, CallingCode: "1"}
	with := func(change func(*Settings)) Settings {
		s := plain
		change(&s)
		return s
	}
	for _, c := range []struct {
		name     string
		settings Settings
		who      engine.Outside
		want     []string // From, and the other header fields
	}{
		{"a number", plain, engine.Outside{From: owner},
			[]string{"<sip:+12125550100@sip.carrier.example>", "P-Asserted-Identity: <sip:+12125550100@sip.carrier.example>"}},
		{"a name", plain, engine.Outside{From: owner, Name: `Sales "East"`},
			[]string{`"Sales "East"" <sip:+12125550100@sip.carrier.example>`, "P-Asserted-Identity: <sip:+12125550100@sip.carrier.example>"}},
		{"in the carrier's format and domain", with(func(s *Settings) { s.Numbers, s.FromDomain = E164, "carrier.example" }), engine.Outside{From: owner},
			[]string{"<sip:12125550100@carrier.example>", "P-Asserted-Identity: <sip:12125550100@carrier.example>"}},
		{"no number of their own", with(func(s *Settings) { s.Caller = "212 555 0199" }), engine.Outside{},
			[]string{"<sip:+12125550199@sip.carrier.example>", "P-Asserted-Identity: <sip:+12125550199@sip.carrier.example>"}},
		{"an extension", with(func(s *Settings) { s.Caller = "+12125550199" }), engine.Outside{From: "200"},
			[]string{"<sip:+12125550199@sip.carrier.example>", "P-Asserted-Identity: <sip:+12125550199@sip.carrier.example>"}},
		{"no number at all", with(func(s *Settings) { s.Username = "2005@carrier.example" }), engine.Outside{},
			[]string{"<sip:2005@sip.carrier.example>"}},
		{"nor a name of the account", plain, engine.Outside{}, []string{"<sip:anonymous@sip.carrier.example>"}},
		{"the account in From", with(func(s *Settings) { s.From, s.Username = FromUsername, "2005" }), engine.Outside{From: owner, Name: "Sales"},
			[]string{`"Sales" <sip:2005@sip.carrier.example>`, "P-Asserted-Identity: <sip:+12125550100@sip.carrier.example>"}},
		{"hidden", plain, engine.Outside{From: owner, Name: "Sales", Private: true},
			[]string{`"Anonymous" <sip:anonymous@anonymous.invalid>`, "P-Asserted-Identity: <sip:+12125550100@sip.carrier.example>", "Privacy: id"}},
		{"hidden, with the account in From", with(func(s *Settings) { s.From, s.Username = FromUsername, "2005" }), engine.Outside{From: owner, Private: true},
			[]string{`"Anonymous" <sip:anonymous@anonymous.invalid>`, "P-Asserted-Identity: <sip:+12125550100@sip.carrier.example>", "Privacy: id"}},
		{"an address with a port", with(func(s *Settings) { s.Address = Address{Host: "2001:db8::1", Port: 5080} }), engine.Outside{From: owner},
			[]string{"<sip:+12125550100@[2001:db8::1]:5080>", "P-Asserted-Identity: <sip:+12125550100@[2001:db8::1]:5080>"}},
		{"sips", with(func(s *Settings) { s.Address.Secure = true }), engine.Outside{From: owner},
			[]string{"<sips:+12125550100@sip.carrier.example>", "P-Asserted-Identity: <sips:+12125550100@sip.carrier.example>"}},
	} {
		id := c.settings.identify(c.who, phone.HomeOfCode("1"))
		from := sip.FromHeader{DisplayName: id.from.Name, Address: id.from.Address}
		got := []string{from.Value()}
		for _, h := range id.header {
			got = append(got, h.String())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
