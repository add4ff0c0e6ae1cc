package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// fewestStarts is how many starts a median is taken of at least: a single one
// says more about the machine's other work than about ours.
const fewestStarts = 20

// BenchmarkStart measures what a person waits for before a command does
// anything, and what they download: the median start, and the binary's size.
func BenchmarkStart(b *testing.B) {
	binary := build(b)
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}

	var starts []time.Duration
	for b.Loop() {
		starts = append(starts, start(b, binary))
	}
	for len(starts) < fewestStarts {
		starts = append(starts, start(b, binary))
	}
	slices.Sort(starts)
	b.ReportMetric(starts[len(starts)/2].Seconds()*1000, "ms/median-start")
	b.ReportMetric(float64(info.Size())/1e6, "MB")
}

// start runs the least of the commands and returns how long it took.
func start(b *testing.B, binary string) time.Duration {
	b.Helper()
	before := time.Now()
	if err := exec.CommandContext(b.Context(), binary, "version").Run(); err != nil {
		b.Fatalf("switchhook version: %v", err)
	}
	return time.Since(before)
}

// build builds the command as `make build` does and returns where it is.
func build(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "switchhook")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build the command: %v\n%s", err, out)
	}
	return binary
}
