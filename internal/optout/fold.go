package optout

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxRead is how much of a message is read, in bytes. A text of ten segments
// has less.
const maxRead = 4 << 10

// cut is what separates a word from the one before it.
type cut int

const (
	space    cut = iota
	courtesy     // a word such as "please" stood between them
	comma
	stop // the end of a sentence
)

// token is a folded word. Writing without spaces (Chinese, Japanese) has one token
// a character.
type token struct {
	word   string
	stems  []string // "отпис*", where a table has that
	cut    cut
	quoted bool // a quotation mark stands before it
	asked  bool // a question mark stands behind it
}

// stopSign says stop without words.
const stopSign = '🛑'

const (
	apostrophes = "'’‘ʼ`´′＇‛"
	quotes      = "\"“”„‟«»「」『』"
	sentenceEnd = ".!?;:()[]{}…\n\r。¡¿؟؛।|" + quotes
	questions   = "?؟"
	commas      = ",、،"
	dashes      = "-–—‐‑‒−"
)

// tokensOf returns the words of a message, without regard to case, accents,
// invisible characters, and the forms that letters have in Unicode.
func tokensOf(message string) []token {
	runes := []rune(norm.NFKD.String(strings.ToValidUTF8(message[:min(len(message), maxRead)], "\uFFFD")))
	var tokens []token
	var word strings.Builder
	before, quoted := stop, false
	end := func(next cut) {
		if word.Len() > 0 {
			tokens = append(tokens, token{word: word.String(), cut: before, quoted: quoted})
			word.Reset()
			before, quoted = space, false
		}
		before = max(before, next)
	}
	var last rune // of the word
	for i, r := range runes {
		switch {
		case r == stopSign:
			end(stop)
			word.WriteString("stop")
			end(stop)
		case ignored(r):
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mc, r):
			if r == '0' && unicode.IsLetter(neighbour(runes, i, -1)) && unicode.IsLetter(neighbour(runes, i, 1)) {
				r = 'o' // st0p
			}
			if word.Len() > 0 && (unicode.IsDigit(last) != unicode.IsDigit(r) || spaceless(last) || spaceless(r)) {
				end(space) // stop2quit
			}
			word.WriteString(foldRune(r))
			last = r
		case strings.ContainsRune(sentenceEnd, r):
			end(stop)
			quoted = quoted || strings.ContainsRune(quotes, r)
			if n := len(tokens); n > 0 && strings.ContainsRune(questions, r) {
				tokens[n-1].asked = true
			}
		case strings.ContainsRune(commas, r):
			end(comma)
		case r == '/' && word.Len() > 1: // stop/arrêt, but "w/ these"
			end(comma)
		case r == '—', strings.ContainsRune(dashes, r) && (unicode.IsSpace(neighbour(runes, i, -1)) || unicode.IsSpace(neighbour(runes, i, 1))):
			end(stop)
		case r == '#' && !unicode.IsDigit(neighbour(runes, i, 1)) && !unicode.IsLetter(neighbour(runes, i, 1)):
			end(space)
			word.WriteString("number") // "remove my #"
			end(space)
		default:
			end(space)
		}
	}
	end(stop)
	return unstressed(spelledOut(tokens))
}

// unstressed joins the words of "Do. Not. Text. Me." STOP needs none of the
// others.
func unstressed(tokens []token) []token {
	const few = 3
	if len(tokens) < few || tokens[0].word == "stop" || slices.ContainsFunc(tokens, func(t token) bool { return t.cut != stop }) {
		return tokens
	}
	for i := range tokens[1:] {
		tokens[i+1].cut = space
	}
	return tokens
}

// neighbour returns the rune beside the one at i that is not invisible, or 0.
func neighbour(runes []rune, i, step int) rune {
	for i += step; i >= 0 && i < len(runes); i += step {
		if !ignored(runes[i]) {
			return runes[i]
		}
	}
	return 0
}

// spelledOut joins the letters of "s t o p".
func spelledOut(tokens []token) []token {
	for i := 0; i+4 <= len(tokens); i++ {
		if tokens[i].word == "s" && tokens[i+1].word == "t" && tokens[i+2].word == "o" && tokens[i+3].word == "p" {
			tokens[i].word = "stop"
			tokens = slices.Delete(tokens, i+1, i+4)
		}
	}
	return tokens
}

// ignored reports whether a character makes no difference: accents, joiners,
// apostrophes, fillers.
func ignored(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point) || r == 'ـ' || strings.ContainsRune(apostrophes, r)
}

// spaceless reports whether a character is of a writing without spaces.
func spaceless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// foldRune returns one spelling of letters that people and keyboards confuse.
func foldRune(r rune) string {
	r = unicode.ToLower(unicode.ToUpper(r))
	switch r {
	case 'ß', 'ẞ':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ':
		return "d"
	case 'ى', 'ی':
		return "ي"
	case 'ة':
		return "ه"
	case 'ک':
		return "ك"
	}
	if r >= 'ァ' && r <= 'ヶ' {
		r -= 'ァ' - 'ぁ' // ストップ, すとっぷ
	}
	return string(r)
}

// join returns the words of a message as one, each of a row of equal ones once:
// "stop stop". Characters that are words are kept.
func join(tokens []token) string {
	var whole strings.Builder
	for i, t := range tokens {
		if i == 0 || t.word != tokens[i-1].word || utf8.RuneCountInString(t.word) == 1 {
			whole.WriteString(t.word)
		}
	}
	return whole.String()
}
