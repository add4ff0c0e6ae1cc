package cli

import (
	"fmt"
	"runtime"
)

type versionCommand struct{}

// Run prints how the program was built.
func (versionCommand) Run(m *Main) error {
	commit := m.Commit
	if commit == "" {
		commit = "unknown"
	}
	_, err := fmt.Fprintf(m.Out, "switchhook %s (commit %s, %s, %s/%s)\n", m.Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
