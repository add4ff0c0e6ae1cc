package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// move is one move of a walk: a step, and where it should lead.
type move[S ~string] struct {
	step ledger.Step
	to   S
}

// movesOf returns all moves that do not create a thing.
func movesOf[S ~string](all ledger.Transitions[S]) (moves []move[S]) {
	for _, t := range all {
		for _, to := range t.To {
			if len(t.From) > 0 {
				moves = append(moves, move[S]{t.Step, to})
			}
		}
		if len(t.To) == 0 {
			moves = append(moves, move[S]{t.Step, ""})
		}
	}
	return moves
}

// walk makes random moves. After each the thing is where the table says: moved
// on if the step applies to its state, and otherwise where it was.
func walk[S ~string](r *rapid.T, all ledger.Transitions[S], at S, take func(move[S]), where func() S) {
	moves := movesOf(all)
	for range 12 {
		m := rapid.SampledFrom(moves).Draw(r, "move")
		take(m)
		want := at
		if slices.Contains(all.From(m.step), at) {
			want = m.to
		}
		if got := where(); got != want {
			r.Fatalf("%s from %q to %q leads to %q, want %q", m.step, at, m.to, got, want)
		}
		if at = want; at == "" {
			return // it was removed
		}
	}
}

// refused says whether the thing's state did not allow a step.
func refused(err error) bool {
	return err == nil || errors.Is(err, ledger.ErrTaken) || errors.Is(err, clicktocall.ErrTaken) || fault.CodeOf(err) == fault.Refused
}

func TestTextsGoAsTheirTableSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		rapid.Check(t, func(r *rapid.T) {
			ctx, now := t.Context(), time.Now()
			text, err := s.Enqueue(ctx, ledger.Text{Entry: "e", To: caller, Due: now, Deadline: now.Add(time.Hour)})
			if err != nil {
				r.Fatal(err)
			}
			look := func() (ledger.Text, bool) {
				found, err := s.Text(ctx, text.ID)
				if err != nil && fault.CodeOf(err) != fault.NotFound {
					r.Fatal(err)
				}
				return found, err == nil
			}
			walk(r, ledger.TextSteps, ledger.Queued, func(m move[ledger.State]) {
				var err error
				now = now.Add(time.Minute)
				is, _ := look()
				switch m.step {
				case ledger.Claim:
					_, err = s.Claim(ctx, text.ID, now, now.Add(time.Second))
				case ledger.Finish, ledger.Confirm:
					err = s.Finish(ctx, ledger.Result{ID: text.ID, Attempt: is.Attempts, At: now, State: m.to, Why: ledger.Refused, Due: now})
				case ledger.Strand:
					_, err = s.Sweep(ctx, now)
				case ledger.Order:
					err = s.Resend(ctx, text.ID, now, now.Add(time.Hour))
				case ledger.Purge:
					_, err = s.Purge(ctx, now.Add(time.Hour))
				}
				if !refused(err) {
					r.Fatal(err)
				}
			}, func() ledger.State {
				is, there := look()
				if !there {
					return ""
				}
				return is.State
			})
		})
	})
}

func TestCallBacksGoAsTheirTableSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s, round := open(t), 0
		rapid.Check(t, func(r *rapid.T) {
			round++
			ctx, now := t.Context(), dawn
			a := asked(fmt.Sprintf("1212555%04d", round), "")
			a.At = now.Add(time.Second)
			c, _, err := s.BeginCallBack(ctx, a, now, func(clicktocall.Known) *clicktocall.CallBack {
				c := placing(a, now)
				c.State, c.Attempts, c.Lease, c.At = clicktocall.Scheduled, 0, time.Time{}, a.At
				return c
			})
			if err != nil {
				r.Fatal(err)
			}
			look := func() (clicktocall.CallBack, bool) {
				found, err := s.CallBack(ctx, c.ID)
				if err != nil && fault.CodeOf(err) != fault.NotFound {
					r.Fatal(err)
				}
				return found, err == nil
			}
			walk(r, clicktocall.Steps, clicktocall.Scheduled, func(m move[clicktocall.State]) {
				var err error
				now = now.Add(time.Minute)
				is, _ := look()
				switch m.step {
				case ledger.Claim:
					_, _, err = s.ClaimCallBack(ctx, c.ID, func(clicktocall.CallBack) []clicktocall.Cap { return nil }, now, now.Add(time.Second))
				case ledger.Finish:
					err = s.FinishCallBack(ctx, clicktocall.Result{ID: c.ID, Attempt: is.Attempts, At: now, State: m.to})
				case ledger.Strand:
					_, err = s.SweepCallBacks(ctx, now)
				case clicktocall.Find, clicktocall.Ring, clicktocall.End:
					err = s.AdvanceCallBack(ctx, c.ID, m.to, now)
				case clicktocall.Cancel:
					_, err = s.CancelCallBack(ctx, c.ID, now)
				case ledger.Purge:
					_, err = s.PurgeCallBacks(ctx, now.Add(time.Hour))
				}
				if !refused(err) {
					r.Fatal(err)
				}
			}, func() clicktocall.State {
				is, there := look()
				if !there {
					return ""
				}
				return is.State
			})
		})
	})
}
