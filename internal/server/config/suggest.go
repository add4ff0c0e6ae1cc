package config

import (
	"github.com/switchhook/switchhook/internal/fault/spelling"
)

// nearest returns the candidate that a mistyped name most likely means, or "":
// one within a few typing errors, otherwise one with the same last part in
// another section.
func nearest(name string, candidates []string) string {
	if best := spelling.Nearest(name, candidates); best != "" {
		return best
	}
	for _, c := range candidates {
		if last(c) == last(name) {
			return c
		}
	}
	return ""
}
