package voice_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/setting"
)

func TestSettingsThatDoNotGoTogether(t *testing.T) {
	at := func(network, address string) setting.SIPAddress {
		return setting.SIPAddress{Network: network, Address: netip.MustParseAddrPort(address)}
	}
	for _, c := range []struct {
		name   string
		change func(*voice.Settings)
		want   string
	}{
		{"the defaults", func(*voice.Settings) {}, ""},
		{"too few ports", func(s *voice.Settings) { s.MediaPorts = setting.Ports{First: 20001, Last: 20004} }, "media_ports is 20001-20004, which is not enough for a call: one takes four ports, and the first is even"},
		{"a port for both", func(s *voice.Settings) { s.SIP = append(s.SIP, at("udp", "0.0.0.0:20002")) }, "sip has a port of media_ports in udp://0.0.0.0:20002"},
		{"TCP beside a port of sound", func(s *voice.Settings) { s.SIP = append(s.SIP, at("tcp", "0.0.0.0:20002")) }, ""},
		{"one address twice", func(s *voice.Settings) { s.SIP = append(s.SIP, s.SIP[0]) }, "sip names udp://0.0.0.0:5060 twice"},
		{"TLS without a certificate", func(s *voice.Settings) { s.SIP = append(s.SIP, at("tls", "0.0.0.0:5061")) }, "tls.certificate_file is missing\ntls.key_file is missing"},
		{"a certificate without its key", func(s *voice.Settings) { s.TLS.CertificateFile = "sip.pem" }, "tls.key_file is missing"},
		{"no SIP", func(s *voice.Settings) { s.SIP, s.MaxCalls = nil, 10000 }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := voice.Settings{SIP: []setting.SIPAddress{at("udp", "0.0.0.0:5060")}, MediaPorts: setting.Ports{First: 20000, Last: 29999}, MaxCalls: 2000}
			c.change(&s)
			got := ""
			if err := s.Check(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestThereAreNoMoreCallsThanPortsOfTheirSound(t *testing.T) {
	for ports, want := range map[setting.Ports]int{{First: 20000, Last: 29999}: 2000, {First: 20000, Last: 20399}: 100, {First: 20001, Last: 20005}: 1} {
		if s := (voice.Settings{MediaPorts: ports, MaxCalls: 2000}); s.Most() != want {
			t.Errorf("with the ports %s there are %d calls, want %d", ports, s.Most(), want)
		}
	}
}
