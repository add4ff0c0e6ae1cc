package voice

import (
	"errors"
	"net/netip"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say how calls over SIP are taken.
type Settings struct {
	// SIP is empty if no calls are taken over SIP.
	SIP []setting.SIPAddress `key:"sip" example:"udp://0.0.0.0:5060 tcp://0.0.0.0:5060" doc:"Where calls over SIP are taken: udp, tcp or tls, an address of this machine, and a port. 0.0.0.0 stands for all addresses of IPv4, [::] for those of IPv6. Left out, the Core has calls from terminals alone."`

	// Allow is empty if everybody may call.
	Allow []netip.Prefix `key:"sip_allow" example:"192.0.2.0/24" doc:"Networks that may call, such as a carrier's; what others send is dropped unread. These have no limits of their own, and never count as attackers. Left out, anybody may call the numbers that are there, and nothing else. Read again at a reload."`

	MediaPorts setting.Ports `key:"media_ports" default:"20000-29999" doc:"The UDP ports of the calls' sound, which a firewall is to let in: four for each call, two for the caller and two for whom the call may be forwarded to. Where there are fewer than max_calls needs, there are fewer calls."`

	ExternalAddress setting.IP     `key:"external_address" example:"203.0.113.5" doc:"The address that telephones and carriers outside reach this machine at, where a router or a cloud gives it another one than its own. The router leaves ports as they are. Left out, it is the machine's own."`
	LocalNetworks   []netip.Prefix `key:"local_networks" default:"10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 ::1/128 fc00::/7 fe80::/10" doc:"Networks on this side of the router, which are told the machine's own address in place of external_address."`

	Answer     AnswerWhen    `key:"answer" default:"first_sound" doc:"When a call is answered: first_sound, when its responder has something to be heard, so that a call which is turned down or forwarded costs the caller nothing; at_once, before a responder is asked."`
	Forward    ForwardBy     `key:"forward" default:"bridge" doc:"How a caller gets to somebody outside: bridge, both speak through this server; refer, a caller who was answered is handed back to their telephone or carrier, which makes the call (REFER). Where that refuses, or comes to nothing, there is a bridge."`
	RTPSource  RTPSource     `key:"rtp_source" default:"learn" doc:"Where a caller's sound is taken from: learn, from where it really comes, as telephones behind routers need it; strict, from where the telephone says."`
	RTPTimeout time.Duration `key:"rtp_timeout" default:"60s" min:"5s" max:"1h" zero:"never" doc:"After how long without any sound from an answered caller a call is ended; on hold it is not. 0 is never."`
	CalledBy   CalledBy      `key:"called_by" default:"request" doc:"Where a call says which number it is for: request, in its Request-URI; to, in To, for carriers that send each call to the name of an account; first-diversion and last-diversion, the number that it was diverted from. Where that is missing it is the Request-URI."`

	MaxCalls                int           `key:"max_calls" default:"2000" min:"1" max:"16000" doc:"How many calls over SIP there may be at once, if media_ports has four ports for each. More are turned down with 503. Where there is a trunk, a tenth is kept for its calls, what is in sip_allow and calls of our own: strangers cannot take it."`
	MaxCallsPerSecond       int           `key:"max_calls_per_second" default:"100" min:"1" max:"10000" doc:"How many calls over SIP may begin in a second. More are turned down with 503. A tenth is kept as of max_calls."`
	MaxSourceCalls          int           `key:"max_source_calls" default:"64" min:"1" max:"16000" doc:"As max_calls, for one source: an address of IPv4 or a /64 of IPv6. What is in sip_allow has no such limit."`
	MaxSourceCallsPerSecond int           `key:"max_source_calls_per_second" default:"8" min:"1" max:"10000" doc:"As max_calls_per_second, for one source. What is in sip_allow has no such limit."`
	MaxCallLength           time.Duration `key:"max_call_length" default:"4h" min:"1m" max:"7d" doc:"How long a call over SIP may last: a longer one is one that nobody has hung up."`

	TLS TLSSettings `key:"tls" doc:"The certificate of SIP over TLS, for telephones and carriers that call by tls://. Read again at a reload, also where only the files have changed; if it cannot be used, the one before stays and the log says so."`
}

// TLSSettings name the files of a certificate.
type TLSSettings struct {
	CertificateFile setting.Path `key:"certificate_file" example:"/etc/switchhook/sip.pem" doc:"The certificate, in PEM, followed by those that lead to its authority."`
	KeyFile         setting.Path `key:"key_file" example:"/etc/switchhook/sip.key" doc:"The private key of the certificate, in PEM."`
}

// AnswerWhen is when a call is answered.
type AnswerWhen string

// When calls are answered.
const (
	AtFirstSound AnswerWhen = "first_sound"
	AtOnce       AnswerWhen = "at_once"
)

// Choices returns the moments.
func (AnswerWhen) Choices() []string { return setting.Words(AtFirstSound, AtOnce) }

// ForwardBy is how callers get to somebody outside.
type ForwardBy string

// The ways.
const (
	ByBridge ForwardBy = "bridge"
	ByREFER  ForwardBy = "refer"
)

// Choices returns the ways.
func (ForwardBy) Choices() []string { return setting.Words(ByBridge, ByREFER) }

// RTPSource is where a caller's sound is taken from.
type RTPSource string

// The sources.
const (
	Learned RTPSource = "learn"
	Strict  RTPSource = "strict"
)

// Choices returns the sources.
func (RTPSource) Choices() []string { return setting.Words(Learned, Strict) }

// Choices returns the places.
func (CalledBy) Choices() []string {
	return setting.Words(ByRequest, ByTo, ByFirstDiversion, ByLastDiversion)
}

// portsOfCall is how many ports a call may need: RTP and RTCP, for the caller and
// for whom the call is forwarded to.
const portsOfCall = 4

// Check reports what does not go together.
func (s *Settings) Check() error {
	if len(s.SIP) == 0 {
		return nil
	}
	problems := []error{s.checkPorts()}
	tls := false
	seen := make(map[setting.SIPAddress]bool)
	for _, at := range s.SIP {
		tls = tls || at.Network == dialog.TLS
		switch {
		case seen[at]:
			problems = append(problems, setting.Problemf("sip", "names %s twice", at))
		case at.Network == dialog.UDP && s.MediaPorts.Has(at.Address.Port()):
			problems = append(problems, setting.Problemf("sip", "has a port of media_ports in %s", at))
		}
		seen[at] = true
	}
	if tls || s.TLS != (TLSSettings{}) {
		problems = append(problems, s.TLS.check())
	}
	return errors.Join(problems...)
}

// Most returns how many calls there are at once: max_calls, or fewer where the sound
// of as many has no ports. They are used in pairs, of which the first is even.
func (s *Settings) Most() int {
	first := int(s.MediaPorts.First)
	first += first % 2
	return min(s.MaxCalls, max(0, int(s.MediaPorts.Last)-first+1)/portsOfCall)
}

// checkPorts reports ports that are not enough for one call.
func (s *Settings) checkPorts() error {
	if s.Most() > 0 {
		return nil
	}
	return setting.Problemf("media_ports", "is %s, which is not enough for a call: one takes four ports, and the first is even", s.MediaPorts)
}

// check reports a missing file.
func (s TLSSettings) check() error {
	var problems []error
	if s.CertificateFile == "" {
		problems = append(problems, setting.Missing("tls.certificate_file"))
	}
	if s.KeyFile == "" {
		problems = append(problems, setting.Missing("tls.key_file"))
	}
	return errors.Join(problems...)
}
