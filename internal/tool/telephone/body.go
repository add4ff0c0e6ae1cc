package telephone

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// bodyRow is a row of an answer as it is shown.
type bodyRow struct {
	line int // of the answer, from 1, as warnings name it; 0: the line above goes on
	text string
}

// Bounds of how an answer is shown.
const (
	maxIndent = 16 // past it depth is no longer shown
	tabWidth  = 4
)

// layOut makes rows of an answer, no wider than width. A line that is too wide
// is broken at its tags, each indented by its depth, then between words; it
// keeps its number.
func layOut(body string, width int) []bodyRow {
	var rows []bodyRow
	number := 0
	for line := range strings.SplitSeq(body, "\n") {
		number++
		line = visible(strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", blank(tabWidth)))
		first := number
		for _, part := range breakLine(line, width) {
			indent := min(len(part)-len(strings.TrimLeft(part, " ")), max(0, width/2))
			for i, text := range wrap(part[indent:], width-indent) {
				if i > 0 {
					text = strings.TrimLeft(text, " ")
				}
				rows = append(rows, bodyRow{line: first, text: blank(indent) + text})
				first = 0
			}
		}
	}
	return rows
}

// breakLine returns a line, or where it is too wide its parts, one an element.
func breakLine(line string, width int) []string {
	if ansi.StringWidth(line) <= width || !strings.Contains(line, "<") {
		return []string{line}
	}
	margin := len(line) - len(strings.TrimLeft(line, " "))
	var parts []string
	depth, leaf := 0, false // leaf: the last part is an element that is open
	add := func(text string) {
		if text = strings.TrimRight(text, " "); text != "" {
			parts = append(parts, blank(min(margin+2*depth, maxIndent))+text)
		}
	}
	for rest := strings.TrimLeft(line, " "); rest != ""; {
		var token string
		token, rest = nextToken(rest)
		switch {
		case !strings.HasPrefix(token, "<"):
			if leaf {
				parts[len(parts)-1] += token
			} else {
				add(strings.TrimLeft(token, " "))
			}
		case strings.HasPrefix(token, "</"):
			depth = max(0, depth-1)
			if leaf {
				parts[len(parts)-1] += token
			} else {
				add(token)
			}
			leaf = false
		default:
			add(token)
			leaf = !strings.HasSuffix(token, "/>") && !strings.HasPrefix(token, "<?") && !strings.HasPrefix(token, "<!")
			if leaf {
				depth++
			}
		}
	}
	return parts
}

// nextToken cuts a tag, or the text before the next one.
func nextToken(s string) (token, rest string) {
	end := strings.IndexByte(s, '<')
	if end == 0 {
		if end = strings.IndexByte(s, '>') + 1; end == 0 {
			end = len(s)
		}
	} else if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// highlight makes the markup of a row stand back from what is said.
func highlight(row string) string {
	var b strings.Builder
	for row != "" {
		var token string
		token, row = nextToken(row)
		if strings.HasPrefix(token, "<") {
			token = markup.Render(token)
		}
		b.WriteString(token)
	}
	return b.String()
}
