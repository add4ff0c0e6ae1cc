package cli

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
)

// defaultCore is where we expect a Core if none was announced.
const defaultCore = "http://127.0.0.1:5100"

// packagedData is the data folder if the settings name no other.
const packagedData = "/var/lib/switchhook"

// coreFlag is how commands find a running Core.
type coreFlag struct {
	Core string `help:"The Core's URL. Without it: the serve or demo that runs on this machine." placeholder:"URL"`
}

// dialer finds the Core and the operator's token.
func (f coreFlag) dialer(m *Main) *wire.Dialer {
	d := &wire.Dialer{Core: f.Core, Token: m.Getenv("SWITCHHOOK_TOKEN")}
	announced := server.Announced(f.folders(m)...)
	if d.Core == "" {
		d.Core = defaultCore
		if len(announced) > 0 {
			d.Core = announced[0].URL
		}
	}
	for _, running := range announced {
		if d.Token == "" && sameServer(d.Core, running.URL) {
			d.Token = running.Token
		}
	}
	return d
}

// sameServer reports whether two URLs lead to one server of this machine.
func sameServer(a, b string) bool {
	one, err := url.Parse(a)
	other, err2 := url.Parse(b)
	if err != nil || err2 != nil || one.Scheme != other.Scheme || one.Port() != other.Port() {
		return false
	}
	return one.Hostname() == other.Hostname() || one.Hostname() == "localhost" && other.Hostname() == "127.0.0.1"
}

// folders returns the data folders where a Core may be announced.
func (f coreFlag) folders(m *Main) []string {
	var folders []string
	if data := m.Getenv("SWITCHHOOK_DATA"); data != "" {
		folders = append(folders, data)
	}
	if demos, err := server.DemoFolders(); err == nil {
		folders = append(folders, demos...)
	}
	return append(folders, packagedData)
}

type routeCommand struct {
	coreFlag
	Number string `arg:"" help:"The number that is called, an extension or an address."`
	From   string `help:"Who calls." default:"+12125550123"`
	At     string `help:"When: 2026-01-31T12:00:00Z. Without it: now." placeholder:"TIME"`
}

// Run explains rule by rule where the Core would send a call.
func (c *routeCommand) Run(ctx context.Context, m *Main) error {
	var at time.Time
	if c.At != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, c.At); err != nil {
			return fault.Newf(fault.Invalid, "--at %q is not a time", c.At).WithHint("a time is such as 2026-01-31T12:00:00Z")
		}
	}
	route, err := c.dialer(m).Explain(ctx, c.From, c.Number, at)
	if err != nil {
		return err
	}
	printSteps(m.Out, 3, route.Steps)
	return nil
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
