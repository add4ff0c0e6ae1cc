package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// fillActivity fills the record as a busy provider's is: one entry has a tenth of
// the items, some kinds are rare, most numbers begin with 1, and one calls all
// the time.
func fillActivity(t testing.TB, s *store.Store, n int) {
	t.Helper()
	const batch = 500
	random := rand.New(rand.NewPCG(3, 4))
	began := time.Now().Add(-time.Duration(n) * 700 * time.Millisecond).Truncate(time.Second)
	whats := slices.Concat(slices.Repeat([]string{"call/sent"}, 300), slices.Repeat([]string{"text/sent"}, 300), slices.Repeat([]string{"call/cooldown", "core_call/done"}, 150),
		slices.Repeat([]string{"on_call/sent"}, 90), []string{"text/dead", "text/queued", "opt_out/stop", "form/saved", "call_back/placed"})
	const steps = `[{"code":"cooldown","args":{"setting":"textback.cooldown","texts":"1","time":"12 hours"}}]`
	for from := 0; from < n; from += batch {
		statement := "INSERT INTO activity (at, id, what, story, about, entry, tenant, number, reversed, steps, turn) VALUES "
		args := make([]any, 0, 5*batch)
		for i := from; i < min(n, from+batch); i++ {
			entry := random.IntN(1000)
			if random.IntN(10) == 0 {
				entry = 7
			}
			number := fmt.Sprintf("1%d", 2_000_000_000+random.IntN(3_000_000)*997)
			switch random.IntN(1000) {
			case 0, 1, 2, 3, 4:
				number = "12125550101"
			case 5, 6, 7, 8, 9, 10:
				number = fmt.Sprintf("3120%07d", random.IntN(1_000_000))
			}
			if i > from {
				statement += ", "
			}
			at := began.Add(time.Duration(i) * 700 * time.Millisecond).UnixMilli()
			story := fmt.Sprintf("%016x", random.Uint64())
			statement += fmt.Sprintf("(%d, '%s%08d', '%s', '%s', '%s', 'entry %d', 'tenant%d.example.net', '%s', reverse('%s'), '%s', 0)",
				at, strconv.FormatInt(at, 32), i%100_000_000, whats[random.IntN(len(whats))], story, story, entry, entry%200, number, number, steps)
		}
		err := s.Put(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement, args...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := s.Put(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "ANALYZE activity")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// questions are what operators ask, each with the index that answers it.
var questions = map[string]struct {
	query activity.Query
	index string
}{
	"everything":                    {activity.Query{}, "pkey"},
	"an entry":                      {activity.Query{Entry: "entry 7"}, "activity_entry"},
	"a small entry":                 {activity.Query{Entry: "entry 8"}, "activity_entry"},
	"no entry":                      {activity.Query{Entry: "nobody's"}, "activity_entry"},
	"a tenant":                      {activity.Query{Tenant: "tenant7.example.net"}, "activity_tenant"},
	"a kind":                        {activity.Query{Kind: activity.Text}, "activity_what"},
	"an outcome":                    {activity.Query{Outcome: "dead"}, "activity_what"},
	"an outcome of an entry":        {activity.Query{Entry: "entry 7", Kind: activity.Text, Outcome: "dead"}, "activity_entry"},
	"a number":                      {activity.Query{Number: "12000000997"}, "activity_number"},
	"a number that calls always":    {activity.Query{Number: "12125550101"}, "activity_number"},
	"a country of few":              {activity.Query{Number: "31"}, "activity_number"},
	"a country of nobody":           {activity.Query{Number: "44"}, "activity_number"},
	"a country of most":             {activity.Query{Number: "1"}, "pkey"},
	"most of an entry":              {activity.Query{Number: "12", Entry: "entry 7"}, "activity_entry"},
	"a country of few, of an entry": {activity.Query{Number: "31", Entry: "entry 7"}, "activity_number"},
	"last four digits":              {activity.Query{Ending: "0997"}, "activity_reversed"},
	"last seven digits":             {activity.Query{Ending: "5550101"}, "activity_reversed"},
	"last digits of nobody":         {activity.Query{Ending: "55599999"}, "activity_reversed"},
	"an hour of long ago":           {activity.Query{Since: time.Now().Add(-8 * time.Hour), Until: time.Now().Add(-7 * time.Hour)}, "pkey"},
}

func TestQuestionsAboutActivityGoByAnIndex(t *testing.T) {
	whole := regexp.MustCompile(`Seq Scan on activity|SCAN activity$|SCAN activity USING INDEX activity_(entry|tenant|number|reversed|story|turn)`)
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		s.SetFewActivity(1000)
		fillActivity(t, s, 12_000)
		explain := "EXPLAIN QUERY PLAN "
		if s.Shared() {
			explain = "EXPLAIN "
		}
		for name, question := range questions {
			t.Run(name, func(t *testing.T) {
				q := question.query
				q.Limit = 51
				statements := s.ActivityStatements(t, q)
				for i, statement := range statements {
					plan := explained(t, s, explain+statement.SQL, statement.Args...)
					if whole.MatchString(plan) {
						t.Errorf("all rows are read:\n%s\n%s", statement.SQL, plan)
					}
					index := question.index
					if index == "pkey" && !s.Shared() {
						index = "autoindex_activity"
					}
					if i == len(statements)-1 && !strings.Contains(plan, index) {
						t.Errorf("it does not go by %s:\n%s\n%s", index, statement.SQL, plan)
					}
				}
			})
		}
	})
}

// explained returns the plan of a statement.
func explained(t *testing.T, s *store.Store, statement string, args ...any) string {
	t.Helper()
	var plan strings.Builder
	err := s.Read(t.Context(), func(ctx context.Context, q store.Querier) error {
		rows, err := q.QueryContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a, b, c, line any
			into := []any{&a, &b, &c, &line}
			if s.Shared() {
				into = into[3:]
			}
			if err := rows.Scan(into...); err != nil {
				return err
			}
			fmt.Fprintln(&plan, line)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// TestMillionsOfItems measures the questions over as many items as
// ACTIVITY_TEST_ROWS says: 10,000,000 take ten minutes and 8 GB.
func TestMillionsOfItems(t *testing.T) {
	rows, _ := strconv.Atoi(os.Getenv("ACTIVITY_TEST_ROWS"))
	if rows == 0 {
		t.Skip("ACTIVITY_TEST_ROWS says how many")
	}
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		began := time.Now()
		multiplyActivity(t, s, rows)
		if s.Shared() {
			behind(t, config, "VACUUM ANALYZE activity") // as PostgreSQL does by itself
		}
		t.Logf("%d items told in %v", rows, time.Since(began).Round(time.Second))
		for name, question := range questions {
			q := question.query
			q.Limit = 51
			var took []time.Duration
			for range 11 {
				began := time.Now()
				if _, err := s.Activity(t.Context(), q); err != nil {
					t.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			first := took[0]
			slices.Sort(took)
			t.Logf("%-32s first %6.1f ms, median %6.1f ms, slowest %6.1f ms", name, ms(first), ms(took[5]), ms(took[10]))
			if took[5] > 50*time.Millisecond {
				t.Errorf("%s takes %v", name, took[5])
			}
		}
	})
}

// multiplyActivity fills the record with a hundredth of the items, and with copies
// of them from other times and numbers.
func multiplyActivity(t testing.TB, s *store.Store, rows int) {
	t.Helper()
	one := max(rows/100, 1000)
	execute := func(statement string, args ...any) {
		t.Helper()
		err := s.Put(context.WithoutCancel(t.Context()), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement, args...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	fillActivity(t, s, one)
	first, err := strconv.ParseInt(columnOf(t, s, "SELECT min(at) FROM activity")[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	migration, err := os.ReadFile("migrations/0021_activity.sql")
	if err != nil {
		t.Fatal(err)
	}
	indexes := regexp.MustCompile(`CREATE INDEX (\w+) .*;`).FindAllStringSubmatch(string(migration), -1)
	for _, index := range indexes {
		execute("DROP INDEX " + index[1])
	}
	for copied := 1; copied < rows/one; copied++ {
		execute(`INSERT INTO activity (at, id, what, story, about, entry, tenant, number, reversed, steps, turn)
			SELECT at - $1, id, what, story || '-' || CAST($2 AS TEXT), about, entry, tenant, number, reversed, steps, turn FROM (
				SELECT at, id, what, story, about, entry, tenant, steps, turn,
					CASE number WHEN '12125550101' THEN number ELSE CAST(CAST(number AS BIGINT) + 997 * CAST($3 AS BIGINT) AS TEXT) END AS number,
					CASE number WHEN '12125550101' THEN reversed ELSE reverse(CAST(CAST(number AS BIGINT) + 997 * CAST($3 AS BIGINT) AS TEXT)) END AS reversed
				FROM activity WHERE at >= $4) AS one`,
			copied*one*700, strconv.Itoa(copied), copied, first)
	}
	for _, index := range indexes {
		execute(index[0])
	}
	execute("ANALYZE activity")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
