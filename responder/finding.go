package responder

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// maxProblems bounds what is reported of one document, warnings and errors
// each: no person reads more, and a hostile document must not fill a log. They
// are counted apart so that many warnings do not hide an error.
const maxProblems = 100

// finding is a problem at an offset of the text; nowhere, if the problem is of
// the whole.
type finding struct {
	offset  int
	problem Problem
}

const nowhere = -1

func find(offset int, code, format string, args ...any) *finding {
	return &finding{offset, problem(code, format, args...)}
}

// findings collects what is found while a document is read. Positions are
// worked out at the end, in one pass over the text.
type findings struct {
	list  []finding
	count [Error + 1]int
}

// room reports whether one more problem of that severity is kept, and counts it.
func (f *findings) room(s Severity) bool {
	f.count[s]++
	return f.count[s] <= maxProblems
}

func (f *findings) report(offset int, code, format string, args ...any) {
	if f.room(kinds[code].severity) {
		f.list = append(f.list, *find(offset, code, format, args...))
	}
}

func (f *findings) add(found finding) {
	if f.room(found.problem.Severity) {
		f.list = append(f.list, found)
	}
}

// problems returns what was found, in the order of the text.
func (f *findings) problems(text string) []Problem {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b finding) int { return cmp.Compare(a.offset, b.offset) })
	problems := make([]Problem, len(f.list))
	places := newCursor(text)
	for i, found := range f.list {
		problems[i] = found.problem.at(places.position(found.offset))
	}
	return problems
}

// locate returns the problem with its position.
func (f *finding) locate(text string) Problem {
	if f.offset == nowhere {
		return f.problem
	}
	places := newCursor(text)
	return f.problem.at(places.position(f.offset))
}

// shorten cuts what a message quotes.
func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	end := 0
	for range most {
		_, n := utf8.DecodeRuneInString(s[end:])
		end += n
	}
	if end == len(s) {
		return s
	}
	return s[:end] + "…"
}
