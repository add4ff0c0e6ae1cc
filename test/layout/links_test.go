package layout_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	// link is the target of [text](target), [text](target "title") or [label]: target.
	link     = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)|(?m:^\[[^\]]+\]:\s*<?([^\s>]+))`)
	heading  = regexp.MustCompile(`(?m)^#{1,6}\s+(.+?)\s*#*$`)
	codeSpan = regexp.MustCompile("`[^`\n]*`")
	scheme   = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
	// What a heading loses on its way to its anchor.
	notAnchor = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, name := range sourceFiles(t, ".md") {
		text := codeSpan.ReplaceAllString(withoutFences(read(t, name)), "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target := match[1] + match[2]
			if scheme.MatchString(target) {
				continue // outside: no test of ours depends on other people's servers
			}
			checkLink(t, name, target)
		}
	}
}

// checkLink complains about a relative link of the document from that names no
// file, or an anchor that its file does not have.
func checkLink(t *testing.T, from, target string) {
	t.Helper()
	file, anchor, _ := strings.Cut(target, "#")
	name := from
	if file != "" {
		name = path.Join(path.Dir(from), file)
	}
	if _, err := os.Stat(path.Join(root, name)); errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s links to %s, but there is no %s", from, target, name)
		return
	}
	if anchor != "" && strings.HasSuffix(name, ".md") && !anchors(read(t, name))[anchor] {
		t.Errorf("%s links to %s, but %s has no heading for #%s", from, target, name, anchor)
	}
}

// anchors returns the anchors that a document's headings get where it is shown.
func anchors(document string) map[string]bool {
	found := make(map[string]bool)
	for _, match := range heading.FindAllStringSubmatch(withoutFences(document), -1) {
		anchor := notAnchor.ReplaceAllString(strings.ToLower(match[1]), "")
		found[strings.ReplaceAll(anchor, " ", "-")] = true
	}
	return found
}

// withoutFences returns a document without its blocks of code, where nothing is
// a link or a heading.
func withoutFences(document string) string {
	var kept strings.Builder
	fenced := false
	for line := range strings.Lines(document) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if !fenced {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
