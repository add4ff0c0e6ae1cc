package textback_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
)

// instant is a phone system's client that answers at once.
type instant struct{}

func (instant) SendSMS(context.Context, netsapiens.SMS) error { return nil }

// BenchmarkWebhook answers calls, each of another caller, from an SQLite store:
// one after the other, and as many at once as come at the worst of times. A
// repeat is the same call again, which only reads; of repeats that come at once
// the first reads for those that arrive meanwhile, whose share differs by the run.
func BenchmarkWebhook(b *testing.B) {
	for _, bench := range []struct {
		name   string
		atOnce int // goroutines a processor
		repeat bool
	}{
		{"one", 0, false},
		{"many", 32, false},
		{"repeat", 0, true},
		{"repeats", 32, true},
	} {
		b.Run(bench.name, func(b *testing.B) {
			w, err := textback.NewWebhook(textback.Config{
				Entries: one{}, Ledger: storetest.Open(b, storetest.SQLite(b)), Sender: instant{}, Log: quiet().LogAttrs,
			})
			if err != nil {
				b.Fatal(err)
			}
			var n atomic.Int64
			ask := func() {
				call := n.Add(1)
				if bench.repeat {
					call = 1
				}
				caller := fmt.Sprintf("+1973%07d", 2_000_000+call)
				answer := httptest.NewRecorder()
				w.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/webresponder?"+query(id, caller, fmt.Sprint("call-", call)).Encode(), nil))
				if answer.Body.String() != success {
					b.Errorf("%s hears %s", caller, answer.Body)
				}
			}
			ask()
			b.ReportAllocs()
			b.ResetTimer()
			if bench.atOnce == 0 {
				for b.Loop() {
					ask()
				}
			} else {
				b.SetParallelism(bench.atOnce)
				b.RunParallel(func(p *testing.PB) {
					for p.Next() {
						ask()
					}
				})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
