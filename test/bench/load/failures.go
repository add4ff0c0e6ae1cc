//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
)

// failures are why calls have failed, one for each that has. The zero value has none.
type failures []string

func (f *failures) add(why string) { *f = append(*f, why) }

// String tells how often there was what, a line each; of none it is empty.
func (f failures) String() string {
	var text strings.Builder
	all := slices.Sorted(slices.Values(f))
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n] == all[0] {
			n++
		}
		_, _ = fmt.Fprintf(&text, "\n       failed: %d, %s", n, all[0])
		all = all[n:]
	}
	return text.String()
}
