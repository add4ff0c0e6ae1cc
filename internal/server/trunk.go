package server

import (
	"context"
	"fmt"
	"net"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/trunk"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/server/alert"
)

// openTrunk makes the trunk of the settings, if they have one.
func (f *phoneSide) openTrunk(c *sipCalls, section trunk.Section) {
	if len(section.Trunks) == 0 {
		return
	}
	c.trunk = trunk.New(trunk.Config{
		Settings: section.Trunks[0], Resolver: net.DefaultResolver, Changed: f.trunkChanged, Log: f.log,
		Client: func(a dialog.Account) trunk.Asker { return c.stack.Client(a) },
	})
}

// carrier returns who takes calls to numbers, or nil.
func (c *sipCalls) carrier() voice.Carrier {
	if c.trunk == nil {
		return nil
	}
	return c.trunk
}

// numbers says who calls whom: of the carrier's calls as it says.
func (c *sipCalls) numbers(by voice.CalledBy) voice.Numbers {
	if c.trunk == nil {
		return voice.Numbers{Called: by}
	}
	return voice.Numbers{Called: by, Trunk: c.trunk.Has, Written: c.trunk.Read}
}

// trunkChanged tells the operator that the trunk is down, and when it is up again.
func (f *phoneSide) trunkChanged(s trunk.State) {
	if s.Condition != trunk.Down {
		f.alerts.Resolve(context.Background(), alert.TrunkDown, s.Name)
		return
	}
	f.alerts.Raise(context.Background(), alert.Alert{Kind: alert.TrunkDown, About: s.Name, Text: fmt.Sprintf(
		"The trunk %s is down: %s. Calls to telephone numbers do not go out, and the carrier's may not come in.", s.Name, s.Why)})
}

// trunk returns the trunk of the Core, or nil.
func (f *phoneSide) trunk() *trunk.Trunk {
	if p := partOf[*phoneSidePart](f.site.Load()); p != nil && p.sip != nil {
		return p.sip.trunk
	}
	return nil
}

// The metrics of the trunk.
var (
	trunkUpLevel         = level("switchhook_trunk_up", "Whether the carrier answers; 0 also before anything is known.")
	trunkRegisteredLevel = level("switchhook_trunk_registered", "Whether the carrier has registered us.")
)

// trunkCollector is the prometheus.Collector of the trunk. It sends nothing while
// there is none.
type trunkCollector struct{ trunk func() *trunk.Trunk }

// Describe implements prometheus.Collector.
func (trunkCollector) Describe(to chan<- *prometheus.Desc) {
	to <- trunkUpLevel
	to <- trunkRegisteredLevel
}

// Collect implements prometheus.Collector.
func (c trunkCollector) Collect(to chan<- prometheus.Metric) {
	t := c.trunk()
	if t == nil {
		return
	}
	s := t.State()
	sendLevel(to, trunkUpLevel, oneIf(s.Condition == trunk.Up))
	sendLevel(to, trunkRegisteredLevel, oneIf(!s.Registered.IsZero()))
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
