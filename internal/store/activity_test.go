package store_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// happened returns items of some entries, tenants, numbers and kinds, in the
// order in which they are told.
func happened(n int) []activity.Item {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	items := make([]activity.Item, n)
	for i := range items {
		kind, outcome, _ := strings.Cut(pick("call/sent", "call/cooldown", "text/sent", "text/dead", "form/saved", "on_call/sent"), "/")
		items[i] = activity.Item{
			At: began.Add(time.Duration(i/3) * time.Second), Kind: activity.Kind(kind), Outcome: outcome, Entry: pick("shop", "bakery", ""), Tenant: pick("example.net", "example.com"),
			Number: pick("", "12125550101", "12125550102", "19735550101", "31201110101"), Story: fmt.Sprint("story ", i/4),
			Steps: activity.Steps(why.Step[activity.Code]{Code: "why", Args: why.Args{"n": fmt.Sprint(i)}}),
		}
	}
	return items
}

func TestActivityIsFoundByAnythingKnownOfIt(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		if err := s.Tell(t.Context(), happened(300)...); err != nil {
			t.Fatal(err)
		}
		all, err := s.Activity(t.Context(), activity.Query{})
		if err != nil || len(all) != 300 {
			t.Fatalf("there are %d items, %v", len(all), err)
		}
		if slices.Reverse(all); !slices.IsSortedFunc(all, func(a, b activity.Item) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }) {
			t.Error("they are not in the order in which they were told")
		}
		for i, want := range happened(300) {
			want.ID = all[i].ID
			if diff := gocmp.Diff(want, all[i]); diff != "" {
				t.Fatalf("item %d (-want +got):\n%s", i, diff)
			}
		}
		slices.Reverse(all)

		for _, number := range []activity.Query{{}, {Number: "12125550101"}, {Number: "1"}, {Number: "1973"}, {Number: "44"}, {Ending: "0101"}, {Ending: "1110101"}, {Ending: "0000"}} {
			for _, entry := range []string{"", "shop", "nobody's"} {
				for _, tenant := range []string{"", "Example.NET"} {
					for _, what := range []string{"/", "text/", "/sent", "text/dead", "alert/"} {
						for _, since := range []time.Time{{}, began.Add(50 * time.Second)} {
							q := number
							q.Entry, q.Tenant, q.Since = entry, tenant, since
							kind, outcome, _ := strings.Cut(what, "/")
							q.Kind, q.Outcome, q.Limit = activity.Kind(kind), outcome, 7
							if !since.IsZero() {
								q.Until = since.Add(20 * time.Second)
							}
							checkPages(t, s, q, all)
						}
					}
				}
			}
		}
	})
}

// checkPages reads the items of a query page by page.
func checkPages(t *testing.T, s *store.Store, q activity.Query, all []activity.Item) {
	t.Helper()
	want := slices.DeleteFunc(slices.Clone(all), func(i activity.Item) bool { return !q.Has(i) })
	var got []activity.Item
	for {
		page, err := s.Activity(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		got = append(got, page...)
		if len(page) < q.Limit {
			break
		}
		q.Before = page[len(page)-1].ID
	}
	if !slices.EqualFunc(want, got, func(a, b activity.Item) bool { return a.ID == b.ID }) {
		t.Errorf("%+v: %d items, want %d", q, len(got), len(want))
	}
}

// TestActivityOfManyNumbersIsFound has more items of a range of numbers than are
// sorted.
func TestActivityOfManyNumbersIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		s.SetFewActivity(500)
		fillActivity(t, s, 6_000)
		for _, q := range []activity.Query{{Number: "1"}, {Number: "1", Entry: "entry 7"}, {Number: "1", Kind: activity.Text, Outcome: "dead"}, {Ending: "0101", Tenant: "tenant1.example.net"}} {
			all, err := s.Activity(t.Context(), activity.Query{Entry: q.Entry, Tenant: q.Tenant, Kind: q.Kind, Outcome: q.Outcome})
			if err != nil {
				t.Fatal(err)
			}
			if len(all) > 1000 {
				all = all[:1000]
				q.Since = all[999].At.Add(time.Second)
			}
			q.Limit = 100
			checkPages(t, s, q, all)
		}
	})
}

