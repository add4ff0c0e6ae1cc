package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestATextIsNamedByTheBeginningOfItsID(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for _, id := range []string{"abcd2222", "abcd3333", "wxyz2222"} {
			if _, err := s.Enqueue(t.Context(), ledger.Text{ID: id, Entry: "shop", To: "12125550123", Deadline: time.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		for begins, want := range map[string]string{"wxyz": "wxyz2222", "abcd2": "abcd2222", "abcd3333": "abcd3333"} {
			if id, err := s.TextID(t.Context(), begins); id != want || err != nil {
				t.Errorf("%s: got %q, %v, want %s", begins, id, err, want)
			}
		}
		for begins, want := range map[string]string{"abcd": "several texts begin with abcd: abcd2222, abcd3333", "qqqq": "there is no text", "wxy": "no id", "%%%%": "no id", "wxyz____": "no id", "": "no id"} {
			id, err := s.TextID(t.Context(), begins)
			if err == nil || !strings.Contains(err.Error(), want) || fault.HintOf(err) == "" {
				t.Errorf("%q: got %q, %v, want %s, and a hint", begins, id, err, want)
			}
		}
	})
}
