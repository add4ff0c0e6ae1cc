package process

import (
	"log/slog"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// usualMemory is how much an unlimited server takes at most before it
	// collects garbage harder, in bytes. It needs some 60 MB.
	usualMemory = 1 << 30

	// ofLimit is the part of a limit that Go may take: the rest is for memory
	// that it does not count, and for child processes.
	ofLimit = 0.9
)

// limitMemory makes Go stay below the limit of the process's control group,
// such as MemoryMax= of its unit; without one below a gibibyte, or half the
// memory of a machine with less than two. GOMEMLIMIT in the environment
// overrides both.
func limitMemory(log *slog.Logger) {
	_, err := memlimit.SetGoMemLimitWithOpts(memlimit.WithRatio(ofLimit), memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, usual)))
	if err != nil {
		log.Warn("memory limit not set", "error", err.Error())
	}
}

// usual is the limit if the control group has none.
func usual() (uint64, error) {
	machine, err := memlimit.FromSystem()
	if err != nil {
		return usualMemory, nil //nolint:nilerr // how much the machine has is not known everywhere
	}
	return min(usualMemory, machine/2), nil
}