func TestAStoryIsToldByAnyOfItsIDs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		if err := s.Tell(t.Context(), happened(12)...); err != nil {
			t.Fatal(err)
		}
		if err := s.Tell(t.Context(), activity.Item{Kind: activity.Reload, Outcome: "done"}); err != nil {
			t.Fatal(err)
		}
		all, err := s.Activity(t.Context(), activity.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			id    string
			items int
		}{{"story 1", 4}, {all[5].ID, 4}, {all[0].ID, 1}, {all[0].ID[:12], 1}, {all[0].Story, 1}} {
			if story, err := s.Story(t.Context(), c.id); err != nil || len(story) != c.items {
				t.Errorf("%s: %d items, %v, want %d", c.id, len(story), err, c.items)
			}
		}
		for id, code := range map[string]fault.Code{"nothing": fault.NotFound, all[7].ID[:9]: fault.Invalid} {
			if _, err := s.Story(t.Context(), id); fault.CodeOf(err) != code {
				t.Errorf("%s: %v", id, err)
			}
		}
		if _, err := s.Activity(t.Context(), activity.Query{Before: "story 1"}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("from an item that there cannot be on: %v", err)
		}
	})
}

func TestWhatStrangersSendIsStoredClipped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		long := strings.Repeat("é\x00\xff", 100_000)
		item := activity.Item{Kind: activity.Call, Outcome: "forbidden", Entry: long, Tenant: long, Number: "1212", Story: long, About: long}
		for range 100 {
			item.Steps = append(item.Steps, activity.Step{Code: "why", Args: why.Args{"a": long, "b": long}})
		}
		if err := s.Tell(t.Context(), item); err != nil {
			t.Fatal(err)
		}
		items, err := s.Activity(t.Context(), activity.Query{})
		if err != nil || len(items) != 1 || len(fmt.Sprint(items[0])) > 8000 {
			t.Errorf("%d items, %v: %.9000v", len(items), err, items)
		}
	})
}

// TestFollowersMissNothing has transactions end in another order than they begin
// in, as they do on PostgreSQL.
func TestFollowersMissNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		told := func(entry string) activity.Item {
			return activity.Item{Kind: activity.Form, Outcome: "saved", Entry: entry}
		}
		if err := s.Tell(t.Context(), told("before")); err != nil {
			t.Fatal(err)
		}
		mark, err := s.ActivityMark(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var read []string
		look := func() {
			t.Helper()
			items, next, err := s.ActivitySince(t.Context(), mark)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range items {
				read = append(read, item.Entry)
			}
			mark = next
		}
		if s.Shared() {
			err = s.Put(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				if err := s.TellIn(ctx, tx, told("late")); err != nil {
					return err
				}
				for _, entry := range []string{"a", "b"} { // in a transaction of its own each
					if err := s.Tell(ctx, told(entry)); err != nil {
						return err
					}
					look()
				}
				return nil
			})
		} else {
			err = s.Tell(t.Context(), told("a"), told("b"), told("late"))
		}
		if err != nil {
			t.Fatal(err)
		}
		look()
		look()
		if err := s.Tell(t.Context(), told("after")); err != nil {
			t.Fatal(err)
		}
		look()
		if want := []string{"a", "b", "late", "after"}; !slices.Equal(read, want) {
			t.Errorf("a follower read %q, want %q", read, want)
		}
	})
}

func TestFollowersOfADatabaseBroughtOverReadWhatIsNew(t *testing.T) {
	config := storetest.Postgres(t)
	s := storetest.Open(t, config)
	if err := s.Tell(t.Context(), activity.Item{Kind: activity.Reload, Outcome: "done", Entry: "of the server before"}); err != nil {
		t.Fatal(err)
	}
	behind(t, config, "UPDATE activity SET turn = 1000000000000")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storetest.Open(t, config)
	mark, err := s.ActivityMark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tell(t.Context(), activity.Item{Kind: activity.Reload, Outcome: "done", Entry: "new"}); err != nil {
		t.Fatal(err)
	}
	items, _, err := s.ActivitySince(t.Context(), mark)
	if err != nil || len(items) != 1 || items[0].Entry != "new" {
		t.Errorf("read: %+v, %v", items, err)
	}
}

func TestOldActivityIsRemoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		items := happened(1800)
		if err := s.Tell(t.Context(), items...); err != nil {
			t.Fatal(err)
		}
		removed, err := s.PurgeActivity(t.Context(), items[1200].At)
		left, err2 := s.Activity(t.Context(), activity.Query{})
		if err != nil || err2 != nil || removed != 1200 || len(left) != 600 {
			t.Errorf("%d removed, %d left, %v, %v", removed, len(left), err, err2)
		}
	})
}
