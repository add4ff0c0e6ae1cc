package core_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestMemoryIsAState(t *testing.T) {
	storetest.State(t, func(testing.TB) core.State { return core.NewMemory() })
}
