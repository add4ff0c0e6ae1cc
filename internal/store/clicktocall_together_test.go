package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/await"
)

// askedAtButton is an Ask of one of many visitors of a button with caps of so
// many calls.
func askedAtButton(visitor, most int) clicktocall.Ask {
	a := asked(fmt.Sprintf("1646555%04d", visitor), "")
	a.Network, a.Block = fmt.Sprintf("10.%d.%d.0/24", visitor/256, visitor%256), fmt.Sprintf("10.%d.0.0/16", visitor/256)
	a.Caps = []clicktocall.Cap{
		{Scope: clicktocall.OfNumber, Of: a.Number, Most: 1, Per: time.Hour},
		{Scope: clicktocall.OfNetwork, Of: a.Network, Most: 6, Per: time.Hour},
		{Scope: clicktocall.OfWidget, Of: a.Entry, Most: most, Per: 24 * time.Hour},
		{Scope: clicktocall.OfTenant, Of: a.Tenant, Most: most + 10, Per: 24 * time.Hour},
	}
	return a
}

// TestPressesOfOneButtonDoNotWait has one visitor's press take its time.
func TestPressesOfOneButtonDoNotWait(t *testing.T) {
	s := storetest.Open(t, storetest.Postgres(t))
	deciding, done := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	defer group.Wait()
	defer close(done)
	now := time.Now()
	first := askedAtButton(0, 10_000)
	group.Go(func() {
		c, _, err := s.BeginCallBack(t.Context(), first, now, func(clicktocall.Known) *clicktocall.CallBack {
			close(deciding)
			<-done
			return placing(first, now)
		})
		if err != nil || c == nil {
			t.Errorf("the first press comes to %+v, %v", c, err)
		}
	})
	await.From(t, "the first press", deciding)
	pressed := make(chan struct{})
	group.Go(func() {
		defer close(pressed)
		if c, _, known := beginCall(t, s, askedAtButton(1, 10_000), now); c == nil {
			t.Errorf("the second press is refused: %+v", known)
		}
	})
	await.From(t, "the second press", pressed)
}

// TestCapsHoldForPressesAtOnce has many visitors press one button, at two servers
// at once: caps well above the number of connections, whose presses do not wait
// for each other until little is left, and one below.
func TestCapsHoldForPressesAtOnce(t *testing.T) {
	const atOnce = 24
	for _, most := range []int{300, 110, 20} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			config := storetest.Postgres(t)
			servers := []*store.Store{storetest.Open(t, config), storetest.Open(t, config)}
			now := time.Now()
			var next, placed atomic.Int64
			var group sync.WaitGroup
			for i := range atOnce {
				group.Go(func() {
					for visitor := int(next.Add(1)); visitor <= most+2*atOnce; visitor = int(next.Add(1)) {
						c, _, known := beginCall(t, servers[i%len(servers)], askedAtButton(visitor, most), now)
						if c != nil {
							placed.Add(1)
						} else if !slices.ContainsFunc(known.Full, func(f clicktocall.Full) bool { return f.Cap.Scope == clicktocall.OfWidget && f.Cap.Most == most }) {
							t.Errorf("a press is refused: %+v", known)
						}
					}
				})
			}
			group.Wait()
			if n := placed.Load(); n != int64(most) {
				t.Errorf("%d calls are placed, want %d", n, most)
			}
		})
	}
}
