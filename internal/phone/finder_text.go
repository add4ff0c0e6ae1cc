package phone

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxApart is how many characters stand between two groups of digits of one
// number: a bracket, a blank, a dash and one for good measure.
const maxApart = 4

// group is a row of digits in a text.
type group struct {
	digits   string // as ASCII
	at       []int  // where each begins in the text, in bytes
	from, to int    // the whole, with a plus before it
	plus     bool
}

// endOf returns where a digit of the group ends in the text.
func (g group) endOf(i int) int {
	if i+1 < len(g.at) {
		return g.at[i+1]
	}
	return g.to
}

// runsIn returns the groups of digits of a text, those together that may be one
// number.
func runsIn(text string) [][]group {
	var w runs
	for i := 0; i < len(text); {
		r, n := next(text[i:])
		w.take(r, i, i+n)
		i += n
	}
	w.endRun()
	return w.all
}

// runs are collected from a text.
type runs struct {
	all   [][]group
	run   []group
	group group  // in hand; without digits: none is
	ascii []byte // the digits of group
	apart int    // characters since the last digit
	plus  int    // where the plus before the next group is, and one more; 0: there is none
}

func (w *runs) take(r rune, from, to int) {
	switch d := digit(r); {
	case d >= 0:
		if len(w.ascii) == 0 {
			w.group = group{from: from, plus: w.plus > 0}
			if w.plus > 0 {
				w.group.from = w.plus - 1
			}
		}
		w.ascii = append(w.ascii, byte('0'+d))
		w.group.at, w.group.to = append(w.group.at, from), to
		w.apart, w.plus = 0, 0
	case visible(r) < 0: // it is invisible
	case r == '+' || r == '\uff0b':
		w.endGroup()
		w.apart, w.plus = w.apart+1, from+1
	case groups(r) && w.apart < maxApart:
		w.endGroup()
		w.apart++
	default:
		w.endRun()
	}
}

func (w *runs) endGroup() {
	if len(w.ascii) > 0 {
		w.group.digits = string(w.ascii)
		w.run = append(w.run, w.group)
		w.ascii = w.ascii[:0]
	}
}

func (w *runs) endRun() {
	w.endGroup()
	if len(w.run) > 0 {
		w.all = append(w.all, w.run)
	}
	w.run, w.apart, w.plus = nil, 0, 0
}

// next returns the first character of a text and its length in bytes, also of
// one that is escaped as in a URL or in JSON.
func next(text string) (r rune, length int) {
	switch text[0] {
	case '%':
		if r, n := percent(text); n > 0 {
			return r, n
		}
	case '\\':
		if r, n := escaped(text); n > 0 {
			return r, n
		}
	}
	return utf8.DecodeRuneInString(text)
}

// percent reads a character of a URL, such as %2B; of none the length is 0.
func percent(text string) (r rune, length int) {
	var bytes [utf8.UTFMax]byte
	for i := range bytes {
		at := 3 * i
		if at+3 > len(text) || text[at] != '%' {
			break
		}
		value, err := strconv.ParseUint(text[at+1:at+3], 16, 8)
		if err != nil {
			break
		}
		bytes[i] = byte(value)
		if read := bytes[:i+1]; utf8.FullRune(read) {
			r, _ = utf8.DecodeRune(read)
			return r, at + 3
		}
	}
	return 0, 0
}

// escaped reads a character of a string in JSON, such as \u00a0; of none the
// length is 0.
func escaped(text string) (r rune, length int) {
	const plain, means = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if len(text) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(plain, text[1]); i >= 0 {
		return rune(means[i]), 2
	}
	if text[1] != 'u' || len(text) < 6 {
		return 0, 0
	}
	value, err := strconv.ParseUint(text[2:6], 16, 16)
	if err != nil {
		return 0, 0
	}
	return rune(value), 6
}
