package optout

import "slices"

// The words, folded. Those of aloneStop are squeezed, too.
const (
	polite = "please pls plz thanks thank you thx kindly"

	aloneStop = "stop stopal unsubscribe unsub end quit cancel revoke optout remove " +
		"aret alto pare parar basta baja cancelar nomas" // squeezed: stopall, arret
	aloneStart = "start unstop"
	aloneHelp  = "help helpme info aide ayuda"

	// ever are the words that mean it wherever they stand.
	ever = "unsubscribe unsub unsubscribed optout stopal" // squeezed: stopall

	// everyday are those that mean it only with what is about texts.
	everyday = "end quit cancel revoke remove"

	// before are the words that people put before what they want.
	before = polite + " ok okay just hi hello hey no now yes sir madam i we you id im want wanna would like need to can could will must " +
		"should said say told asked ask again and so but then well also really reply text txt send"

	// about are the words after it that are about texts, or about nothing.
	about = polite + " texting texts text txt txts sending sends messaging messages message msg msgs sms spam spamming contacting contact " +
		"calling bothering harassing it this that these those all any more anymore the your my me us from of to for with now " +
		"immediately asap right already alerts alert subscription subscriptions notifications updates consent permission list"

	// speakers begin a new sentence where the full stop was left out.
	speakers = "i im we who why what you"

	// things are what is sent; doing is what is done with them.
	things = "text texts txt txts message messages msg msgs sms spam alerts notifications"
	doing  = "texting sending messaging contacting calling bothering harassing spamming txting msging"
	send   = "text txt message msg contact send spam bother call"
	people = "me us anymore again this"
)

// sentence is the folded words of a sentence.
type sentence []string

// stops reports whether a sentence says that somebody wants no more texts.
func (s sentence) stops() bool {
	asks := true // nothing stands before the word but what people put before a wish
	for i, word := range s {
		switch word = squeeze(word); {
		case oneOf(word, ever):
			if !s.denied(i) {
				return true
			}
		case word == "stop":
			if !s.denied(i) && (asks && s.endsAfter(i) || s.objects(i)) {
				return true
			}
		case oneOf(word, everyday):
			if asks && s.all(i+1, about) {
				return true
			}
		}
		asks = asks && oneOf(s[i], before)
	}
	return s.saysSoOtherwise()
}

// endsAfter reports whether "stop" is the end of it, or goes on about texts.
func (s sentence) endsAfter(i int) bool {
	return i+1 == len(s) || oneOf(s[i+1], about) || oneOf(s[i+1], speakers) || squeeze(s[i+1]) == "stop"
}

// objects reports whether what is to stop is texts, or what is done with them.
func (s sentence) objects(i int) bool {
	const near = 4 // words, as in "stop all of these texts"
	for n, word := range s[i+1 : min(len(s), i+1+near)] {
		if oneOf(word, things) || n == 0 && oneOf(word, doing) {
			return true
		}
	}
	return false
}

// denied reports whether a word is said not to be meant: "don't stop". Who asks
// why somebody does not stop means it.
func (s sentence) denied(i int) bool {
	if slices.Contains(s[:i], "why") {
		return false
	}
	return s.endsWith(i, "dont") || s.endsWith(i, "not") || s.endsWith(i, "never") || s.endsWith(i, "cant") || s.endsWith(i, "wont") ||
		s.endsWith(i, "didnt") || s.endsWith(i, "doesnt") ||
		s.endsWith(i, "dont", "want", "to") || s.endsWith(i, "not", "want", "to") ||
		s.endsWith(i, "dont", "want", "you", "to") || s.endsWith(i, "not", "want", "you", "to")
}

// saysSoOtherwise knows other ways to say it.
func (s sentence) saysSoOtherwise() bool {
	for i := range s {
		rest := s[i:]
		switch {
		case rest.begins("take", "me", "off") && rest.all(3, about), rest.begins("opt", "me", "out"), rest.begins("opting", "out"), rest.begins("leave", "me", "alone"),
			rest.begins("lose", "my", "number"), rest.begins("delete", "my", "number"), rest.begins("remove", "my", "number"), rest.begins("remove", "me"):
			if !s.denied(i) {
				return true
			}
		case rest.begins("no", "more"):
			if len(rest) > 2 && oneOf(rest[2], things) {
				return true
			}
		}
		refusal := 0 // how many words say not
		switch {
		case rest.begins("dont"), rest.begins("never"):
			refusal = 1
		case rest.begins("do", "not"), rest.begins("no", "longer"):
			refusal = 2
		}
		if rest = rest[refusal:]; refusal > 0 && (rest.refuses() || rest.unwanted()) {
			return true
		}
	}
	return false
}

// refuses reports whether what must not be done is to text somebody: "(don't)
// text me".
func (s sentence) refuses() bool {
	return len(s) > 0 && oneOf(s[0], send) && (len(s) == 1 || oneOf(s[1], people) || oneOf(s[1], things))
}

// unwanted reports whether what somebody does not want is texts: "(I don't)
// want any of your texts".
func (s sentence) unwanted() bool {
	const near = 6 // words
	if len(s) == 0 || !oneOf(s[0], "want wish need like") {
		return false
	}
	return slices.ContainsFunc(s[1:min(len(s), 1+near)], func(word string) bool { return oneOf(word, things) })
}

// isNotice reports whether a sentence tells a reader how to stop somebody
// else's texts.
func (s sentence) isNotice() bool {
	for i, word := range s {
		told := s.endsWith(i, "with") || i > 0 && oneOf(s[i-1], "reply text txt send type respond")
		if told && oneOf(word, aloneStop) && i+1 < len(s) && oneOf(s[i+1], "to for if") {
			return true
		}
	}
	return false
}

// begins reports whether the sentence begins with words.
func (s sentence) begins(words ...string) bool {
	return len(s) >= len(words) && slices.Equal(s[:len(words)], words)
}

// endsWith reports whether words stand right before the word at i.
func (s sentence) endsWith(i int, words ...string) bool {
	return i >= len(words) && slices.Equal(s[i-len(words):i], words)
}

// all reports whether every word from i on is on a list.
func (s sentence) all(i int, list string) bool {
	return !slices.ContainsFunc(s[i:], func(word string) bool { return !oneOf(word, list) })
}
