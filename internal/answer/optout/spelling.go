package optout

import "strings"

// spelling reads misspelled words as those of the tables.
type spelling struct {
	known    map[string]bool     // words of the tables
	ordinary map[string]bool     // other words that are right as they are
	squeezed map[string]string   // known words by their squeezed form
	spelled  map[string]string   // misspellings that a table lists
	joined   map[string][]string // phrases that people write as one word
	near     []string            // words that are recognised with a letter wrong
}

// correct returns the word that is meant.
func (s *spelling) correct(word string) string {
	if s.known[word] {
		return word
	}
	if right, listed := s.spelled[word]; listed {
		return right
	}
	if s.ordinary[word] {
		return word
	}
	if right, found := s.squeezed[squeeze(word)]; found && isDrawnOut(word) {
		return right
	}
	for _, right := range s.near {
		wrong := 1 // letters
		if len(right) > 9 {
			wrong = 2
		}
		if len(word) >= len(right)-wrong && len(word) <= len(right)+wrong && distance(word, right) <= wrong {
			return right
		}
	}
	return word
}

// squeeze writes letters once that are written several times: stoppp.
func squeeze(word string) string {
	var b strings.Builder
	last := rune(-1)
	for _, r := range word {
		if r != last {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// longest is how long a word in near can be, in bytes.
const longest = 20

// isDrawnOut reports whether a letter is written more often than a word has it:
// Finn is not fin, but finnn is.
func isDrawnOut(word string) bool {
	run, last := 0, rune(-1)
	for _, r := range word {
		if r != last {
			run, last = 0, r
		}
		if run++; run > 2 {
			return true
		}
	}
	return false
}

// distance counts the letters that are wrong, missing, too many, or exchanged
// with their neighbour. The second word is at most as long as longest.
func distance(a, b string) int {
	var rows [3][longest + 1]int // of letter i, and of the two before
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := &rows[(i+1)%3], &rows[(i+2)%3], &rows[i%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
