package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/trunk"
)

// trunk checks that the carrier's servers are found, and answer.
func (e *examination) trunk(ctx context.Context, s *trunk.Settings) {
	const about = "trunk"
	servers, err := trunk.Servers(ctx, net.DefaultResolver, *s)
	if err != nil {
		e.fail(about, fmt.Sprintf("no server of %s is found: %v", s.Address, err), "check address of core.trunk, and whether this machine can use the DNS")
		return
	}
	for _, server := range servers {
		e.carrier(ctx, s, server)
	}
}

// carrier asks one server of the carrier as calls to it do.
func (e *examination) carrier(ctx context.Context, s *trunk.Settings, server dialog.Hop) {
	const about = "trunk"
	ctx, cancel := withPatience(ctx)
	defer cancel()
	err := dialog.Probe(ctx, server)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case err == nil:
		e.ok(about, fmt.Sprintf("%s of %s answers over %s", server.Address, s.Address, server.Network))
	case untrusted:
		e.fail(about, fmt.Sprintf("the certificate of %s is not one for calls to %s: %v", server.Address, s.Address, err),
			"let address be the name that it is for; an authority of your own is added to those of the machine by update-ca-certificates")
	default:
		e.warn(about, fmt.Sprintf("%s of %s does not answer over %s: %v", server.Address, s.Address, server.Network, err),
			"let the firewall pass it; a carrier may answer the port of our server alone: switchhook_trunk_up of /metrics says whether it does")
	}
}
