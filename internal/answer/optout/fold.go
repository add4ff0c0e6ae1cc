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

// cut is what separates a word from the previous one.
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
	asked  bool // a question mark follows it
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
		case ignored(r), slipped(runes, i):
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

// spelledOut joins the letters of "s t o p", and of any other row of single ones.
func spelledOut(tokens []token) []token {
	const few = 4 // fewer are words: "i c u"
	var joined []token
	for i := 0; i < len(tokens); {
		n := 1
		if isLetter(tokens[i].word) {
			for i+n < len(tokens) && isLetter(tokens[i+n].word) {
				n++
			}
		}
		if n < few {
			joined = append(joined, tokens[i:i+n]...)
			i += n
			continue
		}
		whole := tokens[i]
		for _, letter := range tokens[i+1 : i+n] {
			whole.word += letter.word
		}
		if rest, found := strings.CutPrefix(whole.word, "stop"); found && rest != "" {
			whole.word = "stop"
			n = few
		}
		whole.asked = tokens[i+n-1].asked
		joined = append(joined, whole)
		i += n
	}
	return joined
}

// isLetter reports whether a word is one letter of an alphabet.
func isLetter(word string) bool {
	r, size := utf8.DecodeRuneInString(word)
	return size == len(word) && unicode.IsLetter(r) && !spaceless(r)
}

// ignored reports whether a character makes no difference: accents, joiners,
// apostrophes, fillers.
func ignored(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point) || r == 'ـ' || strings.ContainsRune(apostrophes, r)
}

// slipped reports whether a character was meant to be an apostrophe: "don;t".
func slipped(runes []rune, i int) bool {
	if !strings.ContainsRune(";,", runes[i]) || unicode.ToLower(neighbour(runes, i, -1)) != 'n' || unicode.ToLower(neighbour(runes, i, 1)) != 't' {
		return false
	}
	t := i + 1
	for ignored(runes[t]) {
		t++
	}
	return !unicode.IsLetter(neighbour(runes, t, 1))
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

// accented returns the letters of a text with their accents, in lower case and
// without what surrounds them.
func accented(text string) string {
	text = norm.NFD.String(strings.ToLower(strings.ToValidUTF8(text[:min(len(text), maxRead)], "\uFFFD")))
	text = strings.Map(func(r rune) rune {
		if ignored(r) && !unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, text)
	return strings.TrimFunc(norm.NFC.String(text), func(r rune) bool { return !unicode.IsLetter(r) })
}
