package store_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestAStoreIsAState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		storetest.State(t, func(t testing.TB) core.State { return open(t) })
	})
}
