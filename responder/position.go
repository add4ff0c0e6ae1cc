package responder

import (
	"strings"
	"unicode/utf8"
)

// Position is a place in a document's text. The zero Position is unknown.
type Position struct {
	Line   int // from 1
	Column int // in characters, from 1
}

// cursor turns offsets into positions. It is asked for offsets that never
// fall, so that it passes over the text once, however often it is asked.
type cursor struct {
	text   string
	offset int
	at     Position
}

func newCursor(text string) cursor { return cursor{text: text, at: Position{Line: 1, Column: 1}} }

func (c *cursor) position(offset int) Position {
	passed := c.text[c.offset:offset]
	c.offset = offset
	if end := strings.LastIndexByte(passed, '\n'); end >= 0 {
		c.at.Line += strings.Count(passed, "\n")
		c.at.Column = 1
		passed = passed[end+1:]
	}
	c.at.Column += utf8.RuneCountInString(passed)
	return c.at
}
