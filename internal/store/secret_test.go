package store_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestServersOfADatabaseShareASecret(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s, other := open(t), open(t)
		read := func(s *store.Store, name string) string {
			value, err := s.Secret(t.Context(), name)
			if err != nil || len(value) < 26 {
				t.Fatalf("%q, %v", value, err)
			}
			return value
		}
		first := read(s, "a")
		if again := read(s, "a"); again != first {
			t.Error("it changes")
		}
		if read(s, "b") == first || read(other, "a") == first {
			t.Error("another name, or another database, has the same")
		}
	})
}
