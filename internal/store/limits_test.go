package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// dawn is a time.
var dawn = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestALimitLetsABurstPassAndThenAnEvenStream(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		rate := store.Rate{Burst: 3, Per: time.Hour}
		for _, c := range []struct {
			after time.Duration // since dawn
			key   string
			ok    bool
			retry time.Duration
		}{
			{0, "a", true, 0}, {0, "a", true, 0}, {time.Second, "a", true, 0},
			{time.Second, "a", false, 20*time.Minute - time.Second},
			{time.Second, "b", true, 0},
			{20*time.Minute - time.Nanosecond, "a", false, time.Nanosecond},
			{20 * time.Minute, "a", true, 0},
			{20 * time.Minute, "a", false, 20 * time.Minute},
			{3 * time.Hour, "a", true, 0}, {3 * time.Hour, "a", true, 0}, {3 * time.Hour, "a", true, 0}, {3 * time.Hour, "a", false, 20 * time.Minute},
		} {
			ok, retry, err := s.Allow(t.Context(), c.key, rate, dawn.Add(c.after))
			if ok != c.ok || retry != c.retry || err != nil {
				t.Errorf("%s after %v: %v, %v, %v; want %v, %v", c.key, c.after, ok, retry, err, c.ok, c.retry)
			}
		}
		if n, err := s.ForgetLimits(t.Context(), dawn.Add(3*time.Hour)); n != 1 || err != nil {
			t.Errorf("%d are forgotten, %v", n, err)
		}
		if ok, _, err := s.Allow(t.Context(), "a", rate, dawn.Add(3*time.Hour)); ok || err != nil {
			t.Errorf("what is in force was forgotten: %v, %v", ok, err)
		}
		for _, wrong := range []store.Rate{{}, {Burst: 1}, {Per: time.Hour}, {Burst: -1, Per: time.Hour}} {
			if _, _, err := s.Allow(t.Context(), "a", wrong, dawn); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%v: %v", wrong, err)
			}
		}
	})
}

func TestALimitHoldsOverProcesses(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		stores := []*store.Store{storetest.Open(t, config)}
		config.Exclusive = false
		stores = append(stores, storetest.Open(t, config))
		var allowed atomic.Int64
		var work sync.WaitGroup
		for i := range 6 {
			work.Go(func() {
				for range 10 {
					ok, _, err := stores[i%2].Allow(t.Context(), "a", store.Rate{Burst: 7, Per: time.Hour}, dawn)
					if err != nil {
						t.Error(err)
					}
					if ok {
						allowed.Add(1)
					}
				}
			})
		}
		work.Wait()
		if allowed.Load() != 7 {
			t.Errorf("%d were allowed, want 7", allowed.Load())
		}
	})
}

// TestWhoWaitsAsToldIsAllowed checks Allow's retryAfter.
func TestWhoWaitsAsToldIsAllowed(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		key := dawn.Add(time.Duration(round)).String()
		rate := store.Rate{Burst: rapid.IntRange(1, 50).Draw(r, "burst"), Per: time.Duration(rapid.Int64Range(1, int64(48*time.Hour)).Draw(r, "per"))}
		now := dawn
		inARow := 0
		for range 15 {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(rate.Per)/10).Draw(r, "pause")))
			ok, retry, err := s.Allow(t.Context(), key, rate, now)
			switch {
			case err != nil:
				r.Fatal(err)
			case ok:
				if inARow++; now.Equal(dawn) && inARow > rate.Burst {
					r.Fatalf("%d at once", inARow)
				}
			case retry <= 0 || retry > rate.Per:
				r.Fatalf("retry after %v", retry)
			default:
				if ok, _, err := s.Allow(t.Context(), key, rate, now.Add(retry-1)); ok || err != nil {
					r.Fatalf("allowed a nanosecond too early, %v", err)
				}
				now = now.Add(retry)
				if ok, _, err := s.Allow(t.Context(), key, rate, now); !ok || err != nil {
					r.Fatalf("not allowed as told, %v", err)
				}
			}
		}
	})
}
