package optout

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// message is what rules are matched with.
type message struct {
	*grammar

	tokens  []token
	spelled bool              // no word had to be corrected
	asks    map[*table][]bool // nothing stands before a token, since the last cut, but what may stand before ^
	tails   map[*table][]bool // nothing follows from a token on, to the next cut, but what may stand after $
}

// maxReach is how many words one rule can cover.
const maxReach = 60

// stops reports whether a rule says that somebody wants no more texts. The
// leftmost rule that matches counts, of those the longest; a none rule uses its
// words up.
func (m *message) stops() bool {
	for i := 0; i < len(m.tokens); {
		found, longest := m.longest(i)
		switch {
		case found == nil:
			i++
		case found.stops:
			return true
		default:
			i += longest
		}
	}
	return false
}

// longest returns the rule that covers most from a token on, and how many words.
func (m *message) longest(i int) (*rule, int) {
	var found *rule
	longest := 0
	for _, r := range m.rulesAt(i) {
		if n := m.match(r, i); n > longest || n == longest && n > 0 && !r.stops {
			found, longest = r, n
		}
	}
	return found, longest
}

// isAboutElse reports whether what a text begins with is something else: "stop
// sign", "stop by at five".
func (m *message) isAboutElse() bool {
	found, _ := m.longest(0)
	return found != nil && found.begins && !found.stops
}

// rulesAt returns the rules that may begin at a token.
func (m *message) rulesAt(i int) []*rule {
	rules := m.rules[m.tokens[i].word]
	for _, stem := range m.tokens[i].stems {
		rules = slices.Concat(rules, m.rules[stem])
	}
	return rules
}

// match returns how many words a rule covers from a token on; 0: it does not
// match.
func (m *message) match(r *rule, start int) int {
	reach := uint64(1) // bit n: what was matched so far may end n words after the start
	cross := true
	for _, e := range r.elements {
		var next uint64
		switch {
		case e.cross:
			cross = true
			continue
		case e.ends:
			cross = true
			next = m.sentenceEnds(reach, start)
		case e.rest:
			next = 1 << m.restOfSentence(start, bits.TrailingZeros64(reach))
		case e.gap > 0:
			next = reach
			for range e.gap {
				next |= m.step(next, start)
			}
		default:
			next = m.after(e.set, reach, start, cross)
			for more := next; e.repeated && more != 0; next |= more {
				more = m.after(e.set, more, start, false) &^ next
			}
			if e.optional || e.repeated {
				next |= reach
			}
			cross = cross && (e.optional || e.repeated)
		}
		if reach = next; reach == 0 {
			return 0
		}
	}
	for n := maxReach; n > 0; n-- {
		if reach&(1<<n) != 0 && (!r.ends || m.tail(r.table)[start+n]) {
			if r.begins && !m.ask(r.table)[start] || r.sole && !m.soleSentence(start) || r.states && m.tokens[start+n-1].asked {
				return 0
			}
			return n
		}
	}
	return 0
}

// after returns where phrases of a set end that begin where reach says.
func (m *message) after(s set, reach uint64, start int, cross bool) uint64 {
	next := uint64(0)
	for ; reach != 0; reach &= reach - 1 {
		n := bits.TrailingZeros64(reach)
		if start+n >= len(m.tokens) {
			break
		}
		t := m.tokens[start+n]
		if n > 0 && !cross && t.cut >= comma {
			continue
		}
		for _, phrase := range s[t.word] {
			next |= m.phraseEnd(phrase, start, n)
		}
		for _, stem := range t.stems {
			for _, phrase := range s[stem] {
				next |= m.phraseEnd(phrase, start, n)
			}
		}
	}
	return next
}

// phraseEnd returns the bit of where a phrase ends whose first word is there; 0: the
// other words do not follow.
func (m *message) phraseEnd(phrase []string, start, n int) uint64 {
	if n+len(phrase) > maxReach || start+n+len(phrase) > len(m.tokens) {
		return 0
	}
	for j, word := range phrase[1:] {
		t := m.tokens[start+n+1+j]
		if t.cut >= comma || t.word != word && !slices.Contains(t.stems, word) {
			return 0
		}
	}
	return 1 << (n + len(phrase))
}

// step leaves out one word.
func (m *message) step(reach uint64, start int) uint64 {
	next := uint64(0)
	for ; reach != 0; reach &= reach - 1 {
		n := bits.TrailingZeros64(reach)
		if start+n < len(m.tokens) && n < maxReach && (n == 0 || m.tokens[start+n].cut < comma) {
			next |= 1 << (n + 1)
		}
	}
	return next
}

// sentenceEnds returns what of reach is at the end of a sentence.
func (m *message) sentenceEnds(reach uint64, start int) uint64 {
	next := uint64(0)
	for ; reach != 0; reach &= reach - 1 {
		if n := bits.TrailingZeros64(reach); start+n < len(m.tokens) && m.tokens[start+n].cut >= comma {
			next |= 1 << n
		}
	}
	return next
}

// restOfSentence returns how far from the start its sentence goes.
func (m *message) restOfSentence(start, n int) int {
	for n < maxReach && start+n < len(m.tokens) && m.tokens[start+n].cut < comma {
		n++
	}
	return n
}

