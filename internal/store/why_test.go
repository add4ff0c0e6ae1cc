package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestAnAnswerIsStoredWithWhatSaysWhy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		args := why.Args{"texts": "3", "time": "1h", why.Setting: "textback.cooldown"}
		begin(t, s, callOf("refused"), noon(), func(ledger.History) ledger.Decision {
			return ledger.Decision{Reason: "cooldown", Args: args}
		})
		limit := ledger.Cap{Scope: ledger.OfEntry, Of: textTo(caller).Entry, Most: 1, Per: time.Hour}
		counted := ledger.Counted{Caps: []ledger.Cap{limit}}
		texted, err := s.Begin(t.Context(), ledger.Call{Key: callOf("texted"), Tenant: tenant, At: noon().Add(1), Counted: counted}, capped(caller))
		if err == nil {
			_, err = s.Begin(t.Context(), ledger.Call{Key: callOf("too many"), Tenant: tenant, At: noon().Add(2 * time.Second), Counted: counted}, capped(caller))
		}
		if err != nil {
			t.Fatal(err)
		}

		want := map[string]why.Args{
			"refused": args, "texted": nil,
			"too many": {"limit": "1 texts of one entry in an hour", why.Setting: "textback.entry_per_hour", why.Until: "2026-03-14T13:00:00Z"},
		}
		if texted.Text == nil {
			t.Fatal("no text was begun")
		}
		got := map[string]why.Args{}
		for _, a := range dossier(t, s, caller).Answers {
			got[a.CallID] = a.Args
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what says why (-want +got):\n%s", diff)
		}
	})
}
