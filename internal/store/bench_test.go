package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// engines runs a benchmark on SQLite and on PostgreSQL.
func engines(b *testing.B, run func(b *testing.B, s *store.Store)) {
	b.Helper()
	for name, fresh := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) { run(b, storetest.Open(b, fresh(b))) })
	}
}

// many fills a store with 10,000 entries.
func many(b *testing.B, s *store.Store) *entry.Book {
	b.Helper()
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, `%c"customer-%d.example.net-sms": {"api_domain": "customer-%d.example.net", "user": "2000", "ns_system_user": "8001",
			"from_number": "1212%07d", "message": "Our hours are Monday to Friday, 9 to 5. We are at %d Example Street, Springfield."}`, ",{"[b2i(i == 0)], i, i, 5550000+i, i)
	}
	text.WriteString("}")
	e, _ := entriesOf(b, s)
	imports(b, e, text.String())
	return e
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// BenchmarkGet10000 measures the lookup of an entry, once for each request.
func BenchmarkGet10000(b *testing.B) {
	engines(b, func(b *testing.B, s *store.Store) {
		e := many(b, s)
		for i := 0; b.Loop(); i++ {
			if _, ok := e.Get(fmt.Sprintf("customer-%d.example.net-sms", i%10_000)); !ok {
				b.Fatal("there is no such entry")
			}
		}
	})
}

// BenchmarkEntries10000 measures the start.
func BenchmarkEntries10000(b *testing.B) {
	engines(b, func(b *testing.B, s *store.Store) {
		many(b, s)
		for b.Loop() {
			if _, err := s.Entries(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkWrite is one commit of two statements, with 32 concurrent callers.
func BenchmarkWrite(b *testing.B) {
	engines(b, func(b *testing.B, s *store.Store) {
		pad(b, s)
		b.SetParallelism(16)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if err := s.Write(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
					var n int
					id := time.Now().UnixNano()
					if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM pad WHERE id = $1", id).Scan(&n); err != nil {
						return err
					}
					_, err := tx.ExecContext(ctx, "INSERT INTO pad (id) VALUES ($1) ON CONFLICT DO NOTHING", id)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// BenchmarkAllow measures a limit check, with 32 concurrent callers.
func BenchmarkAllow(b *testing.B) {
	engines(b, func(b *testing.B, s *store.Store) {
		b.SetParallelism(16)
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				if _, _, err := s.Allow(b.Context(), fmt.Sprint(i%100), store.Rate{Burst: 3, Per: time.Second}, time.Now()); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
