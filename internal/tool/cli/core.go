package cli

import (
	"cmp"
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
)

// coreFlag is how commands find a running Core.
type coreFlag struct {
	Core string `help:"The Core's URL. Default: that of the settings in this folder, else the serve or demo that runs on this machine." placeholder:"URL"`
}

// dialer finds the Core and the operator's token. Settings that cannot be used
// count for nothing here: a call needs none.
func (f coreFlag) dialer(m *Main) *wire.Dialer {
	data := m.Getenv("SWITCHHOOK_DATA")
	if data == "" {
		if settings, err := (settingsFlag{}).load(nil); err == nil && settings.Core != nil {
			data = string(settings.Data)
		}
	}
	found := server.FindCore(server.Running{URL: f.Core, Token: m.Getenv("SWITCHHOOK_TOKEN")}, data)
	return &wire.Dialer{Core: found.URL, Token: found.Token}
}

type routeCommand struct {
	coreFlag
	Number string `arg:"" help:"The number that is called, an extension or an address."`
	From   string `help:"Who calls." default:"+12125550123"`
	At     string `help:"When, such as 2026-01-31T12:00:00Z or 2026-01-31 12:00. Default: now." placeholder:"TIME"`
	JSON   bool   `help:"One JSON object: steps, end and reached."`
}

// Help is what switchhook route --help explains.
func (*routeCommand) Help() string {
	return `Exit codes: 0: the call reaches a responder, phones or somebody outside; 1: it does not; 2: no Core said.`
}

// Run explains rule by rule where the Core would send a call. The exit code is 1 if
// it reaches nobody.
func (c *routeCommand) Run(ctx context.Context, m *Main) error {
	var at time.Time
	if c.At != "" {
		var err error
		if at, err = readTime(c.At); err != nil {
			return err
		}
	}
	route, err := c.dialer(m).Explain(ctx, c.From, c.Number, at)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(m.Out, route)
	} else {
		printSteps(m.Out, 3, route.Steps)
	}
	return cmp.Or(err, failedIf(!route.Reached && route.End != ""))
}

// isNumber reports whether a call's target is a number or an extension on a
// Core, rather than the URL of a responder.
func isNumber(target string) bool {
	if _, err := netip.ParseAddr(target); err == nil {
		return false
	}
	digits := strings.TrimPrefix(target, "+")
	return digits != "" && strings.Trim(digits, "0123456789*#") == "" || !phone.Read(target, phone.HomeIn()).Hidden()
}
