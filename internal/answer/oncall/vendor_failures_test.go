package oncall_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/internal/fetch"
)

// key is the stand-in's key.
type key string

func (k key) Reveal() string { return string(k) }

const policy = "PT54U20"

// What a caller's phone system gets, for each way in which a vendor fails, with
// an answer in memory or without, with a fallback or without. The vendor is a
// stand-in with PagerDuty's quirks, asked by the adapter that asks PagerDuty.
func TestWhatCallersGetWhereAVendorFails(t *testing.T) {
	const (
		ann = iota
		fallback
	)
	for _, c := range []struct {
		name    string
		begin   func(*sourcetest.PagerDuty, *sourcetest.Network)
		failure oncall.Failure // as it is counted; empty: the vendor was heard
		known   int            // who is rung with an answer in memory
		unknown int            // and without one
		within  time.Duration  // how long a caller waits, without one
		copes   bool           // the adapter remembers enough to be heard
	}{
		{"refused", func(_ *sourcetest.PagerDuty, n *sourcetest.Network) { n.Kill() }, oncall.Unreachable, ann, fallback, 0, false},
		{"frozen", broken(sourcetest.Freezes()), oncall.Slow, ann, fallback, 2 * time.Second, false},
		{"slow", broken(sourcetest.Slow(400 * time.Millisecond)), "", ann, ann, time.Second, false},
		{"too slow", broken(sourcetest.Slow(9 * time.Second)), "", ann, fallback, 2 * time.Second, false},
		{"hangs up", broken(sourcetest.HangsUp()), oncall.Unreachable, ann, fallback, 0, false},
		{"401", broken(sourcetest.Says(401, "")), oncall.Denied, ann, fallback, 0, false},
		{"403", broken(sourcetest.Says(403, `{"error":{"message":"Access Denied","code":2010}}`)), oncall.Denied, ann, fallback, 0, false},
		{"404", broken(sourcetest.Says(404, `{"error":{"message":"Not Found","code":2100}}`)), oncall.Rejected, ann, fallback, 0, false},
		{"429 with headers", broken(sourcetest.TooMany(map[string]string{"ratelimit-reset": "40"})), oncall.Limited, ann, fallback, 0, false},
		{"429 without", broken(sourcetest.TooMany(nil)), oncall.Limited, ann, fallback, 0, false},
		{"429 for ever", broken(sourcetest.TooMany(map[string]string{"Retry-After": "999999999"})), oncall.Limited, ann, fallback, 0, false},
		{"500", broken(sourcetest.Says(500, "")), oncall.Unwell, ann, fallback, 0, false},
		{"503 with a page", broken(sourcetest.Page(503)), oncall.Unwell, ann, fallback, 0, false},
		{"no JSON", broken(sourcetest.Says(200, "it works")), oncall.Unreadable, ann, fallback, 0, false},
		{"a page", broken(sourcetest.Page(200)), oncall.Unreadable, ann, fallback, 0, false},
		{"nothing", broken(sourcetest.Says(200, "")), oncall.Unreadable, ann, fallback, 0, false},
		{"half a page", broken(sourcetest.Half()), oncall.Unreachable, ann, fallback, 0, false},
		{"half a page that says it is whole", broken(sourcetest.Cuts(20)), oncall.Unreadable, ann, fallback, 0, false},
		{"a changed field", broken(sourcetest.Lies("on_calls", "oncalls")), oncall.Unreadable, ann, fallback, 0, false},
		{"a changed level", broken(sourcetest.Lies("level", "escalation_level")), oncall.Unreadable, ann, fallback, 0, false},
		{"users that fail", broken(sourcetest.Says(500, "").On("/users/")), oncall.Unwell, ann, fallback, 0, true},
		{"an answer without an end", broken(sourcetest.Floods()), oncall.Unreadable, ann, fallback, 2 * time.Second, false},
		{"nobody", func(p *sourcetest.PagerDuty, _ *sourcetest.Network) { p.OnCall() }, "", fallback, fallback, 0, false},
		{"nobody with a number", func(p *sourcetest.PagerDuty, _ *sourcetest.Network) {
			p.OnCall(sourcetest.Person{ID: "PBEN", Name: "Ben Example", Level: 1})
		}, "", fallback, fallback, 0, false},
		{"nobody at level 1", func(p *sourcetest.PagerDuty, _ *sourcetest.Network) {
			p.OnCall(sourcetest.Person{ID: "PBEN", Name: "Ben Example", Level: 2, Phones: []sourcetest.Phone{{Country: 31, Number: "0622222222"}}})
		}, "", fallback, fallback, 0, false},
		{"a clock behind", func(p *sourcetest.PagerDuty, _ *sourcetest.Network) { p.Skew(-time.Hour) }, "", ann, ann, 0, false},
		{"a clock ahead", func(p *sourcetest.PagerDuty, _ *sourcetest.Network) { p.Skew(time.Hour) }, "", ann, ann, 0, false},
	} {
		for _, known := range []bool{true, false} {
			for _, withSpare := range []bool{true, false} {
				want := "status=NAK"
				switch {
				case known && c.known == ann, !known && c.unknown == ann:
					want = ack(annCell)
				case withSpare:
					want = ack(spare)
				}
				within, failure := c.within, c.failure
				if known {
					within = 0 // no caller waits for a vendor if something is known
					if c.copes {
						failure = ""
					}
				}
				t.Run(fmt.Sprintf("%s, memory %t, fallback %t", c.name, known, withSpare), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						vendorFails(t, c.begin, failure, known, withSpare, want, within)
					})
				})
			}
		}
	}
}

func broken(f sourcetest.Fault) func(*sourcetest.PagerDuty, *sourcetest.Network) {
	return func(p *sourcetest.PagerDuty, _ *sourcetest.Network) { p.Break(sourcetest.Always, f) }
}

func vendorFails(t *testing.T, begin func(*sourcetest.PagerDuty, *sourcetest.Network), failure oncall.Failure, known, withSpare bool, want string, within time.Duration) {
	vendor := sourcetest.NewPagerDuty(policy)
	vendor.OnCall(sourcetest.Person{
		ID: "PANN", Name: "Ann Example", Level: 1, Since: time.Now().Add(-time.Hour), Until: time.Now().Add(12 * time.Hour),
		Phones: []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1}},
	})
	network := sourcetest.Listen(vendor)
	defer network.Close()
	client := fetch.New(fetch.Options{Dial: network.Dial})
	defer client.CloseIdle()
	pagerduty, err := source.NewPagerDuty(source.PagerDutyConfig{URL: "http://pagerduty.example", Key: key(sourcetest.PagerDutyKey), Policy: policy, Client: client})
	if err != nil {
		t.Fatal(err)
	}
	o := one(t, pagerduty, func(r *oncall.Route) {
		if withSpare {
			withFallback(r)
		}
	})
	if !known {
		begin(vendor, network)
	}
	defer o.run()()
	if known {
		synctest.Wait()
		o.wants(o.ask(""), ack(annCell))
		begin(vendor, network)
		time.Sleep(15 * time.Minute) // past what the adapter itself remembers
	}
	before := time.Now()
	o.wants(o.ask(""), want)
	if waited := time.Since(before); waited > within {
		t.Errorf("the caller waited %s, more than %s", waited, within)
	}
	if !known {
		time.Sleep(time.Minute)
	}
	if state := o.keeper.States()[0]; state.Failure != failure {
		t.Errorf("it counts as %q, want %q: %v", state.Failure, failure, state.Err)
	}
}
