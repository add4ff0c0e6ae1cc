package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/walk"
)

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
			walk.Along(r, ledger.TextSteps, ledger.Queued, func(m walk.Move[ledger.State]) {
				var err error
				now = now.Add(time.Minute)
				is, _ := look()
				switch m.Step {
				case ledger.Claim:
					_, err = s.Claim(ctx, text.ID, now, now.Add(time.Second))
				case ledger.Finish, ledger.Confirm:
					err = s.Finish(ctx, ledger.Result{ID: text.ID, Attempt: is.Attempts, At: now, State: m.To, Why: ledger.Refused, Due: now})
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
			walk.Along(r, clicktocall.Steps, clicktocall.Scheduled, func(m walk.Move[clicktocall.State]) {
				var err error
				now = now.Add(time.Minute)
				is, _ := look()
				switch m.Step {
				case ledger.Claim:
					_, _, err = s.ClaimCallBack(ctx, c.ID, func(clicktocall.CallBack) []clicktocall.Cap { return nil }, now, now.Add(time.Second))
				case ledger.Finish:
					err = s.FinishCallBack(ctx, clicktocall.Result{ID: c.ID, Attempt: is.Attempts, At: now, State: m.To})
				case ledger.Strand:
					_, err = s.SweepCallBacks(ctx, now)
				case clicktocall.Find, clicktocall.Ring, clicktocall.End:
					err = s.AdvanceCallBack(ctx, c.ID, m.To, now)
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

func TestJobsGoAsTheirTableSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s, round := open(t), 0
		rapid.Check(t, func(r *rapid.T) {
			round++
			ctx, id := t.Context(), fmt.Sprint(round)
			if err := s.Schedule(ctx, "text", id, time.Time{}); err != nil {
				r.Fatal(err)
			}
			walk.Along(r, store.JobSteps, store.JobWaiting, func(m walk.Move[store.JobState]) {
				if err := s.MoveJob(ctx, m.Step, "text", id); err != nil {
					r.Fatal(err)
				}
			}, func() store.JobState {
				is, err := s.JobState(ctx, "text", id)
				if err != nil {
					r.Fatal(err)
				}
				return is
			})
		})
	})
}
