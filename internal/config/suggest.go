package config

import (
	"github.com/switchhook/switchhook/internal/spelling"
)

// nearest returns the candidate that a mistyped name was most likely meant to
// be, or "": the one within a few slips of the hand, else the one that has the
// same last part and only stands elsewhere.
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
