package responder

import (
	"bytes"
	"unicode/utf8"
)

// Position is a place in a document's text. The zero Position is unknown.
type Position struct {
	Line   int // from 1
	Column int // in characters, from 1
}

// lineCounter turns offsets into positions. Offsets that grow cost no more
// than one pass over the text in all.
type lineCounter struct {
	data      []byte
	lines     int // line ends before lineStart
	lineStart int // where the line of the last offset begins
}

func (l *lineCounter) position(offset int) Position {
	offset = min(offset, len(l.data))
	if offset < l.lineStart {
		l.lines, l.lineStart = 0, 0
	}
	if passed := l.data[l.lineStart:offset]; len(passed) > 0 {
		if last := bytes.LastIndexByte(passed, '\n'); last >= 0 {
			l.lines += bytes.Count(passed[:last+1], []byte{'\n'})
			l.lineStart += last + 1
		}
	}
	return Position{Line: l.lines + 1, Column: utf8.RuneCount(l.data[l.lineStart:offset]) + 1}
}
