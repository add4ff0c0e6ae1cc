package optout

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxRead is how much of a message is read, in bytes. A text of ten segments
// has less.
const maxRead = 4 << 10

// sentencesOf returns the folded words of a message by sentence, none of them
// empty. A comma ends a sentence, too: "No, stop".
func sentencesOf(message string) []sentence {
	var sentences []sentence
	var current sentence
	var word strings.Builder
	endWord := func() {
		if word.Len() > 0 {
			current = append(current, word.String())
			word.Reset()
		}
	}
	endSentence := func() {
		endWord()
		if len(current) > 0 {
			sentences = append(sentences, joined(current))
			current = nil
		}
	}
	for _, r := range norm.NFKD.String(message[:min(len(message), maxRead)]) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word.WriteRune(unicode.ToLower(r))
		case r == stopSign:
			endSentence()
			word.WriteString("stop")
			endSentence()
		case strings.ContainsRune("'’‘ʼ`´", r), unicode.In(r, unicode.Mn, unicode.Cf): // don't, accents, joiners
		case strings.ContainsRune(".!?,;:()\"“”…\n\r", r):
			endSentence()
		default:
			endWord()
		}
	}
	endSentence()
	return sentences
}

// stopSign is said without words.
const stopSign = '🛑'

// joined returns a sentence in which what is one word is written as one.
func joined(words sentence) sentence {
	for i := 0; i+1 < len(words); i++ {
		switch words[i] + " " + words[i+1] {
		case "opt out", "un subscribe", "stop all":
			words[i] += words[i+1]
			words = append(words[:i+1], words[i+2:]...)
		}
	}
	return words
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

// oneOf reports whether a word is on a list that is written with spaces.
func oneOf(word, list string) bool {
	for entry := range strings.FieldsSeq(list) {
		if entry == word {
			return true
		}
	}
	return false
}
