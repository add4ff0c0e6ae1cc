package engine_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/responder"
)

// codes returns the codes that a file declares.
func codes(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if ok && literal.Kind == token.STRING {
			if value, err := strconv.Unquote(literal.Value); err == nil && strings.HasPrefix(value, "SH") {
				found = append(found, value)
			}
		}
		return true
	})
	if len(found) == 0 {
		t.Fatalf("%s declares no codes", file)
	}
	return found
}

// TestEveryCodeHasAParagraph compares docs/problems.md with the codes, and the
// codes with those of documents.
func TestEveryCodeHasAParagraph(t *testing.T) {
	page, err := os.ReadFile("../../../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, match := range regexp.MustCompile(`(?m)^## (SH\d{3})\r?\n\r?\n\S`).FindAllStringSubmatch(string(page), -1) {
		headings = append(headings, match[1])
	}
	ours, documents := codes(t, "problem.go"), codes(t, "../../../responder/problem.go")
	for _, code := range ours {
		if n := strings.Count(strings.Join(headings, " "), code); n != 1 {
			t.Errorf("%s has %d paragraphs in docs/problems.md", code, n)
		}
		if !strings.Contains(string(page), "["+code+"](#"+strings.ToLower(code)+")") {
			t.Errorf("%s is not in the list at the beginning of docs/problems.md", code)
		}
		if slices.Contains(documents, code) {
			t.Errorf("%s is a code of documents too", code)
		}
	}
	for _, heading := range headings {
		if !slices.Contains(ours, heading) && !slices.Contains(documents, heading) {
			t.Errorf("docs/problems.md explains %s, which nothing reports", heading)
		}
	}
	if !slices.IsSorted(headings) {
		t.Errorf("the paragraphs are in another order than the codes: %q", headings)
	}
}

// TestCodesThatTheFaultsShow checks that every code of a call that fails is
// reported by some test here: a code that cannot occur would be a lie.
func TestCodesThatTheFaultsShow(t *testing.T) {
	var tests strings.Builder
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "../../core/storing_calls_test.go") // the Core reports SH340
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(text)
	}
	for _, code := range codes(t, "problem.go") {
		if !strings.Contains(tests.String(), code) {
			t.Errorf("no test meets %s", code)
		}
	}
}

// TestExamplesOfThePageAreFlawless checks the examples of our paragraphs: they
// are what to write, so nothing may be wrong with them.
func TestExamplesOfThePageAreFlawless(t *testing.T) {
	page, err := os.ReadFile("../../../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	_, ours, found := strings.Cut(strings.ReplaceAll(string(page), "\r\n", "\n"), "\n## SH301\n")
	if !found {
		t.Fatal("docs/problems.md has no paragraph SH301")
	}
	for _, match := range regexp.MustCompile("(?ms)^```xml\n(.*?)^```$").FindAllStringSubmatch(ours, -1) {
		parsed, err := responder.Parse([]byte(match[1]))
		if err != nil || len(parsed.Problems) > 0 {
			t.Errorf("%s\n%v %v", match[1], err, parsed.Problems)
		}
	}
}
