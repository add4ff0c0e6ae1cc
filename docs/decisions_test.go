package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decisionSections are the headings of a decision, in their order.
var decisionSections = []string{
	"Context", "Decision", "Why", "What it costs", "What would change our mind", "Where it stands in the code",
}

// maxDecision is how many lines a decision has at most: it is read in a minute.
const maxDecision = 60

func TestDecisionsHaveOneForm(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^## (.+)$`)
	source := regexp.MustCompile(`\]\(\.\./\.\./[^)]+\)`)
	for _, page := range decisions(t) {
		text := page.text
		if lines := strings.Count(text, "\n"); lines > maxDecision {
			t.Errorf("%s has %d lines, %d is the limit", page.name, lines, maxDecision)
		}
		var sections []string
		for _, found := range heading.FindAllStringSubmatch(text, -1) {
			sections = append(sections, found[1])
		}
		if diff := cmp.Diff(decisionSections, sections); diff != "" {
			t.Errorf("sections of %s (-want +got):\n%s", page.name, diff)
		}
		if _, places, _ := strings.Cut(text, "## Where it stands in the code"); !source.MatchString(places) {
			t.Errorf("%s does not link to the code", page.name)
		}
	}
}

func TestIndexNamesEveryDecision(t *testing.T) {
	index, err := os.ReadFile("decisions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range decisions(t) {
		if !strings.Contains(string(index), "]("+page.name+")") {
			t.Errorf("decisions/README.md does not link to %s", page.name)
		}
	}
}

// decision is a page that says why something is as it is.
type decision struct{ name, text string }

func decisions(t *testing.T) []decision {
	t.Helper()
	paths, err := filepath.Glob("decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []decision
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(path); name != "README.md" {
			found = append(found, decision{name, string(text)})
		}
	}
	if len(found) == 0 {
		t.Fatal("there are no decisions")
	}
	return found
}
