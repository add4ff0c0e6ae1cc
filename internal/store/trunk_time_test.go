package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestTimeOfCallsOutAddsUpForADay(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		s := storetest.Open(t, fresh(t))
		spent := func(owner string, hours, minutes int) barring.Spent {
			return barring.Spent{Owner: owner, Hour: dawn.Add(time.Duration(hours) * time.Hour), Time: time.Duration(minutes) * time.Minute}
		}
		add := func(at time.Time, rows ...barring.Spent) {
			t.Helper()
			if err := s.AddTrunkTime(t.Context(), rows, at); err != nil {
				t.Fatal(err)
			}
		}
		want := func(at time.Time, rows ...barring.Spent) {
			t.Helper()
			got, err := s.TrunkTime(t.Context(), at)
			if diff := cmp.Diff(rows, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		}
		want(dawn)
		add(dawn, spent("bob@example.net", 0, 30), spent("ann@example.net", 0, 10))
		add(dawn.Add(time.Hour), spent("ann@example.net", 1, 5), spent("bob@example.net", 0, -20))
		want(dawn.Add(time.Hour), spent("ann@example.net", 0, 10), spent("ann@example.net", 1, 5), spent("bob@example.net", 0, 10))
		want(dawn.Add(25*time.Hour), spent("ann@example.net", 1, 5))
		add(dawn.Add(25 * time.Hour))
		want(dawn, spent("ann@example.net", 1, 5))
	})
}

func TestServersAddTimeOfCallsOutTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		rows := []barring.Spent{{Owner: "ann@example.net", Hour: dawn, Time: time.Second}, {Owner: "bob@example.net", Hour: dawn, Time: time.Second}}
		back := slices.Clone(rows)
		slices.Reverse(back)
		var servers sync.WaitGroup
		for _, rows := range [][]barring.Spent{rows, back, rows, back} {
			servers.Go(func() {
				for range 10 {
					if err := s.AddTrunkTime(t.Context(), rows, dawn); err != nil {
						t.Error(err)
					}
				}
			})
		}
		servers.Wait()
		got, err := s.TrunkTime(t.Context(), dawn)
		if err != nil || len(got) != 2 || got[0].Time != 40*time.Second || got[1].Time != 40*time.Second {
			t.Errorf("%v, %v", got, err)
		}
	})
}
