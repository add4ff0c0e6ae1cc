package store_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// callersAtOnce is how many concurrent callers a benchmark has on each core:
// each of them waits for the phone system.
const callersAtOnce = 32

// BenchmarkCall is a call from beginning to end: the decision, and the sending
// of its text.
func BenchmarkCall(b *testing.B) {
	for name, config := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, config(b))
			var calls atomic.Int64
			b.SetParallelism(callersAtOnce)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id := strconv.FormatInt(calls.Add(1), 10)
					number := "1212" + id
					now := time.Now()
					begun, err := s.Begin(b.Context(), ledger.Call{Key: ledger.Key{Entry: "shop", CallID: id, Caller: number}, Tenant: tenant, At: now}, func(ledger.History) ledger.Decision {
						text := textTo(number)
						text.Lease = now.Add(time.Minute)
						return ledger.Decision{Reason: "sent", Text: text}
					})
					if err == nil {
						err = s.Finish(b.Context(), ledger.Result{ID: begun.Text.ID, Attempt: 1, At: now, State: ledger.Sent, Reason: "sent"})
					}
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
