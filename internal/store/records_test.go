package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestEventsComeBackTheYoungestFirst(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		config.Now = func() time.Time { return dawn }
		s := storetest.Open(t, config)
		first := ledger.Event{At: dawn.Add(-time.Hour), Actor: "form", Action: "entry changed", About: "a", Detail: "message"}
		second := ledger.Event{Actor: "operator", Action: "suppression added", About: "+1212•••0100"}
		for _, event := range []ledger.Event{first, second} {
			if err := s.Audit(t.Context(), event); err != nil {
				t.Fatal(err)
			}
		}
		second.At = dawn
		for _, c := range []struct {
			since time.Time
			limit int
			want  []ledger.Event
		}{
			{time.Time{}, 0, []ledger.Event{second, first}},
			{time.Time{}, 1, []ledger.Event{second}},
			{dawn, 5, []ledger.Event{second}},
			{dawn.Add(time.Millisecond), 0, nil},
		} {
			got, err := s.Events(t.Context(), c.since, c.limit)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("since %v, %d: %v (-want +got):\n%s", c.since, c.limit, err, diff)
			}
		}
	})
}

func TestCallsComeBackTheYoungestFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		var want []core.StoredCall
		for i := range 3 {
			call := core.StoredCall{ID: fmt.Sprint("call-", i), At: dawn.Add(time.Duration(-i) * time.Minute), From: "12125550100", To: "9001",
				Outcome: "the caller hung up", Failed: i == 1, Trace: []byte("{\"a\":\"é\"}\n{}\n")}
			want = append(want, call)
			call.Outcome = "it is going on"
			if err := s.KeepCall(t.Context(), call); err != nil {
				t.Fatal(err)
			}
			if err := s.KeepCall(t.Context(), want[i]); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			since time.Time
			limit int
			want  []core.StoredCall
		}{
			{time.Time{}, 0, want},
			{time.Time{}, 2, want[:2]},
			{dawn.Add(-time.Minute), 0, want[:2]},
		} {
			got, err := s.Calls(t.Context(), c.since, c.limit)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("since %v, %d: %v (-want +got):\n%s", c.since, c.limit, err, diff)
			}
		}
	})
}
