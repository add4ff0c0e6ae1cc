package barring_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// noon is when tests begin.
var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// defaults are the settings of an operator who has set nothing.
var defaults = barring.Settings{
	ForeignCallsPerHour: 10, TrunkCalls: 100, TrunkCallsPerOwner: 10, TrunkMinutes: 6000, TrunkMinutesPerOwner: 600,
}

// desk is a Barring with a clock that the test sets, and what it told.
type desk struct {
	*barring.Barring
	now     time.Time
	alerts  []barring.Alert
	results map[barring.Result]int
}

func open(home string, change func(*barring.Settings), spent ...barring.Spent) *desk {
	d := &desk{now: noon, results: make(map[barring.Result]int)}
	settings := defaults
	if change != nil {
		change(&settings)
	}
	d.Barring = barring.New(barring.Config{
		Home: phone.HomeIn(home), Settings: settings, Now: func() time.Time { return d.now }, Spent: spent,
		Decided: func(r barring.Result) { d.results[r]++ },
		Alert:   func(a barring.Alert) { d.alerts = append(d.alerts, a) },
	})
	return d
}

// told returns the kinds and owners of the alerts since the last time, those that
// are over with a minus, sorted.
func (d *desk) told() string {
	var told []string
	for _, a := range d.alerts {
		sign := ""
		if a.Over {
			sign = "-"
		}
		told = append(told, sign+string(a.Kind)+" "+a.Owner)
	}
	d.alerts = nil
	slices.Sort(told)
	return strings.Join(told, ", ")
}

// The parties of tests.
const (
	ann, bob = "ann@example.net", "bob@example.net"
	near     = "+12125550123"
	jamaica  = "+18765550123"
	phones   = "sip:200@pbx.example.net"
)

// call makes a call that must be admitted.
func (d *desk) call(t *testing.T, owner, to string) (release func(time.Duration)) {
	t.Helper()
	release, err := d.Admit(owner, to)
	if err != nil {
		t.Fatalf("%s may not call %s: %v", owner, to, err)
	}
	return release
}

// refused makes a call that must be refused, and returns what the caller is told.
func (d *desk) refused(t *testing.T, owner, to string) (message, hint string) {
	t.Helper()
	release, err := d.Admit(owner, to)
	if err == nil || release != nil {
		t.Fatalf("%s may call %s", owner, to)
	}
	return err.Error(), fault.HintOf(err)
}

// talk has ann call a number and talk for a while, from now on.
func (d *desk) talk(t *testing.T, long time.Duration) {
	t.Helper()
	release := d.call(t, ann, near)
	d.now = d.now.Add(long)
	release(long)
}
