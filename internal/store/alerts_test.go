package store_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestAlertsAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		happened := []activity.Item{{Kind: activity.Alert, Outcome: "raised", Entry: "dentist"}}
		change := func(to map[[2]string]string) {
			t.Helper()
			if err := s.ChangeAlerts(t.Context(), func(map[[2]string]string) (map[[2]string]string, []activity.Item, error) { return to, happened, nil }); err != nil {
				t.Fatal(err)
			}
		}
		change(map[[2]string]string{{"text_dead", "dentist"}: "{}", {"text_dead", "baker"}: "{}", {"disk_low", ""}: "{}"})
		change(map[[2]string]string{{"text_dead", "dentist"}: `{"total":2}`, {"text_dead", "baker"}: ""})
		wrong := errors.New("wrong")
		if err := s.ChangeAlerts(t.Context(), func(map[[2]string]string) (map[[2]string]string, []activity.Item, error) { return nil, happened, wrong }); !errors.Is(err, wrong) {
			t.Errorf("a change that fails: %v", err)
		}
		got, err := s.Alerts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[[2]string]string{{"text_dead", "dentist"}: `{"total":2}`, {"disk_low", ""}: "{}"}, got); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
		if items, err := s.Activity(t.Context(), activity.Query{Kind: activity.Alert}); err != nil || len(items) != 2 {
			t.Errorf("%d items are recorded (%v), want one for each change", len(items), err)
		}
	})
}

// TestAlertsAreChangedByOneServerAtATime counts with several servers at once.
func TestAlertsAreChangedByOneServerAtATime(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		c := fresh(t)
		c.Exclusive = false
		one, two := storetest.Open(t, c), storetest.Open(t, c)
		key := [2]string{"text_dead", "dentist"}
		var counting sync.WaitGroup
		for _, s := range []*store.Store{one, two, one, two} {
			counting.Go(func() {
				for range 10 {
					if err := s.ChangeAlerts(t.Context(), func(now map[[2]string]string) (map[[2]string]string, []activity.Item, error) {
						n, _ := strconv.Atoi(now[key])
						return map[[2]string]string{key: strconv.Itoa(n + 1)}, nil, nil
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		counting.Wait()
		if got, err := one.Alerts(t.Context()); err != nil || got[key] != "40" {
			t.Errorf("it has counted to %v (%v), want 40", got, err)
		}
	})
}
