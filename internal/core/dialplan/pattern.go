package dialplan

import (
	"strings"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/fault"
)

// MaxPattern is the longest pattern in bytes: the field of a Core's database
// holds no more, and it bounds what a match can cost.
const MaxPattern = 255

// Pattern says which URIs are meant. It is matched against a bare number or
// alias (webresponder8001), against user@host where it has an @ (8000@*), or
// against the whole URI where it has a scheme (sip:1??????????@*).
//
// A * stands for anything, also nothing; a ? for one character; [2-9] for one
// of a class, and [*] for a star that is dialled. The case of letters does not
// matter, nor does the plus of an international number. The zero Pattern
// matches everything.
type Pattern struct {
	text     string
	form     form
	tokens   []token
	prefix   string // the literal characters that every match begins with
	suffix   string // and those it ends with
	literals int    // characters that stand for themselves
}

// form is the part of a URI that a pattern is matched against.
type form uint8

const (
	bare    form = iota // the user part
	address             // user@host
	whole               // scheme:user@host
	forms
)

// token is a piece of a pattern.
type token struct {
	kind    tokenKind
	literal string    // lower case
	class   [2]uint64 // a bit for each ASCII character
}

type tokenKind uint8

const (
	literal tokenKind = iota
	one
	several // any number of characters
	class
)

// ParsePattern reads a pattern. Its error says in a sentence what is wrong.
func ParsePattern(text string) (Pattern, error) {
	if text == "" {
		return Pattern{}, fault.Newf(fault.Invalid, "a pattern must not be empty").WithHint("* matches everything")
	}
	if len(text) > MaxPattern {
		return Pattern{}, fault.Newf(fault.Invalid, "a pattern of %d bytes is too long; %d is the limit", len(text), MaxPattern)
	}
	if !utf8.ValidString(text) {
		return Pattern{}, fault.Newf(fault.Invalid, "the pattern %q is not UTF-8", text)
	}
	p := Pattern{text: text, form: formOf(text)}
	rest, err := withoutPlus(text, p.form)
	if err != nil {
		return Pattern{}, err
	}
	rest = string(appendLower(nil, rest))
	for rest != "" {
		t, n, err := p.token(rest)
		if err != nil {
			return Pattern{}, err
		}
		rest = rest[n:]
		if last := len(p.tokens) - 1; t.kind == several && last >= 0 && p.tokens[last].kind == several {
			continue // two stars are one
		}
		p.tokens = append(p.tokens, t)
	}
	if first := p.tokens[0]; first.kind == literal {
		p.prefix = first.literal
	}
	if last := p.tokens[len(p.tokens)-1]; last.kind == literal {
		p.suffix = last.literal
	}
	return p, nil
}

// token reads the first token of rest and returns its length in bytes.
func (p *Pattern) token(rest string) (token, int, error) {
	switch rest[0] {
	case '*':
		return token{kind: several}, 1, nil
	case '?':
		return token{kind: one}, 1, nil
	case '[':
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return token{}, 0, fault.Newf(fault.Invalid, "the pattern %q has a [ without a ]", p.text)
		}
		bits, err := p.class(rest[1:end])
		return token{kind: class, class: bits}, end + 1, err
	}
	n := strings.IndexAny(rest, "*?[")
	if n < 0 {
		n = len(rest)
	}
	p.literals += utf8.RuneCountInString(rest[:n])
	return token{kind: literal, literal: rest[:n]}, n, nil
}

// class reads what stands between brackets: characters and ranges of them.
func (p *Pattern) class(text string) (bits [2]uint64, err error) {
	if text == "" {
		return bits, fault.Newf(fault.Invalid, "the pattern %q has a class without characters", p.text)
	}
	for i := 0; i < len(text); i++ {
		from, to := text[i], text[i]
		if i+2 < len(text) && text[i+1] == '-' {
			to = text[i+2]
			i += 2
		}
		if to >= utf8.RuneSelf {
			return bits, fault.Newf(fault.Invalid, "the class [%s] of the pattern %q has a character beyond ASCII", text, p.text)
		}
		if from > to {
			return bits, fault.Newf(fault.Invalid, "the class [%s] of the pattern %q has a range that runs backwards", text, p.text)
		}
		for c := int(from); c <= int(to); c++ {
			bits[c>>6] |= 1 << (c & 63)
		}
	}
	return bits, nil
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return orElse(p.text, noLimit) }

// matches reports whether a key of the pattern's form is meant.
func (p *Pattern) matches(key string) bool {
	if !strings.HasPrefix(key, p.prefix) || !strings.HasSuffix(key, p.suffix) {
		return false // most patterns end here
	}
	// The classic algorithm with one backtracking point: if a later piece does
	// not fit, the last star takes one character more.
	if len(p.tokens) == 0 {
		return true
	}
	t, k := 0, 0
	star, from := -1, 0
	for t < len(p.tokens) || k < len(key) {
		if t < len(p.tokens) {
			if p.tokens[t].kind == several {
				if t == len(p.tokens)-1 {
					return true
				}
				star, from = t, k
				t++
				continue
			}
			if n := p.tokens[t].length(key[k:]); n >= 0 {
				t, k = t+1, k+n
				continue
			}
		}
		if star < 0 || from >= len(key) {
			return false
		}
		from += runeLength(key[from:])
		t, k = star+1, from
	}
	return true
}

// length returns how many bytes of the key the token takes, -1 if it does not
// fit. It is not for stars.
func (t *token) length(key string) int {
	switch {
	case t.kind == literal:
		if strings.HasPrefix(key, t.literal) {
			return len(t.literal)
		}
	case key == "":
	case t.kind == one:
		return runeLength(key)
	case key[0] < utf8.RuneSelf && t.class[key[0]>>6]&(1<<(key[0]&63)) != 0:
		return 1
	}
	return -1
}

func runeLength(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// formOf returns the form of a number that a pattern is matched against. What
// stands in a character class does not count.
func formOf(pattern string) form {
	found, inClass := bare, false
	for i := range len(pattern) {
		switch c := pattern[i]; {
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		case inClass:
		case c == ':' && found == bare: // after the @ it is a port
			return whole
		case c == '@':
			found = address
		}
	}
	return found
}

// withoutPlus removes the plus of an international number, which not everybody
// writes.
func withoutPlus(text string, f form) (string, error) {
	scheme, rest := "", text
	if f == whole {
		at := strings.IndexByte(text, ':') + 1
		scheme, rest = text[:at], text[at:]
	}
	switch {
	case len(rest) < 2 || rest[0] != '+':
		return text, nil
	case rest[1] == '*':
		return "", fault.Newf(fault.Invalid, "the pattern %q asks for a plus, which does not count in numbers", text).WithHint("write it without the plus, with the digits that are meant")
	case isDigit(rest[1]), rest[1] == '?', rest[1] == '[':
		return scheme + rest[1:], nil
	}
	return text, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
