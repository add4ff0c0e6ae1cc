package store_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// TestTextsKeepTheirTimeWhenTheClockIsSet has a text to be retried in ten
// minutes, one during an attempt, and one that was sent.
func TestTextsKeepTheirTimeWhenTheClockIsSet(t *testing.T) {
	const months = 90 * 24 * time.Hour
	for name, jump := range map[string]time.Duration{"forward by months": months, "back by months": -months, "back by hours": -3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
				now := time.Now().UTC().Truncate(time.Millisecond)
				config := fresh(t)
				config.Now = func() time.Time { return now }
				s := storetest.Open(t, config)
				var ids []string
				for range 3 {
					made, err := s.Enqueue(t.Context(), ledger.Text{Entry: "e", To: "19734321440", Due: now.Add(10 * time.Minute), Deadline: now.Add(time.Hour)})
					if err != nil {
						t.Fatal(err)
					}
					ids = append(ids, made.ID)
				}
				for _, id := range ids[1:] {
					claim(t, s, id, now.Add(10*time.Minute))
				}
				finish(t, s, ledger.Result{ID: ids[2], Attempt: 1, At: now.Add(10 * time.Minute), State: ledger.Sent})
				before := [3]ledger.Text{text(t, s, ids[0]), text(t, s, ids[1]), text(t, s, ids[2])}
				for range 2 { // by each of two servers
					if err := s.FollowClock(t.Context(), now.Add(jump), jump); err != nil {
						t.Fatal(err)
					}
				}
				waits, tried, sent := text(t, s, ids[0]), text(t, s, ids[1]), text(t, s, ids[2])
				if got := waits.Due.Sub(before[0].Due); got != jump {
					t.Errorf("it is due %s later", got)
				}
				if got := waits.Deadline.Sub(before[0].Deadline); got != jump {
					t.Errorf("it is too late %s later", got)
				}
				if got := tried.Lease.Sub(before[1].Lease); got != jump || tried.State != ledger.Sending {
					t.Errorf("the attempt ends %s later, and it is %s", got, tried.State)
				}
				if sent != before[2] {
					t.Errorf("the text that was sent is %+v", sent)
				}
			})
		})
	}
}
