package oncall_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
)

// blank is a ResponseWriter that keeps nothing.
type blank struct{ header http.Header }

func (b *blank) Header() http.Header         { return b.header }
func (b *blank) Write(p []byte) (int, error) { return len(p), nil }
func (b *blank) WriteHeader(int)             {}

// BenchmarkVoysFromMemory measures what the webhook takes beyond HTTP itself,
// with five people in memory, and the slowest of a hundred.
func BenchmarkVoysFromMemory(b *testing.B) {
	people := []source.Person{
		person("Ann", 1, annCell, annDesk), person("Ben", 1, benCell), person("Cleo", 1, cleoTel), person("Dora", 2, benCell), person("Eve", 3, cleoTel),
	}
	keeper, err := oncall.NewKeeper(oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: answering(people...)}}})
	if err != nil {
		b.Fatal(err)
	}
	dispatcher, err := oncall.New(oncall.Config{
		Routes: []oncall.Route{support()}, Keeper: keeper,
		Log: func(context.Context, slog.Level, string, ...slog.Attr) {},
	})
	if err != nil {
		b.Fatal(err)
	}
	keeper.Refresh(b.Context())
	handler := dispatcher.Voys()
	r := httptest.NewRequest(http.MethodGet, "/voys-webhook?secret_key="+secret+from, http.NoBody)
	w := &blank{http.Header{}}
	var times []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		before := time.Now()
		handler.ServeHTTP(w, r)
		times = append(times, time.Since(before))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds()), "p99-ns")
}

// BenchmarkDecide measures a decision by the rules of a route.
func BenchmarkDecide(b *testing.B) {
	answer := heard(person("Ann", 1, annCell, annDesk), person("Ben", 1, benCell), person("Cleo", 2, cleoTel))
	s := oncall.Situation{Now: monday, Rules: oncall.Rules{Policy: oncall.Ordered}.Ready(), Answers: []oncall.Answer{answer}}
	b.ReportAllocs()
	for b.Loop() {
		if oncall.Decide(s).Number == "" {
			b.Fatal("nobody")
		}
	}
}
