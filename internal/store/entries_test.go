package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// odd is a domains.json with the oddities that people and programs produce.
const odd = `{
  "z": {"x": 1.0, "message": "old", "queue": "9002@example.net", "big": 12345678901234567890123, "html": "<b>&amp;</b>", "deep": {"b": [1, {}, null], "a": "\u00e9\u0000"}},
  "a": {"unknown": true, "from_number": 12125550100},
  "ü \"quoted\"": {"message": "Grüße \ud83d\ude00"},
  "": {}
}`

// entriesOf reads a store's entries, and returns their reports too.
func entriesOf(t testing.TB, s *store.Store) (entries *entry.Book, told *[]string) {
	t.Helper()
	told = new([]string)
	entries, err := s.Entries(t.Context(), func(err error) {
		if _, is := errors.AsType[*entry.Remark](err); !is {
			*told = append(*told, fmt.Sprint(err))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries, told
}

func imports(t testing.TB, e *entry.Book, text string) {
	t.Helper()
	if _, _, err := e.Import(t.Context(), []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func exported(t testing.TB, e *entry.Book) string {
	t.Helper()
	text, err := e.Export()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// file writes text to a domains.json.
func file(t testing.TB, text string) *entry.Book {
	t.Helper()
	f, err := entry.Open(t.TempDir()+"/domains.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Import(t.Context(), []byte(text)); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEntriesComeBackAsTheyWent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		e, told := entriesOf(t, open(t))
		f := file(t, odd)
		added, replaced, err := e.Import(t.Context(), []byte("\uFEFF"+odd))
		if err != nil || added != 4 || replaced != 0 {
			t.Errorf("%d added, %d replaced, %v", added, replaced, err)
		}
		want, err := f.Export()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), exported(t, e)); diff != "" {
			t.Errorf("what is exported (-file +store):\n%s", diff)
		}
		if diff := cmp.Diff(f.All(), e.All(), cmpopts.IgnoreUnexported(entry.Entry{})); diff != "" {
			t.Errorf("the entries (-file +store):\n%s", diff)
		}
		change := map[string]string{"user": "2000", "message": "new & <better>"}
		changed, err := f.Update(t.Context(), "z", change)
		if err != nil {
			t.Fatal(err)
		}
		updated, err := e.Update(t.Context(), "z", change)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(changed, updated, cmpopts.IgnoreUnexported(entry.Entry{})); diff != "" {
			t.Errorf("what Update returns (-file +store):\n%s", diff)
		}
		if want, err = f.Export(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), exported(t, e)); diff != "" {
			t.Errorf("what is exported after a change (-file +store):\n%s", diff)
		}
		if len(*told) > 0 || e.Problem() != nil || len(e.Oddities()) > 0 {
			t.Errorf("it tells %q, %v, %v", *told, e.Problem(), e.Oddities())
		}
	})
}

func TestAnOldFolderGoesIntoTheDatabaseAndBack(t *testing.T) {
	var text strings.Builder
	text.WriteString("{")
	for i := range 1000 {
		if i > 0 {
			text.WriteString(",")
		}
		fmt.Fprintf(&text, `"customer-%d-sms": {"api_domain": "customer-%d.example.net", "message": "hello %d", "from_number": "1212%07d", "branding": {"n": %d.0, "list": [1, null, "é"]}}`, 1000-i, i, i, 5550000+i, i)
	}
	text.WriteString("}")
	want, err := file(t, text.String()).Export()
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		e, _ := entriesOf(t, open(t))
		imports(t, e, text.String())
		if exported(t, e) != string(want) {
			t.Error("it is not what went in")
		}
		added, replaced, err := e.Import(t.Context(), []byte(`{"new": {}, "customer-7-sms": {"message": "changed"}}`))
		if err != nil || added != 1 || replaced != 1 || len(e.All()) != 1001 {
			t.Errorf("%d added, %d replaced, %v, %d are there", added, replaced, err, len(e.All()))
		}
		if !e.Sends("2125550999") || e.Sends("12125550993") || e.Sends("12125551000") {
			t.Error("the numbers are others")
		}
	})
}

func TestAChangeOfAnotherProcessIsInForceAtOnce(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		here, told := entriesOf(t, storetest.Open(t, config))
		config.Exclusive = false
		there, _ := entriesOf(t, storetest.Open(t, config))
		message := func(id string) string {
			found, ok := here.Get(id)
			if !ok {
				return "none"
			}
			return found.Text.Message
		}
		imports(t, there, `{"a": {"message": "one", "from_number": "12125550100"}, "b": {"message": "two"}}`)
		if message("a") != "one" || message("b") != "two" || message("c") != "none" || !here.Sends("2125550100") {
			t.Error("what was imported is not there")
		}
		if _, err := there.Update(t.Context(), "a", map[string]string{"message": "three"}); err != nil {
			t.Fatal(err)
		}
		if message("a") != "three" || message("b") != "two" {
			t.Error("a change is not there")
		}
		if err := there.Remove(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		imports(t, there, `{"c": {"message": "four"}}`)
		if message("a") != "none" || message("b") != "two" || message("c") != "four" || here.Sends("2125550100") || len(here.All()) != 2 {
			t.Error("what was removed is there")
		}
		if err := there.Remove(t.Context(), "a"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("the error is %v", err)
		}
		if len(*told) > 0 {
			t.Errorf("it tells %q", *told)
		}
	})
}

func TestAnImportThatCannotBeUsedChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		e, _ := entriesOf(t, open(t))
		imports(t, e, odd)
		before := exported(t, e)
		for name, c := range map[string]struct{ text, want string }{
			"broken":     {`{"c": {}`, "what is to be imported cannot be read: line 1: it ends too early"},
			"empty":      {"", "what is to be imported cannot be read: it is empty; a file without entries holds {}"},
			"wrong type": {`{"c": {}, "d": {"message": 7}}`, `what is to be imported cannot be used: entry "d": the field message is not a text`},
			"zero":       {`{"c\u0000": {}}`, `what is to be imported cannot be used: the id "c\x00" holds a zero character`},
		} {
			_, _, err := e.Import(t.Context(), []byte(c.text))
			if fault.CodeOf(err) != fault.Invalid || err.Error() != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if diff := cmp.Diff(before, exported(t, e)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		if added, replaced, err := e.Import(t.Context(), []byte(`{}`)); added+replaced != 0 || err != nil {
			t.Errorf("of nothing: %d, %d, %v", added, replaced, err)
		}
	})
}

// TestAnItemThatCannotBeUsedIsToldOnce writes to the table by hand.
func TestAnItemThatCannotBeUsedIsToldOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		e, told := entriesOf(t, s)
		imports(t, e, `{"a": {"message": "good"}}`)
		if _, ok := e.Get("a"); !ok {
			t.Error("what was imported is not there")
		}
		set := func(statement string) {
			t.Helper()
			if err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				if _, err := tx.ExecContext(ctx, "UPDATE revisions SET revision = revision + 1"); err != nil {
					return err
				}
				_, err := tx.ExecContext(ctx, statement)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		set(`UPDATE entries SET item = '{"message": 7}', revision = revision + 1`)
		set(`INSERT INTO entries (id, place, revision, item) VALUES ('b', 9, 3, 'oops')`)
		for range 3 {
			if found, ok := e.Get("a"); !ok || found.Text.Message != "good" {
				t.Errorf("%v, %v", found, ok)
			}
		}
		if _, ok := e.Get("b"); ok {
			t.Error("an item that is no JSON is there")
		}
		want := []string{`entry "a": the field message is not a text; it stays as it was before`, `entry "b": it is not JSON; it is left out`}
		if diff := cmp.Diff(want, *told); diff != "" {
			t.Errorf("what is told (-want +got):\n%s", diff)
		}
		if odd := e.Oddities(); len(odd) != 2 || odd[0].Error() != want[0] {
			t.Errorf("the oddities are %v", odd)
		}
		_, err := e.Update(t.Context(), "b", map[string]string{"message": "new"})
		wantFault(t, err, fault.Unavailable, `the entry "b" cannot be changed; nothing was saved`, "import them again")
		imports(t, e, `{"a": {"message": "mended"}, "b": {}}`)
		if found, ok := e.Get("a"); !ok || found.Text.Message != "mended" || len(e.Oddities()) > 0 {
			t.Errorf("%v, %v, %v", found, ok, e.Oddities())
		}
	})
}

func TestEntriesOutlastTheDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		e, told := entriesOf(t, s)
		imports(t, e, `{"a": {"message": "good"}}`)
		if e.Problem() != nil {
			t.Error(e.Problem())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if found, ok := e.Get("a"); !ok || found.Text.Message != "good" || e.Problem() == nil {
			t.Errorf("%v, %v, %v", found, ok, e.Problem())
		}
		if diff := cmp.Diff([]string{"the store is closed"}, *told); diff != "" {
			t.Errorf("what is told (-want +got):\n%s", diff)
		}
	})
}

func TestWritersOfEntriesLoseNothingOfEachOther(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		first, _ := entriesOf(t, storetest.Open(t, config))
		config.Exclusive = false
		second, _ := entriesOf(t, storetest.Open(t, config))
		const each = 10
		var writers sync.WaitGroup
		for i, e := range []*entry.Book{first, second, first, second} {
			writers.Go(func() {
				for n := range each {
					if _, err := e.Update(t.Context(), "shared", map[string]string{fmt.Sprintf("field-%d-%d", i, n): "x"}); err != nil {
						t.Error(err)
					}
					if _, ok := e.Get("shared"); !ok {
						t.Error("what was written is not there")
					}
				}
			})
		}
		writers.Wait()
		var all map[string]map[string]string
		if err := json.Unmarshal([]byte(exported(t, first)), &all); err != nil || len(all["shared"]) != 4*each {
			t.Errorf("%d fields are left of %d, %v", len(all["shared"]), 4*each, err)
		}
	})
}

func TestTheRemovalOfAnEntryIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		entries, _ := entriesOf(t, s)
		imports(t, entries, `{"a": {"api_domain": "example.net"}, "b": {}}`)
		if err := entries.Remove(t.Context(), "a", "b"); err != nil {
			t.Fatal(err)
		}
		if err := entries.Remove(t.Context(), "a"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("the second removal: %v", err)
		}
		told, err := s.Activity(t.Context(), activity.Query{Kind: activity.Entry})
		if err != nil || len(told) != 2 {
			t.Fatalf("told is %+v, %v", told, err)
		}
		of := map[string]string{told[0].Entry: told[0].Tenant, told[1].Entry: told[1].Tenant}
		if diff := cmp.Diff(map[string]string{"a": "example.net", "b": ""}, of); diff != "" || told[0].Outcome != string(entry.Removed) {
			t.Errorf("told of %s (-want +got):\n%s", told[0].Outcome, diff)
		}
	})
}