// ask returns, for each token, whether what stands before it in its sentence is
// only what people put before what they want.
func (m *message) ask(t *table) []bool {
	if m.asks[t] == nil {
		asks := make([]bool, len(m.tokens))
		for i, token := range m.tokens {
			asks[i] = token.cut >= courtesy || i > 0 && asks[i-1] && t.before[m.tokens[i-1].word]
		}
		m.asks[t] = asks
	}
	return m.asks[t]
}

// tail returns, for each token, whether its sentence goes on from there with
// nothing but what may follow.
func (m *message) tail(t *table) []bool {
	if m.tails[t] == nil {
		tails := make([]bool, len(m.tokens)+1)
		tails[len(m.tokens)] = true
		for i, token := range slices.Backward(m.tokens) {
			tails[i] = token.cut >= courtesy || t.after[token.word] && tails[i+1]
		}
		m.tails[t] = tails
	}
	return m.tails[t]
}

// sentence returns where the sentence of a token begins and ends.
func (m *message) sentence(i int) (begin, end int) {
	for begin = i; begin > 0 && m.tokens[begin].cut < comma; begin-- {
	}
	for end = i + 1; end < len(m.tokens) && m.tokens[end].cut < comma; end++ {
	}
	return begin, end
}

// soleSentence reports whether all the sentences but that of a token say nothing: small words, or
// a name at the end.
func (m *message) soleSentence(i int) bool {
	begin, end := m.sentence(i)
	small := func(t token) bool { return m.small[t.word] || m.alone[t.word] == Stop }
	for _, t := range m.tokens[:begin] {
		if !small(t) {
			return false
		}
	}
	rest := m.tokens[end:]
	const name = 3 // words
	return len(rest) <= name && !slices.ContainsFunc(rest, small) || !slices.ContainsFunc(rest, func(t token) bool { return !small(t) })
}

// join returns words as one, each of a row of equal keywords once: "stop stop".
func (g *grammar) join(tokens []token) string {
	var whole strings.Builder
	for i, t := range tokens {
		if i == 0 || t.word != tokens[i-1].word || g.alone[t.word] == None || utf8.RuneCountInString(t.word) == 1 {
			whole.WriteString(t.word)
		}
	}
	return whole.String()
}

// hasKeyword reports whether a sentence is a keyword, and the others say nothing.
func (m *message) hasKeyword() bool {
	for i := 0; i < len(m.tokens); {
		_, end := m.sentence(i)
		if m.alone[m.join(m.tokens[i:end])] == Stop && m.soleSentence(i) {
			return true
		}
		i = end
	}
	return false
}

// isReaction reports whether a telephone says that somebody liked a text:
// Liked “Reply STOP for no more texts”.
func (m *message) isReaction() bool {
	opening := 1
	for opening < len(m.tokens) && !m.tokens[opening].quoted {
		opening++
	}
	if opening >= len(m.tokens) || !m.reactions[m.join(m.tokens[:opening])] {
		return false
	}
	return !slices.ContainsFunc(m.tokens[opening+1:], func(t token) bool { return t.quoted })
}

// dropCourtesies returns the tokens without the polite ones.
func (m *message) dropCourtesies() []token {
	var kept []token
	pending := space
	for i := 0; i < len(m.tokens); {
		t := m.tokens[i]
		if n := bits.Len64(m.after(m.polite, 1, i, true)) - 1; n > 0 {
			for _, dropped := range m.tokens[i : i+n] {
				pending = max(pending, dropped.cut, courtesy)
			}
			i += n
			continue
		}
		t.cut, pending = max(t.cut, pending), space
		kept = append(kept, t)
		i++
	}
	return kept
}

// stemsOf returns the stems of a word that tables have.
func (g *grammar) stemsOf(word string) []string {
	var stems []string
	for i := range word {
		if stem := word[:i] + "*"; i > 0 && g.known[stem] {
			stems = append(stems, stem)
		}
	}
	if utf8.RuneCountInString(word) > 1 && g.known[word+"*"] {
		stems = append(stems, word+"*")
	}
	return stems
}

// read folds a text and corrects its words.
func (g *grammar) read(text string) *message {
	tokens := g.apart(tokensOf(text))
	spelled := true
	for i := range tokens {
		if strings.TrimLeft(tokens[i].word, "0123456789") == "" {
			tokens[i].stems = []string{number}
			continue
		}
		right := g.correct(tokens[i].word)
		spelled = spelled && right == tokens[i].word
		tokens[i].word, tokens[i].stems = right, g.stemsOf(right)
	}
	return &message{grammar: g, tokens: tokens, spelled: spelled, asks: map[*table][]bool{}, tails: map[*table][]bool{}}
}

// apart returns the words of phrases that were written as one: "donttextme".
func (g *grammar) apart(tokens []token) []token {
	for i := 0; i < len(tokens); i++ {
		phrase := g.joined[tokens[i].word]
		if len(phrase) == 0 || g.known[tokens[i].word] {
			continue
		}
		words := make([]token, len(phrase))
		words[0] = tokens[i]
		for j, word := range phrase {
			words[j].word = word
		}
		words[0].asked, words[len(phrase)-1].asked = false, tokens[i].asked
		tokens = slices.Replace(tokens, i, i+1, words...)
		i += len(phrase) - 1
	}
	return tokens
}
