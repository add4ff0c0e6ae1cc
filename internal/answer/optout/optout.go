// Package optout reads what people text back: whether they want no more texts,
// want them again, or ask for help.
//
// In the United States the sender of texts must accept "any reasonable means" of
// revocation: 47 CFR 64.1200(a)(10), in force since April 2025, names "stop",
// "quit", "end", "revoke", "opt out", "cancel" and "unsubscribe", and asks of
// other words whether a reasonable person would understand them so. Of the two
// possible mistakes, texting somebody who said stop is the worse: somebody whom
// we opted out by mistake can text START.
//
// A text that begins with STOP is a Stop, whatever follows, unless that makes
// it something else: a stop sign, Stop & Shop, "stop by at five". STOP as a sentence of
// its own is one in any case. A text that is no more than a keyword, whatever its
// courtesies, is what the keyword says. All else is decided by rules: a verb, what it
// is about, and whom it concerns, with the words that may stand between, and rules for
// what looks alike and is not meant ("cancel my appointment", "don't stop"). Keywords
// and rules are data, one table a language: words/README.md says how to write them.
//
// To be texted again somebody has to send one of the words for it and nothing
// else, because that is a consent.
package optout

import "cmp"

// Word is what a message says.
type Word string

// The words.
const (
	None  Word = ""      // something else: it is for a person to read
	Stop  Word = "stop"  // no more texts
	Start Word = "start" // texts again
	Help  Word = "help"  // who is this, and how does one stop it
)

// Read returns what a message says. Case, accents, punctuation, emoji, invisible
// characters and the forms that letters have in Unicode make no difference.
func Read(message string) Word {
	m := tables().read(message)
	if len(m.tokens) == 0 || m.isReaction() {
		return None
	}
	whole, first := m.join(m.tokens), m.tokens[0].word
	m.tokens = m.dropCourtesies()
	switch word := cmp.Or(m.exact[accented(message)], m.only[whole], m.alone[whole], m.alone[m.join(m.tokens)]); {
	case word == Start && !m.spelled:
		return None // a consent is not guessed
	case word != None:
		return word
	case first == "stop" && !m.isAboutElse(), m.hasKeyword(), m.stops():
		return Stop
	}
	return None
}
