package clicktocall

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// Scope is what a cap counts call backs of.
type Scope string

// The scopes.
const (
	OfNumber  Scope = "number"  // that is called, no matter who asks
	OfNetwork Scope = "network" // that asks; see Subnets
	OfSite    Scope = "site"    // the same
	OfBlock   Scope = "block"   // the same
	OfWidget  Scope = "widget"  // an entry's
	OfTenant  Scope = "tenant"  // a domain of the phone system
)

// Cap is how many call backs there may be: Most in any time of length Per. It
// counts those that were placed, may have been, or are being placed, and those
// that wait, at their time; of a network those that were asked for.
type Cap struct {
	Scope Scope
	Of    string
	Most  int
	Per   time.Duration
	Bare  bool // counts only those that were asked for without a token
	Later bool // counts only those that were asked for at another time
	Open  bool // does not hold for those whom the rest is kept for
}

// Limits are the caps that an operator can choose.
type Limits struct {
	NumberPerDay   int // of one number, over all tenants
	NetworkPerHour int
	NetworkPerDay  int
	WidgetPerDay   int
	TenantPerDay   int

	ScheduledPerMinute int // of an entry, for one minute
}

// day is what a day of a cap is: any 24 hours.
const day = 24 * time.Hour

// numberPause is how long a number that was called is left alone.
const numberPause = 10 * time.Minute

// maxWaiting is how many call backs of one number may wait for their time.
const maxWaiting = 2

// DefaultLimits are in force where neither settings nor an entry say otherwise.
func DefaultLimits() Limits {
	return Limits{NumberPerDay: 3, NetworkPerHour: 6, NetworkPerDay: 15, WidgetPerDay: 200, TenantPerDay: 500, ScheduledPerMinute: 5}
}

// mostLimits are the most that may be chosen. Those of a number, which protect
// people who are no customer of anybody's here, can only be lowered.
func mostLimits() Limits {
	return Limits{NumberPerDay: 3, NetworkPerHour: 200, NetworkPerDay: 1000, WidgetPerDay: 10_000, TenantPerDay: 20_000, ScheduledPerMinute: 200}
}

// fields returns the limits by the names that an entry's field "limits" has.
func (l *Limits) fields() map[string]*int {
	return map[string]*int{
		"number_per_day": &l.NumberPerDay, "network_per_hour": &l.NetworkPerHour, "network_per_day": &l.NetworkPerDay,
		"widget_per_day": &l.WidgetPerDay, "tenant_per_day": &l.TenantPerDay, "scheduled_per_minute": &l.ScheduledPerMinute,
	}
}

// Check reports which limit is out of bounds, as a *fault.Error.
func (l Limits) Check() error {
	most := mostLimits()
	bounds := most.fields()
	given := l.fields()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if n := *given[name]; n < 1 || n > *bounds[name] {
			return fault.Newf(fault.Invalid, "%s is %d; it can be 1 to %d", name, n, *bounds[name])
		}
	}
	return nil
}

// With returns the limits with those that an entry's field "limits" names. What
// cannot be used leaves all of them as they were; the error, a *fault.Error,
// says why.
func (l Limits) With(own json.RawMessage) (Limits, error) {
	if len(own) == 0 {
		return l, nil
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(own, &given); err != nil {
		return l, fault.Newf(fault.Invalid, "limits is not an object of numbers")
	}
	changed := l
	known := changed.fields()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		field := known[name]
		if field == nil {
			return l, fault.Newf(fault.Invalid, "limits has no %.40q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if err := json.Unmarshal(given[name], field); err != nil {
			return l, fault.Newf(fault.Invalid, "%s is %.40s; it takes a number", name, given[name])
		}
	}
	if err := changed.Check(); err != nil {
		return l, err
	}
	return changed, nil
}

// bareShare is by how much the caps are lower for those who ask without a token.
const bareShare = 10

// capsOfAsking are the caps on what networks ask for: each may more the larger it
// is, and none of them all of an entry's day.
func (l Limits) capsOfAsking(from Subnets, bare bool) []Cap {
	caps := []Cap{
		{Scope: OfNetwork, Of: from.Network, Most: l.NetworkPerHour, Per: time.Hour},
		{Scope: OfNetwork, Of: from.Network, Most: l.NetworkPerDay, Per: day},
	}
	wider := func(scope Scope, of string, w width) {
		if of == "" {
			return
		}
		most := min(w.times*l.NetworkPerDay, max(l.NetworkPerDay, l.WidgetPerDay/w.part))
		caps = append(caps,
			Cap{Scope: scope, Of: of, Most: min(w.times*l.NetworkPerHour, most), Per: time.Hour},
			Cap{Scope: scope, Of: of, Most: most, Per: day})
	}
	wider(OfSite, from.Site, widthOfSite)
	wider(OfBlock, from.Block, from.block())
	return withBare(bare, caps...)
}

// openPart returns how much of a day anybody may have. The rest is kept for
// networks that are known from an earlier day, and for those who prove more work.
func openPart(perDay int) int { return max(1, perDay*3/4) }

// capsOfStrangers are the caps on what is not kept for others.
func (l Limits) capsOfStrangers(widget, tenant string) []Cap {
	return []Cap{
		{Scope: OfWidget, Of: widget, Most: openPart(l.WidgetPerDay), Per: day, Open: true},
		{Scope: OfTenant, Of: tenant, Most: openPart(l.TenantPerDay), Per: day, Open: true},
	}
}

// capsOfCalling are the caps on a call that is placed.
func (l Limits) capsOfCalling(number, widget, tenant string, bare bool) []Cap {
	return withBare(bare,
		Cap{Scope: OfNumber, Of: number, Most: 1, Per: numberPause},
		Cap{Scope: OfNumber, Of: number, Most: l.NumberPerDay, Per: day},
		Cap{Scope: OfWidget, Of: widget, Most: l.WidgetPerDay, Per: day},
		Cap{Scope: OfTenant, Of: tenant, Most: l.TenantPerDay, Per: day},
	)
}

// laterShare is which part of a day's cap calls at another time may take: the
// rest is for those who come on the day.
const laterShare = 4

// capsOfScheduling are the caps on a call at another time, besides those on
// calling: a queue is not to call all of a morning's visitors in one minute, nor
// those who ask ahead to leave nothing to the others.
func (l Limits) capsOfScheduling(widget, tenant string, bare bool) []Cap {
	return withBare(bare,
		Cap{Scope: OfWidget, Of: widget, Most: l.ScheduledPerMinute, Per: time.Minute, Later: true},
		Cap{Scope: OfWidget, Of: widget, Most: max(1, l.WidgetPerDay/laterShare), Per: day, Later: true},
		Cap{Scope: OfTenant, Of: tenant, Most: max(1, l.TenantPerDay/laterShare), Per: day, Later: true},
	)
}

// withBare adds, for those who ask without a token, the lower caps of their own.
func withBare(bare bool, caps ...Cap) []Cap {
	if !bare {
		return caps
	}
	for _, c := range slices.Clone(caps) {
		c.Most, c.Bare = max(1, c.Most/bareShare), true
		caps = append(caps, c)
	}
	return caps
}

// String names the cap, without a number or an address, for logs.
func (c Cap) String() string {
	if c.Later {
		return fmt.Sprintf("%d at another time per %s in %v", c.Most, c.Scope, c.Per)
	}
	return fmt.Sprintf("%d per %s in %v", c.Most, c.Scope, c.Per)
}
