package layout_test

import (
	"strings"
	"testing"
)

// maxLines is where a Go file has taken on a second reason. The habit is to
// stay under 400.
const maxLines = 500

func TestNoGoFileIsTooLong(t *testing.T) {
	for _, name := range sourceFiles(t, ".go") {
		if lines := strings.Count(read(t, name), "\n"); lines > maxLines {
			t.Errorf("%s has %d lines, %d is the limit: find its second reason and give that a file of its own", name, lines, maxLines)
		}
	}
}
