package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
)

// State is the conformance test of core.State. Each call of empty returns a new
// one.
func State(t *testing.T, empty func(t testing.TB) core.State) {
	t.Helper()
	rule := func(domain, owner, id string) core.Key {
		return core.Key{Kind: core.AnswerRule, Domain: domain, Owner: owner, ID: id}
	}
	number := func(domain, id string) core.Key {
		return core.Key{Kind: core.PhoneNumber, Domain: domain, ID: id}
	}
	made := func(keys ...core.Key) []core.Change {
		var changes []core.Change
		for _, key := range keys {
			changes = append(changes, core.Change{Do: core.Create, Object: core.Object{Key: key, Fields: core.Fields{"n": []byte(`1`)}}})
		}
		return changes
	}
	ids := func(t *testing.T, s core.State, match core.Key, start, limit int) []string {
		t.Helper()
		found, err := s.Objects(t.Context(), match, start, limit)
		if err != nil {
			t.Fatal(err)
		}
		list := []string{}
		for i, o := range found {
			list = append(list, o.Domain+" "+o.Owner+" "+o.ID)
			if i > 0 && found[i-1].Age >= o.Age {
				t.Errorf("%v comes before %v", found[i-1].Key, o.Key)
			}
		}
		return list
	}

	t.Run("objects come back", func(t *testing.T) {
		s := empty(t)
		key := rule("a", "1", "*")
		if _, err := s.Object(t.Context(), key); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("before: %v", err)
		}
		if err := s.Apply(t.Context(), made(key)...); err != nil {
			t.Fatal(err)
		}
		o, err := s.Object(t.Context(), key)
		if err != nil || o.Key != key || o.Fields.Text("n") != "1" {
			t.Errorf("%+v, %v", o, err)
		}
	})

	t.Run("lists are those asked for, the oldest first", func(t *testing.T) {
		s := empty(t)
		if err := s.Apply(t.Context(), made(rule("a", "1", "x"), rule("a", "2", "x"), rule("b", "1", "x"), rule("a", "1", "*"), number("a", "12"), number("b", "34"))...); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			match        core.Key
			start, limit int
			want         []string
		}{
			{core.Key{Kind: core.AnswerRule}, 0, 0, []string{"a 1 x", "a 2 x", "b 1 x", "a 1 *"}},
			{core.Key{Kind: core.AnswerRule}, 1, 2, []string{"a 2 x", "b 1 x"}},
			{core.Key{Kind: core.AnswerRule}, 3, 10, []string{"a 1 *"}},
			{core.Key{Kind: core.AnswerRule}, 9, 10, []string{}},
			{rule("a", "", ""), 0, 0, []string{"a 1 x", "a 2 x", "a 1 *"}},
			{rule("a", "1", ""), 0, 0, []string{"a 1 x", "a 1 *"}},
			{rule("c", "", ""), 0, 0, []string{}},
			{number("", "34"), 0, 0, []string{"b  34"}},
			{number("", "56"), 0, 0, []string{}},
		} {
			if diff := cmp.Diff(c.want, ids(t, s, c.match, c.start, c.limit)); diff != "" {
				t.Errorf("%+v from %d, %d (-want +got):\n%s", c.match, c.start, c.limit, diff)
			}
		}
	})

	t.Run("a replaced object keeps its age", func(t *testing.T) {
		s := empty(t)
		if err := s.Apply(t.Context(), made(rule("a", "1", "x"), rule("a", "1", "y"))...); err != nil {
			t.Fatal(err)
		}
		o, err := s.Object(t.Context(), rule("a", "1", "x"))
		if err != nil {
			t.Fatal(err)
		}
		o.Fields = core.Fields{"n": []byte(`2`)}
		if err := s.Apply(t.Context(), core.Change{Do: core.Replace, Object: o}); err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(t.Context(), core.Change{Do: core.Replace, Object: o}); !errors.Is(err, core.ErrStale) {
			t.Errorf("the same version again: %v", err)
		}
		found, err := s.Objects(t.Context(), rule("a", "1", ""), 0, 0)
		if err != nil || len(found) != 2 || found[0].Fields.Text("n") != "2" {
			t.Errorf("%+v, %v", found, err)
		}
	})

	t.Run("all changes or none", func(t *testing.T) {
		s := empty(t)
		if err := s.Apply(t.Context(), made(rule("a", "1", "x"), number("a", "12"))...); err != nil {
			t.Fatal(err)
		}
		x, err := s.Object(t.Context(), rule("a", "1", "x"))
		if err != nil {
			t.Fatal(err)
		}
		x.Fields = core.Fields{"n": []byte(`9`)}
		for name, c := range map[string]struct {
			last core.Change
			want error
		}{
			"exists":                   {made(rule("a", "1", "x"))[0], core.ErrExists},
			"exists in another domain": {made(number("b", "12"))[0], core.ErrExists},
			"nothing to remove":        {core.Change{Do: core.Remove, Object: core.Object{Key: rule("a", "1", "z")}}, core.ErrNotFound},
			"nothing to replace":       {core.Change{Do: core.Replace, Object: core.Object{Key: rule("a", "1", "z")}}, core.ErrNotFound},
		} {
			changes := append(made(rule("a", "1", "y")), core.Change{Do: core.Replace, Object: x}, core.Change{Do: core.Remove, Object: core.Object{Key: number("a", "12")}}, c.last)
			if name == "exists in another domain" {
				changes = append(made(rule("a", "1", "y")), core.Change{Do: core.Replace, Object: x}, c.last)
			}
			if err := s.Apply(t.Context(), changes...); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
			if diff := cmp.Diff([]string{"a 1 x"}, ids(t, s, core.Key{Kind: core.AnswerRule}, 0, 0)); diff != "" {
				t.Errorf("%s left (-want +got):\n%s", name, diff)
			}
			if o, err := s.Object(t.Context(), rule("a", "1", "x")); err != nil || o.Fields.Text("n") != "1" || o.Version != x.Version {
				t.Errorf("%s left %+v, %v", name, o, err)
			}
			if diff := cmp.Diff([]string{"a  12"}, ids(t, s, number("", "12"), 0, 0)); diff != "" {
				t.Errorf("%s left (-want +got):\n%s", name, diff)
			}
		}
	})

	t.Run("a removed object can be made anew, and is the youngest", func(t *testing.T) {
		s := empty(t)
		changes := append(made(number("a", "12"), number("a", "34")), core.Change{Do: core.Remove, Object: core.Object{Key: number("a", "12")}})
		if err := s.Apply(t.Context(), append(changes, made(number("b", "12"))...)...); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a  34", "b  12"}, ids(t, s, core.Key{Kind: core.PhoneNumber}, 0, 0)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})

	t.Run("revisions tell of changes", func(t *testing.T) {
		s := empty(t)
		revision := func() int64 {
			r, err := s.Revision(t.Context(), core.AnswerRule, "a")
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		before := revision()
		if err := s.Apply(t.Context(), made(rule("b", "1", "x"), number("a", "12"))...); err != nil {
			t.Fatal(err)
		}
		if revision() != before {
			t.Error("another domain and another kind changed the revision")
		}
		for _, change := range []core.Change{
			made(rule("a", "1", "x"))[0],
			{Do: core.Replace, Object: core.Object{Key: rule("a", "1", "x"), Version: 1}},
			{Do: core.Remove, Object: core.Object{Key: rule("a", "1", "x")}},
		} {
			if change.Do == core.Replace {
				o, err := s.Object(t.Context(), change.Object.Key)
				if err != nil {
					t.Fatal(err)
				}
				change.Object.Version = o.Version
			}
			if err := s.Apply(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			if revision() == before {
				t.Errorf("the revision stayed after action %d", change.Do)
			}
			before = revision()
		}
	})

	t.Run("many at once", func(t *testing.T) {
		s := empty(t)
		var work sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 8 {
			work.Go(func() {
				for n := range 20 {
					err := s.Apply(t.Context(), made(number(fmt.Sprint("d", i), fmt.Sprint(n)))...)
					switch {
					case err == nil:
						mu.Lock()
						won++
						mu.Unlock()
					case !errors.Is(err, core.ErrExists):
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		if won != 20 || len(ids(t, s, core.Key{Kind: core.PhoneNumber}, 0, 0)) != 20 {
			t.Errorf("%d were made, want 20: each number once", won)
		}
	})
}
