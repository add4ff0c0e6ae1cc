package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// eachProvisioned runs a test on the records of a new store of each kind.
func eachProvisioned(t *testing.T, body func(t *testing.T, records provision.Records)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) { body(t, open(t).Provisioned()) })
}

func TestRecordsOfWhatWasMadeComeBackWhole(t *testing.T) {
	eachProvisioned(t, func(t *testing.T, records provision.Records) {
		at := time.Date(2026, 1, 31, 12, 0, 0, 123e6, time.UTC)
		r := provision.Record{
			Entry: "example.net-sms", Domain: "example.net", SystemUser: "8001",
			Steps:   map[provision.Part]provision.Step{provision.User: {Result: provision.Result{Outcome: provision.Conflict, Reason: provision.Sentence("it is “somebody's”")}, At: at}},
			Earlier: provision.Step{Result: provision.Result{Outcome: provision.Removed}, At: at},
			Made: []provision.Resource{
				{Part: provision.User, Domain: "example.net", User: "8001", At: at},
				{Part: provision.DialRule, Domain: "example.net", User: "8001", Match: "webresponder8001||*", ID: "d2Vi+/==", Pending: true, At: at,
					Shows: map[string]string{"source name": ""}},
				{Part: provision.AnswerRule, Domain: "example.net", User: "8001", Created: true, At: at},
			},
			Removed: true, Fingerprint: "0f", Attempts: 3, Next: at.Add(time.Hour),
		}
		if empty, err := records.Load(t.Context(), r.Entry); err != nil || !cmp.Equal(empty, provision.Record{Entry: r.Entry}) {
			t.Errorf("before it was saved: %+v, %v", empty, err)
		}
		if err := records.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		r.Version = 1
		got, err := records.Load(t.Context(), r.Entry)
		if diff := cmp.Diff(r, got); diff != "" || err != nil {
			t.Errorf("%v (- want, + got):\n%s", err, diff)
		}
		r.Attempts = 4
		if err := records.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		r.Version = 2
		other := provision.Record{Entry: "a", Version: 1}
		if err := records.Save(t.Context(), provision.Record{Entry: "a"}); err != nil {
			t.Fatal(err)
		}
		all, err := records.All(t.Context())
		if diff := cmp.Diff([]provision.Record{other, r}, all); diff != "" || err != nil {
			t.Errorf("%v (- want, + got):\n%s", err, diff)
		}
		for range 2 { // removing none is no error
			if err := records.Delete(t.Context(), r.Entry); err != nil {
				t.Fatal(err)
			}
		}
		if all, err = records.All(t.Context()); err != nil || len(all) != 1 {
			t.Errorf("after it was deleted: %+v, %v", all, err)
		}
	})
}

func TestAStaleRecordChangesNothing(t *testing.T) {
	eachProvisioned(t, func(t *testing.T, records provision.Records) {
		save := func(version int64, fingerprint string) error {
			return records.Save(t.Context(), provision.Record{Entry: "a", Fingerprint: fingerprint, Version: version})
		}
		if err := save(1, "none"); !errors.Is(err, provision.ErrStale) {
			t.Errorf("a record that was deleted: %v", err)
		}
		if err := errors.Join(save(0, "first"), save(1, "second")); err != nil {
			t.Fatal(err)
		}
		for version := range int64(4) {
			if version == 2 {
				continue
			}
			if err := save(version, "stale"); !errors.Is(err, provision.ErrStale) {
				t.Errorf("version %d: %v", version, err)
			}
		}
		if got, err := records.Load(t.Context(), "a"); err != nil || got.Fingerprint != "second" || got.Version != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestOfThoseWhoSaveAtOnceOneWins(t *testing.T) {
	eachProvisioned(t, func(t *testing.T, records provision.Records) {
		for version := range int64(3) {
			var all sync.WaitGroup
			var won atomic.Int32
			for i := range 8 {
				all.Go(func() {
					err := records.Save(t.Context(), provision.Record{Entry: "a", Version: version, Fingerprint: fmt.Sprint(i)})
					switch {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, provision.ErrStale):
						t.Error(err)
					}
				})
			}
			all.Wait()
			if got := won.Load(); got != 1 {
				t.Errorf("version %d was replaced %d times", version, got)
			}
		}
	})
}
