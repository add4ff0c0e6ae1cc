package process_test

import (
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/switchhook/switchhook/internal/server/process"
)

func TestMemoryIsLimited(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	debug.SetMemoryLimit(math.MaxInt64)
	t.Setenv("GOMEMLIMIT", "3GiB")
	process.LimitMemory(slog.New(slog.DiscardHandler))
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("GOMEMLIMIT is given, and the limit is set to %d", got)
	}
	if err := os.Unsetenv("GOMEMLIMIT"); err != nil { // Setenv restores it
		t.Fatal(err)
	}
	process.LimitMemory(slog.New(slog.DiscardHandler))
	if got := debug.SetMemoryLimit(-1); got == math.MaxInt64 || got < 32<<20 {
		t.Errorf("without it the limit is %d", got)
	}
}
