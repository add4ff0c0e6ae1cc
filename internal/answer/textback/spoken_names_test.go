package textback_test

import (
	"slices"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/textback"
)

// TestEntriesKnowTheNamesOfSpokenTexts: the others are called slips.
func TestEntriesKnowTheNamesOfSpokenTexts(t *testing.T) {
	var reasons []string
	for _, reason := range textback.Reasons() {
		reasons = append(reasons, string(reason))
	}
	if !slices.Equal(reasons, entry.SpokenTexts) {
		t.Errorf("the reasons are %v, an entry's texts %v", reasons, entry.SpokenTexts)
	}
}
