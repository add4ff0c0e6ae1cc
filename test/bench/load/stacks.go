//go:build linux

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Where samples belong that no package of ours or of a library has asked for.
const (
	collecting = "collecting garbage"
	scheduling = "the runtime and the standard library by themselves"
)

// ofSamples is how many samples a package has.
type ofSamples struct{ all, kernel int }

// shareOut reads stacks as perf script prints them, the innermost frame first and an
// empty line after each, and tells which packages the samples belong to: the innermost
// one that is not of Go's standard library. Those in the kernel are told apart.
func shareOut(stacks string) string {
	packages := make(map[string]ofSamples)
	total := 0
	for stack := range strings.SplitSeq(stacks, "\n\n") {
		frames := strings.Split(strings.Trim(stack, "\n"), "\n")
		if frames[0] == "" {
			continue
		}
		name := ownerOf(frames)
		n := packages[name]
		n.all++
		if strings.HasPrefix(strings.TrimSpace(frames[0]), "ffff") { // the kernel's half of the addresses
			n.kernel++
		}
		packages[name] = n
		total++
	}
	var table strings.Builder
	_, _ = fmt.Fprintf(&table, "  share  in the kernel  of %d samples\n", total)
	names := slices.SortedFunc(maps.Keys(packages), func(a, b string) int { return cmp.Compare(packages[b].all, packages[a].all) })
	for _, name := range names {
		share := func(n int) float64 { return 100 * float64(n) / float64(total) }
		if n := packages[name]; share(n.all) >= 1 {
			_, _ = fmt.Fprintf(&table, "  %4.0f%%  %12.0f%%  %s\n", share(n.all), share(n.kernel), name)
		}
	}
	return table.String()
}

// ownerOf returns what a sample with this stack belongs to.
func ownerOf(frames []string) string {
	owner := ""
	for _, frame := range frames {
		_, symbol, _ := strings.Cut(strings.TrimSpace(frame), " ")
		if strings.HasPrefix(symbol, "runtime.gc") || strings.HasPrefix(symbol, "runtime.bgsweep") {
			return collecting
		}
		if name := packageOf(symbol); owner == "" && strings.Contains(name, ".") {
			owner = strings.TrimPrefix(name, "github.com/switchhook/switchhook/")
		}
	}
	return cmp.Or(owner, scheduling)
}

// packageOf returns the package of a symbol; that of the standard library has no dot.
func packageOf(symbol string) string {
	symbol, _, _ = strings.Cut(symbol, "[") // what a generic function is made for
	symbol, _, _ = strings.Cut(symbol, "(")
	folder := strings.LastIndexByte(symbol, '/') + 1
	name, _, _ := strings.Cut(symbol[folder:], ".")
	return symbol[:folder] + name
}
