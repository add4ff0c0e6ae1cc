package telephone

import (
	"strings"
	"time"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/switchhook/switchhook/internal/call/trace"
)

// clockWidth is the width of the column with the times: up to 99:59.9, and a
// gap.
const clockWidth = 9

// view returns so many rows of a transcript, of the given width, at a time of
// the call. The last back rows are left out; it returns how many there can be.
func (t *transcript) view(width, height, back int, now time.Duration) (rows []string, mostBack int) {
	room := max(1, width-clockWidth)
	total := 0
	for _, e := range t.entries {
		total += len(e.wrapped(room))
	}
	mostBack = max(0, total-height)
	from := mostBack - min(back, mostBack)
	at := 0
	for _, e := range t.entries {
		count := len(e.wrapped(room))
		if at+count > from && at < from+height {
			for i, row := range e.view(room, now) {
				if at+i < from || at+i >= from+height {
					continue
				}
				column := blank(clockWidth)
				if i == 0 {
					column = faint.Render(lead(trace.Clock(e.at), clockWidth-2)) + "  "
				}
				rows = append(rows, column+row)
			}
		}
		at += count
	}
	return rows, mostBack
}

// lead puts blanks before a text, up to a width.
func lead(s string, width int) string { return blank(width-ansi.StringWidth(s)) + s }

// mark stands before an entry's text.
func (e *entry) mark() string {
	switch e.kind {
	case enteredEntry, lostEntry:
		return "> "
	case playedEntry:
		return "♪ "
	case askedEntry:
		return "  "
	case warningEntry:
		return "! "
	case failureEntry:
		return "× "
	}
	return ""
}

func (e *entry) style() lipgloss.Style {
	switch e.kind {
	case enteredEntry:
		return caller
	case lostEntry, askedEntry:
		return faint
	case warningEntry:
		return warning
	case failureEntry:
		return failing
	case endEntry:
		return strong
	case heardEntry, playedEntry, remarkEntry:
	}
	return plain
}

// wrapped returns the entry's rows without styles.
func (e *entry) wrapped(width int) []string {
	if e.rows != nil && e.width == width {
		return e.rows
	}
	text, mark := e.text, e.mark()
	if e.tail != "" {
		text += " (" + e.tail + ")"
	}
	indent := ansi.StringWidth(mark)
	e.rows, e.width = wrap(text, width-indent), width
	for i := range e.rows {
		if i == 0 {
			e.rows[i] = mark + e.rows[i]
		} else {
			e.rows[i] = blank(indent) + e.rows[i]
		}
	}
	return e.rows
}

// view returns the entry's rows. What of a prompt is still to be said is faint.
func (e *entry) view(width int, now time.Duration) []string {
	plainRows := e.wrapped(width)
	rows := make([]string, len(plainRows))
	said := -1 // characters, all of them
	if e.until > e.at && e.kind == heardEntry {
		said = int(float64(e.letters()) * min(1, max(0, float64(now-e.at)/float64(e.until-e.at))))
	}
	style := e.style()
	for i, row := range plainRows {
		if said < 0 {
			rows[i] = style.Render(row)
			continue
		}
		var cut int
		cut, said = spoken(row, said)
		rows[i] = style.Render(row[:cut]) + faint.Render(row[cut:])
	}
	return rows
}

// letters returns the number of characters that take time to be said.
func (e *entry) letters() int {
	n := 0
	for _, r := range e.text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// spoken returns where in a row the text ends that was said, a word being said
// as a whole, and how many of the characters that were said are left for the
// next row.
func spoken(row string, said int) (cut, left int) {
	for i, r := range row {
		if unicode.IsSpace(r) {
			if said <= 0 {
				return i, 0
			}
			continue
		}
		if said <= 0 && (i == 0 || strings.HasSuffix(row[:i], " ")) {
			return i, 0
		}
		said--
	}
	return len(row), max(0, said)
}
