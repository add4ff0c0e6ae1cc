package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/trunk"
	"github.com/switchhook/switchhook/internal/setting"
)

const coreOfTrunk = "[core]\ndomain = 'example.net'\ncalling_code = '44'\nsip = ['udp://0.0.0.0:5060', 'tls://0.0.0.0:5061']\n" +
	"[core.tls]\ncertificate_file = 'sip.pem'\nkey_file = 'sip.key'\n"

func TestATrunkIsLoaded(t *testing.T) {
	s := load(t, fromFile(t, coreOfTrunk+"[[core.trunk]]\nname = 'carrier'\naddress = 'sips:sip.carrier.example'\ntransport = 'tls'\n"+
		"register = true\nusername = '+442079460100'\npassword_file = 'carrier-password'\nnumbers = 'national'\ncaller = '020 7946 0100'\n",
		map[string]string{"carrier-password": "secret\n"}))
	want := []trunk.Settings{{
		Name: "carrier", Address: trunk.Address{Host: "sip.carrier.example", Secure: true}, Transport: trunk.TLS,
		Username: "+442079460100", Password: setting.NewSecret("secret"), Register: true, RegisterEvery: 10 * time.Minute,
		OptionsEvery: 30 * time.Second, From: trunk.FromNumber, Caller: "020 7946 0100", Numbers: trunk.National, CallingCode: "44",
	}}
	if got := s.Core.Trunk.Trunks; len(got) != 1 || !got[0].Equal(want[0]) {
		t.Errorf("the trunks are %+v", got)
	}
}

func TestATrunkThatCannotBeUsedIsReported(t *testing.T) {
	const trunkAt = "[[core.trunk]]\nname = 'carrier'\naddress = 'sip.carrier.example'\n"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"two", coreOfTrunk + trunkAt + trunkAt, []string{
			"switchhook.toml:12: core.trunk.1.name is of a second trunk, and there can be one; leave it out, or put the other servers of a carrier into the SRV records of one name"}},
		{"no SIP", "[core]\ndomain = 'example.net'\n" + trunkAt, []string{
			`switchhook.toml:1: core.sip is missing: write sip = ["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"] below [core], or set SWITCHHOOK_CORE_SIP_0 in the environment`}},
		{"SIP of another kind", coreOfTrunk + trunkAt + "transport = 'tcp'\n", []string{
			`switchhook.toml:11: core.trunk.0.transport is tcp, and sip has no address of that kind, such as "tcp://0.0.0.0:5060"`}},
		{"SIP of another family", coreOfTrunk + "[[core.trunk]]\nname = 'carrier'\naddress = '[2001:db8::1]:5060'\n", []string{
			`switchhook.toml:10: core.trunk.0.address is one of IPv6, and sip has none of IPv6 over udp, such as "udp://[::]:5060"`}},
		{"no address", coreOfTrunk + "[[core.trunk]]\nname = 'carrier'\n", []string{
			`switchhook.toml:8: core.trunk.0.address is missing: write address = "sip.carrier.example" below [[core.trunk]], or set SWITCHHOOK_CORE_TRUNK_0_ADDRESS in the environment`}},
		{"an address of the web", coreOfTrunk + "[[core.trunk]]\nname = 'carrier'\naddress = 'https://carrier.example'\n", []string{
			`switchhook.toml:10: core.trunk.0.address is "https://carrier.example"; it takes the name or address of a carrier, such as "sip.carrier.example" or "192.0.2.1:5060"`}},
		{"registering as nobody", coreOfTrunk + trunkAt + "register = true\n", []string{
			`switchhook.toml:8: core.trunk.0.username is missing: write username = "12125550100" below [[core.trunk]], or set SWITCHHOOK_CORE_TRUNK_0_USERNAME in the environment`,
			`switchhook.toml:8: core.trunk.0.password is missing: write password = "…" below [[core.trunk]], or set SWITCHHOOK_CORE_TRUNK_0_PASSWORD in the environment`}},
	} {
		if diff := cmp.Diff(c.want, refusal(t, fromFile(t, c.text, nil))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
