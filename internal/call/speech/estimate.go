package speech

import (
	"time"
	"unicode"
)

// How long speech takes, at the pace of a voice menu.
const (
	perWord = time.Minute / 170
	perHan  = 220 * time.Millisecond // a character is a syllable
	perKana = 140 * time.Millisecond // a character is a mora
	perThai = 90 * time.Millisecond  // and its neighbours; a character is a letter

	shortest = 400 * time.Millisecond // even "no" takes that long
	grain    = 10 * time.Millisecond
)

// Estimate returns about how long it takes to speak text: 170 words a minute,
// each digit a word; by the character where a language has no spaces. It is at
// least 0.4 s (nought for a text of nothing but space), a multiple of 10 ms,
// and always the same for the same text.
func Estimate(text string) time.Duration {
	var total time.Duration
	anything, within := false, false // within a word
	for _, r := range text {
		anything = anything || !unicode.IsSpace(r)
		if pace := unspaced(r); pace > 0 {
			total += pace
			within = false
			continue
		}
		switch {
		case unicode.IsDigit(r):
			total += perWord
			within = false
		case unicode.IsLetter(r):
			if !within {
				total += perWord
			}
			within = true
		case !unicode.IsMark(r) && r != '\'' && r != '’': // "don't" is one word
			within = false
		}
	}
	if !anything {
		return 0
	}
	return max(shortest, total.Round(grain))
}

// unspaced returns how long r takes if it is of a script without spaces
// between words, else nought.
func unspaced(r rune) time.Duration {
	switch {
	case r < 0x0E00: // every script before Thai has spaces
		return 0
	case unicode.Is(unicode.Han, r):
		return perHan
	case unicode.In(r, unicode.Hiragana, unicode.Katakana):
		return perKana
	case unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) && unicode.IsLetter(r):
		return perThai
	}
	return 0
}
