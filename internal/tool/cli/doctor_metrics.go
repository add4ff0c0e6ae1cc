package cli

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
)

// examineMetrics says where metrics are, and who can read them: before there
// was a token, any client on this machine could.
func examineMetrics(ctx context.Context, settings *config.Settings) finding {
	f := finding{verdict: fine, about: "metrics"}
	own := string(settings.MetricsListen)
	if own == "" {
		f.text = fmt.Sprintf("/metrics at %s wants the token of %s; metrics_listen gives it an address without one",
			settings.Listen, filepath.Join(string(settings.Data), server.TokenFile))
		return f
	}
	f.text = own + ": whoever reaches it can read the metrics"
	if anywhere(own) {
		f.verdict, f.mend = doubt, "let metrics_listen name a loopback or private address, or have a firewall before it"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", own)
	if err == nil {
		_ = listener.Close()
		return f
	}
	if _, status, err := get(ctx, "http://"+server.Reachable(own)+"/metrics"); err == nil && status == 200 {
		return f // by a server of ours
	}
	return f.failing(fmt.Sprintf("%s cannot be listened on: %v", own, err), "end what listens there, or choose another address: metrics_listen")
}

// anywhere reports whether an address to listen on may be reachable from the
// internet, as far as the address shows.
func anywhere(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast()
}
