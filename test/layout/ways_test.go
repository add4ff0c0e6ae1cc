package layout_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	// called is a code span that names a function or a method, perhaps with its type.
	called = regexp.MustCompile("`(?:[A-Za-z]+\\.)*([A-Za-z]+)`")

	// declared is what Go code declares at the top.
	declared = regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|type |const )([A-Za-z]+)`)
)

// The ways through the code are worth nothing once a name on them is gone.
func TestWaysThroughTheCodeNameWhatIsThere(t *testing.T) {
	_, ways, found := strings.Cut(read(t, "CONTRIBUTING.md"), "\n## Three ways through the code\n")
	if !found {
		t.Fatal("CONTRIBUTING.md no longer tells the ways through the code")
	}
	ways, _, _ = strings.Cut(ways, "\n## ")
	known := map[string]bool{"wire": true, "simulator": true} // packages
	for _, name := range sourceFiles(t, ".go") {
		for _, match := range declared.FindAllStringSubmatch(read(t, name), -1) {
			known[match[1]] = true
		}
	}
	for _, match := range called.FindAllStringSubmatch(ways, -1) {
		if !known[match[1]] {
			t.Errorf("CONTRIBUTING.md leads past %s, which is not declared anywhere", match[0])
		}
	}
}
