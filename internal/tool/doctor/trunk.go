package doctor

import (
	"context"
	"fmt"
	"net"

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
		if err := ask(ctx, server.Network, server.Address); err != nil {
			e.warn(about, fmt.Sprintf("%s of %s does not answer over %s: %v", server.Address, s.Address, server.Network, err),
				"let the firewall pass it; a carrier may answer the port of our server alone: switchhook_trunk_up of /metrics says whether it does")
			continue
		}
		e.ok(about, fmt.Sprintf("%s of %s answers over %s", server.Address, s.Address, server.Network))
	}
}
