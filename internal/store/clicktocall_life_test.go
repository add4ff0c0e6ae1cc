package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestScheduledCallBackIsClaimedOnceWhenItIsDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		a := asked("12125550123", "k")
		a.At = dawn.Add(time.Hour).In(time.FixedZone("", -5*60*60))
		var waiting []int
		schedule := func(a clicktocall.Ask) *clicktocall.CallBack {
			t.Helper()
			c, _, err := s.BeginCallBack(t.Context(), a, dawn, func(k clicktocall.Known) *clicktocall.CallBack {
				waiting = append(waiting, k.Waiting)
				c := placing(a, dawn)
				c.State, c.Attempts, c.At, c.Lease = clicktocall.Scheduled, 0, a.At, time.Time{}
				return c
			})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		c := schedule(a)
		got, err := s.CallBack(t.Context(), c.ID)
		if err != nil || got.At.Format(time.RFC3339) != "2026-03-04T08:00:00-05:00" || got.State != clicktocall.Scheduled {
			t.Errorf("%+v, %v", got, err)
		}
		caps := func(c clicktocall.CallBack) []clicktocall.Cap {
			return []clicktocall.Cap{{Scope: clicktocall.OfNumber, Of: c.Number, Most: 1, Per: 10 * time.Minute}}
		}
		claim := func(after time.Duration) (clicktocall.CallBack, clicktocall.Known, error) {
			return s.ClaimCallBack(t.Context(), c.ID, caps, dawn.Add(after), dawn.Add(after+20*time.Second))
		}
		if _, _, err := claim(time.Hour - time.Second); !errors.Is(err, clicktocall.ErrTaken) {
			t.Error(err)
		}
		now, _, known := beginCall(t, s, withCaps(asked("12125550123", "now"), caps(*c)), dawn.Add(55*time.Minute))
		if now == nil || len(known.Full) > 0 {
			t.Fatal("what waits is counted")
		}
		if got, known, err := claim(time.Hour); err != nil || got.State != clicktocall.Scheduled || len(known.Full) != 1 {
			t.Errorf("%+v, %+v, %v", got, known, err)
		}
		claimed, _, err := claim(65 * time.Minute)
		if err != nil || claimed.State != clicktocall.Placing || claimed.Attempts != 1 || claimed.Lease.IsZero() {
			t.Errorf("%+v, %v", claimed, err)
		}
		if _, _, err := claim(66 * time.Minute); !errors.Is(err, clicktocall.ErrTaken) {
			t.Error(err)
		}
		finishCall(t, s, &claimed, clicktocall.Scheduled, dawn.Add(65*time.Minute))
		if again, _, err := claim(66 * time.Minute); err != nil || again.Attempts != 2 {
			t.Errorf("%+v, %v", again, err)
		}
		finishCall(t, s, &claimed, clicktocall.Placed, dawn.Add(66*time.Minute)) // of the first attempt
		if got := state(t, s, c.ID); got != clicktocall.Placing {
			t.Errorf("a stale result made it %s", got)
		}
		b := a
		b.Key, b.At = "l", a.At.Add(time.Minute)
		b.Token = "another"
		second := schedule(b)
		b.Key, b.At, b.Token = "m", a.At.Add(2*time.Minute), "a third"
		schedule(b)
		if diff := cmp.Diff([]int{0, 0, 1}, waiting); diff != "" {
			t.Errorf("waiting (-want +got):\n%s", diff)
		}
		if got, err := s.CancelCallBack(t.Context(), second.ID, dawn); err != nil || got.State != clicktocall.Cancelled {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := s.CancelCallBack(t.Context(), second.ID, dawn); err != nil || got.State != clicktocall.Cancelled {
			t.Errorf("a second time: %+v, %v", got, err)
		}
		if got, err := s.CancelCallBack(t.Context(), now.ID, dawn); !errors.Is(err, clicktocall.ErrTaken) || got.ID != now.ID {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.CancelCallBack(t.Context(), "x", dawn); fault.CodeOf(err) != fault.NotFound {
			t.Error(err)
		}
	})
}

func withCaps(a clicktocall.Ask, caps []clicktocall.Cap) clicktocall.Ask {
	a.Caps = caps
	return a
}

func TestCallBackGoesForwardAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		c, _, _ := beginCall(t, s, asked("12125550123", ""), dawn)
		for _, step := range []struct{ to, want clicktocall.State }{
			{clicktocall.Calling, clicktocall.Placing}, {clicktocall.Over, clicktocall.Placing}, {"finish", clicktocall.Placed}, {clicktocall.Calling, clicktocall.Calling},
			{clicktocall.Placed, clicktocall.Calling}, {clicktocall.Over, clicktocall.Over}, {clicktocall.Calling, clicktocall.Over},
		} {
			if step.to == "finish" {
				finishCall(t, s, c, clicktocall.Placed, dawn)
			} else if err := s.AdvanceCallBack(t.Context(), c.ID, step.to, dawn); err != nil {
				t.Fatal(err)
			}
			if got := state(t, s, c.ID); got != step.want {
				t.Errorf("to %s: %s, want %s", step.to, got, step.want)
			}
		}
		if err := s.AdvanceCallBack(t.Context(), c.ID, clicktocall.Failed, dawn); err == nil {
			t.Error("it went back")
		}
	})
}

func TestSweepMakesUncertainWhatWasLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		c, _, _ := beginCall(t, s, asked("12125550123", "k"), dawn)
		if stranded, err := s.SweepCallBacks(t.Context(), dawn.Add(20*time.Second)); stranded != nil || err != nil {
			t.Errorf("%v, %v", stranded, err)
		}
		stranded, err := s.SweepCallBacks(t.Context(), dawn.Add(21*time.Second))
		if diff := cmp.Diff([]string{c.ID}, stranded); diff != "" || err != nil {
			t.Errorf("%s, %v", diff, err)
		}
		if got := state(t, s, c.ID); got != clicktocall.Uncertain {
			t.Errorf("it is %s", got)
		}
		if _, repeated, _ := beginCall(t, s, asked("12125550123", "k"), dawn.Add(time.Hour)); !repeated {
			t.Error("it would be placed again")
		}
		finishCall(t, s, c, clicktocall.Placed, dawn.Add(time.Minute)) // its process was only slow
		if got := state(t, s, c.ID); got != clicktocall.Placed {
			t.Errorf("it is %s", got)
		}
	})
}

func TestNetworksAreKnownByWhatTheyAskedFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		want := func(want clicktocall.Standing, at time.Time) {
			t.Helper()
			of := clicktocall.Asker{From: clicktocall.Subnets{Network: "192.0.2.0/24", Block: "192.0.0.0/16"}, Entry: "sales", Tenant: "example.net"}
			if got, err := s.NetworkStanding(t.Context(), of, at); got != want || err != nil {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
		}
		want(clicktocall.Standing{}, dawn)
		c, _, _ := beginCall(t, s, asked("12125550123", ""), dawn)
		want(clicktocall.Standing{Calls: 1, Block: 1, Entry: 1, Tenant: 1}, dawn)
		finishCall(t, s, c, clicktocall.Placed, dawn)
		want(clicktocall.Standing{Calls: 1, Block: 1, Known: true, Entry: 1, Tenant: 1}, dawn.Add(time.Hour))
		other := asked("12125550124", "")
		other.Network, other.Entry, other.Tenant = "192.0.3.0/24", "other", "example.org"
		beginCall(t, s, other, dawn.Add(2*time.Hour))
		want(clicktocall.Standing{Calls: 1, Block: 2, Known: true, Entry: 1, Tenant: 1}, dawn.Add(3*time.Hour))
		want(clicktocall.Standing{Block: 1, Known: true, Settled: true}, dawn.Add(25*time.Hour))
		want(clicktocall.Standing{}, dawn.Add(31*24*time.Hour))
	})
}

func TestErasedCallBacksHaveNoNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		c, _, _ := beginCall(t, s, asked("12125550123", "k"), dawn)
		beginCall(t, s, asked("12125550124", ""), dawn)
		if all, err := s.CallBacks(t.Context(), "12125550123", time.Time{}, 0); len(all) != 1 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
		if erased := erase(t, s); erased.CallBacks != 1 {
			t.Errorf("%+v", erased)
		}
		got, err := s.CallBack(t.Context(), c.ID)
		if err != nil || got.Number != "" || got.Key != "" || got.Network == "" {
			t.Errorf("%+v, %v", got, err)
		}
		finishCall(t, s, c, clicktocall.Placed, dawn)
		if n, err := s.PurgeCallBacks(t.Context(), dawn.Add(time.Hour)); n != 1 || err != nil { // the other one is being placed
			t.Errorf("%d, %v", n, err)
		}
		if all, err := s.CallBacks(t.Context(), "", time.Time{}, 5); len(all) != 1 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
	})
}

func TestCodeProvesWhoseANumberIs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		const number = "12125550123"
		proof := func(from string, after time.Duration) clicktocall.ProofBegun {
			t.Helper()
			begun, err := s.BeginProof(t.Context(), clicktocall.Proof{
				Number: number, From: clicktocall.Subnets{Network: from, Block: "b"}, Seal: func(born time.Time) string { return "code of " + born.String() },
				Unproved: clicktocall.Ration{InAll: 4, Caps: []clicktocall.Cap{
					{Scope: clicktocall.OfNetwork, Of: from, Most: 2, Per: 24 * time.Hour}, {Scope: clicktocall.OfBlock, Of: "b", Most: 6, Per: 24 * time.Hour},
				}},
			}, dawn.Add(after))
			if err != nil {
				t.Fatal(err)
			}
			return begun
		}
		take := func(code, from string, after time.Duration, want bool) {
			t.Helper()
			sup := ledger.Suppression{Number: number, Tenant: ledger.AnyTenant, Channel: ledger.Calls, At: dawn.Add(after), How: ledger.ByPage}
			if ok, err := s.TakeProof(t.Context(), clicktocall.Given{Number: number, Code: code, Owner: from}, sup, dawn.Add(after)); ok != want || err != nil {
				t.Errorf("%s from %s: %v, %v", code, from, ok, err)
			}
		}
		if begun := proof("a", 0); begun.Send || !begun.Until.IsZero() {
			t.Errorf("a number that nobody called gets %+v", begun)
		}
		c, _, _ := beginCall(t, s, asked(number, ""), dawn)
		finishCall(t, s, c, clicktocall.Placed, dawn)
		first := proof("a", time.Minute)
		if !first.Send || !first.Born.Equal(dawn.Add(time.Minute)) {
			t.Errorf("%+v", first)
		}
		if begun := proof("a", time.Hour); !begun.Until.Equal(dawn.Add(24 * time.Hour)) {
			t.Errorf("a network asks a third time, and gets %+v", begun)
		}
		for _, again := range []struct {
			after time.Duration
			send  bool
		}{{2 * time.Minute, false}, {11 * time.Minute, true}, {2 * time.Hour, true}, {3 * time.Hour, false}} {
			if begun := proof(fmt.Sprint(again), again.after); begun.Send != again.send || !begun.Born.Equal(first.Born) {
				t.Errorf("%v: %+v", again, begun)
			}
		}
		if begun := proof("another of the block", 4*time.Hour); !begun.Until.Equal(dawn.Add(24 * time.Hour)) {
			t.Errorf("a block asks too often, and gets %+v", begun)
		}
		code := "code of " + first.Born.String()
		for range clicktocall.GuessesTaken(false).Own {
			take("x", "stranger", 5*time.Hour, false)
		}
		take(code, "stranger", 5*time.Hour, false) // tried too often
		take(code, "victim", 24*time.Hour+2*time.Hour+time.Minute, false)
		take("x", "victim", 6*time.Hour, false)
		take(code, "victim", 6*time.Hour, true)
		take(code, "victim", 6*time.Hour, false) // once
		if sup, err := s.Suppressed(t.Context(), "any", number, ledger.Calls); err != nil || sup == nil || sup.How != ledger.ByPage {
			t.Errorf("%v, %v", sup, err)
		}
		if erased := erase(t, s); erased.CallBacks != 1 {
			t.Errorf("%+v", erased)
		}
		other := proof("b", 25*time.Hour)
		if err := s.UnsendProof(t.Context(), other.ID); err != nil {
			t.Error(err)
		}
	})
}
