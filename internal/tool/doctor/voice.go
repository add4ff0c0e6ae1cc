package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/setting"
)

const (
	// answerTime is how long a SIP address may take to answer: one that is reached at
	// all does so at once, or after two repetitions.
	answerTime = 4 * time.Second

	// renewTime is how long before its end a certificate should have been renewed:
	// those that renew by themselves do it a month before.
	renewTime = 14 * 24 * time.Hour
)

// voice checks what calls over SIP need.
func (e *examination) voice(ctx context.Context) {
	if e.settings.Core == nil || len(e.settings.Core.Voice.SIP) == 0 {
		return
	}
	settings := &e.settings.Core.Voice
	served := false
	for _, at := range settings.SIP {
		served = e.sip(ctx, settings, at) || served
	}
	if settings.ExternalAddress.IsSet() {
		e.external(ctx, settings, served)
	}
	e.mediaPorts(settings, served)
	e.system(settings)
	if settings.TLS != (voice.TLSSettings{}) {
		e.certificate(settings.TLS)
	}
	for i := range e.settings.Core.Trunk.Trunks {
		e.trunk(ctx, &e.settings.Core.Trunk.Trunks[i])
	}
}

// sip checks an address of SIP, and reports whether our server listens there.
func (e *examination) sip(ctx context.Context, settings *voice.Settings, at setting.SIPAddress) (served bool) {
	err := tryTaking(ctx, at)
	if err == nil {
		e.ok("sip", at.String()+" is free")
		return false
	}
	reached := netip.AddrPortFrom(at.Address.Addr(), at.Address.Port())
	if reached.Addr().IsUnspecified() {
		reached = netip.AddrPortFrom(loopback(reached.Addr()), reached.Port())
	}
	body, status, asked := e.visit(ctx, "http://"+server.Reachable(string(e.settings.Listen))+"/healthz")
	ours := asked == nil && status == http.StatusOK && body == "ok\n"
	silent := ask(ctx, at.Network, reached)
	switch {
	case ours && silent == nil:
		e.ok("sip", at.String()+": a server of ours answers")
	case ours && len(settings.Allow) > 0 && !slices.ContainsFunc(settings.Allow, func(n netip.Prefix) bool { return n.Contains(reached.Addr()) }):
		e.ok("sip", at.String()+" is taken, by our server as it seems: sip_allow does not let this machine ask")
	default:
		e.taken("sip", at.String(), err, "core.sip")
		return false
	}
	return true
}

// loopback returns this machine's address of the family of an address.
func loopback(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

// tryTaking returns why an address of SIP cannot be listened on.
func tryTaking(ctx context.Context, at setting.SIPAddress) error {
	if at.Network != dialog.UDP {
		return tryListening(ctx, at.Address.String())
	}
	packets, err := (&net.ListenConfig{}).ListenPacket(ctx, familyOf(at.Address.Addr()), at.Address.String())
	if err != nil {
		return err
	}
	return packets.Close()
}

func familyOf(a netip.Addr) string {
	if a.Is4() {
		return "udp4"
	}
	return "udp6"
}

// ask asks whether anybody is at an address of SIP.
func ask(ctx context.Context, network string, at netip.AddrPort) error {
	ctx, cancel := withPatience(ctx)
	defer cancel()
	return dialog.Knock(ctx, network, at)
}

// withPatience returns a context that ends when somebody should have answered.
func withPatience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, answerTime, errors.New("nobody answers"))
}

// external checks whether the address that others are told leads to us.
func (e *examination) external(ctx context.Context, settings *voice.Settings, served bool) {
	const about = "external"
	i := slices.IndexFunc(settings.SIP, func(at setting.SIPAddress) bool { return at.Network == dialog.UDP })
	i = max(i, 0)
	at := netip.AddrPortFrom(settings.ExternalAddress.Addr, settings.SIP[i].Address.Port())
	if !served {
		e.warn(about, fmt.Sprintf("nobody can answer at %s while the server does not run", at), "start it, and run doctor again")
		return
	}
	if err := ask(ctx, settings.SIP[i].Network, at); err != nil {
		e.warn(about, fmt.Sprintf("%s does not answer from here: %v", at, err),
			fmt.Sprintf("let the router and the firewall pass on port %d and UDP %s; some routers do not send back what comes from inside: then call from outside", at.Port(), settings.MediaPorts))
		return
	}
	e.ok(about, fmt.Sprintf("%s answers", at))
}

// certificate checks that of SIP over TLS.
func (e *examination) certificate(settings voice.TLSSettings) {
	const about = "sip tls"
	pair, err := server.LoadCertificate(settings)
	if err != nil {
		e.failed(about, err)
		return
	}
	leaf := pair.Leaf
	if leaf == nil { // GODEBUG=x509keypairleaf=0
		if leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			e.failed(about, err)
			return
		}
	}
	text := fmt.Sprintf("the certificate %s is good until %s", settings.CertificateFile, leaf.NotAfter.UTC().Format(time.DateTime+" UTC"))
	switch now := time.Now(); {
	case now.Before(leaf.NotBefore):
		e.fail(about, fmt.Sprintf("the certificate %s is good from %s on", settings.CertificateFile, leaf.NotBefore.UTC().Format(time.DateTime+" UTC")), "check the clock, or get another certificate")
	case now.After(leaf.NotAfter):
		e.fail(about, fmt.Sprintf("the certificate %s was good until %s", settings.CertificateFile, leaf.NotAfter.UTC().Format(time.DateTime+" UTC")), "renew it, and send SIGHUP to the server")
	case now.Add(renewTime).After(leaf.NotAfter):
		e.warn(about, text, "renew it, and send SIGHUP to the server")
	default:
		e.ok(about, text)
	}
}

// system checks what the system lets a process do that was started as this one.
func (e *examination) system(settings *voice.Settings) {
	const service = "; a service has the limits of its unit, and its log warns if they are too low"
	if limit, known := server.OpenFilesLimit(); known {
		text, needed := fmt.Sprintf("a process may have %d files open", limit), settings.Most()*server.FilesOfCall
		if limit < uint64(needed) {
			e.warn("files", fmt.Sprintf("%s, and %d calls may need %d", text, settings.Most(), needed), "raise ulimit -n, or LimitNOFILE of the service, or lower max_calls")
		} else {
			e.ok("files", text)
		}
	}
	if granted := media.Grantable(); granted.Realtime {
		e.ok("priority", "threads of sound get real-time priority")
	} else {
		e.warn("priority", fmt.Sprintf("threads of sound get no real-time priority here: %v%s", granted.Refused, service), "give the service LimitRTPRIO=5, as the unit of the package does, or CAP_SYS_NICE")
	}
	e.receiveBuffer()
}
