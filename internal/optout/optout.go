// Package optout reads what people text back: whether they want no more texts,
// want them again, or ask for help.
//
// In the United States whoever texts must take "any reasonable means" for a
// revocation: 47 CFR 64.1200(a)(10), in force since April 2025, names "stop",
// "quit", "end", "revoke", "opt out", "cancel" and "unsubscribe", and asks of
// other words whether a reasonable person would understand them so. Of the two
// mistakes there are, the one that texts somebody who said stop is the worse:
// whoever was taken at a word not meant can text START. So, of messages that
// are more than a word:
//
//   - One that begins with STOP is a Stop, whatever follows. So is one in which
//     a sentence begins so, after "please", "can you" and their like too, unless
//     it goes on as "stop by the shop" does.
//   - UNSUBSCRIBE and OPT OUT count wherever they stand. STOP does before what
//     is sent or done to somebody: "I asked you to stop sending these".
//   - END, QUIT, CANCEL and REVOKE are words of every day. They count with what
//     is about texts ("cancel my subscription"), and not before anything else
//     ("cancel my appointment").
//   - Some say it without any of these words: "take me off your list", "don't
//     text me", "no more messages".
//   - "Don't stop" is none. Nor is what an answering machine adds for its own
//     sake: "I am driving. Reply STOP to unsubscribe."
//   - A few words of other languages count alone: the carriers of Canada demand
//     ARRET, and many Americans write Spanish.
//
// To be texted again somebody has to say so in one of the words for it and
// nothing more, for that is a consent.
package optout

import (
	"slices"
	"strings"
)

// Word is what a message says.
type Word string

// The words.
const (
	None  Word = ""      // something else: it is for a person to read
	Stop  Word = "stop"  // no more texts
	Start Word = "start" // texts again
	Help  Word = "help"  // who is this, and how does one stop it
)

// Read returns what a message says. Case, accents, punctuation, emoji and the
// forms that letters have in Unicode make no difference.
func Read(message string) Word {
	sentences := sentencesOf(message)
	words := slices.Concat(sentences...)
	whole := strings.Join(words, "")
	plain := strings.Join(slices.DeleteFunc(words, func(word string) bool { return oneOf(word, polite) }), "")
	switch {
	case oneOf(squeeze(whole), aloneStop) || oneOf(squeeze(plain), aloneStop):
		return Stop
	case oneOf(plain, aloneStart) || whole == "yes":
		return Start
	case oneOf(plain, aloneHelp):
		return Help
	}
	for i, sentence := range sentences {
		first := i == 0 && squeeze(sentence[0]) == "stop"
		notice := len(sentences) > 1 && sentence.isNotice()
		if first || !notice && sentence.stops() {
			return Stop
		}
	}
	return None
}
