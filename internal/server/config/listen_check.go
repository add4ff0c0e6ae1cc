package config

import (
	"strings"

	"github.com/switchhook/switchhook/internal/setting"
)

// checkListeners reports equal addresses to listen on: each is opened on its
// own.
func (l *loader) checkListeners(s *Settings) {
	seen := map[setting.Address]string{s.Listen: "listen"}
	own := func(path string, address setting.Address) {
		if address == "" || strings.HasSuffix(string(address), ":0") { // the system picks another port each time
			return
		}
		if other, taken := seen[address]; taken {
			l.report(s.Origin(path), "%s is %s, as %s is; leave it out, or give it a port of its own", path, address, other)
			return
		}
		seen[address] = path
	}
	if s.OnCall != nil {
		own("oncall.listen", s.OnCall.Listen)
	}
	own("metrics_listen", s.MetricsListen)
}
