//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// profiled does something, and where it is wanted shows afterwards for what the server
// used the processors.
func (b *bench) profiled(ctx context.Context, do func() error) error {
	if !b.profile {
		return do()
	}
	if b.server == 0 {
		return errors.New("a profile is of a server on this machine: -start it, or say which it is by -server")
	}
	folder, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "perf.data")
	record := exec.CommandContext(ctx, "perf", "record", "-q", "-g", "-e", "cpu-clock", "-F", "499", "-o", file, "-p", strconv.Itoa(b.server)) //nolint:gosec // a number, and a file of ours
	if err := record.Start(); err != nil {
		return fmt.Errorf("start perf: %w", err)
	}
	err = do()
	_ = record.Process.Signal(os.Interrupt)
	_ = record.Wait() // its status says that it was interrupted
	if err != nil {
		return err
	}
	stacks, err := exec.CommandContext(ctx, "perf", "script", "-i", file, "-F", "ip,sym").Output() //nolint:gosec // a file of ours
	if err != nil {
		return fmt.Errorf("read the profile: %w", err)
	}
	b.print("%s", shareOut(string(stacks)))
	return nil
}
