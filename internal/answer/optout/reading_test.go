package optout_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/switchhook/switchhook/internal/answer/optout"
)

func TestWordsAreRead(t *testing.T) {
	for want, messages := range map[optout.Word][]string{
		optout.Stop: {
			// The words.
			"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT",
			// However they are written.
			"stop", "Stop.", " stop \n", "\"STOP\"", "“Stop”", "'stop'", "STOP!!!", "(stop)", "*STOP*", "stop 🙏", "🛑", "🛑🛑", "🛑 stop 🛑", "S T O P", "S.T.O.P.",
			"ＳＴＯＰ", "𝐒𝐓𝐎𝐏", "ⓢⓣⓞⓟ", "st\u00ADop", "\uFEFFSTOP", "stóp", "STOPPPP", "Stoooop", "STOP ALL", "stop-all", "opt out", "Opt-Out", "OPT OUT.", "un-subscribe", "Un subscribe",
			"end.", "Quit!", "cancel please", "Please cancel.", "revoke, thanks",
			// Letters apart, words together, a key beside the apostrophe.
			"Q U I T", "u-n-s-u-b", "donttextme", "don;t text me",
			// In other languages.
			"Dừng!", "HỦY",
			"ARRET", "arrêt", "Alto", "PARE", "parar", "¡Basta!", "no más", "Baja",
			// It begins with STOP.
			"STOP STOP STOP", "Stop texting me", "Stop it", "STOP I don't know who this is", "stop please", "Stop! Who is this?", "STOP 12345", "Stop. I am at the bus stop", "stop by text", "STOP for good", "stop u people are nuts", "Stop. By. Text. Now.", "stop in French please", "stop the nonsense", "stop charging me for these texts", "stoppp texting",
			// A sentence does.
			"Who is this? STOP", "Wrong number, stop", "Thanks. Stop.", "Hi\nSTOP", "No, stop texting me.", "ok, please stop",
			// What people put before it.
			"Please stop", "PLEASE STOP TEXTING ME", "pls stop", "plz stop!", "Ok stop", "Can you stop?", "Could you please stop this", "I said stop", "I want you to stop", "just stop", "Will you stop texting me",
			"You need to stop", "please stop I am driving", "text stop", "Reply STOP", "reply stop to unsubscribe", "I would like to unsubscribe",
			// What is sent.
			"For the last time will you guys stop sending me these", "How often must one tell you to stop these texts", "We told your office to stop messaging us", "It is time that you stop all of those messages",
			"Why don't you stop texting me", "why do you not stop these messages",
			// Wherever it stands.
			"How do I unsubscribe", "I thought I unsubscribed", "unsubscribe me from this list", "I wish to opt out of this", "let me opt-out", "opt me out", "I am opting out",
			// Words of every day.
			"cancel my subscription", "Cancel all texts", "Please cancel these messages now", "quit texting me", "QUIT SENDING THIS", "end texts", "I want to cancel", "end this", "I revoke my consent", "revoke permission to text me", "remove me please", "Remove",
			// Without any of the words.
			"Take me off your list", "please take me off of this", "remove me from your list", "Remove my number", "Lose my number!", "leave me alone", "don't text me", "Don’t text me again", "dont text this number", "DO NOT TEXT", "do not contact me",
			"Do not send me any more messages", "never text me again", "no more texts", "No more messages please", "I no longer want to get your texts", "I don't want these messages", "we do not need your texts", "I don't wish to receive any spam",
		},
		optout.Start: {"START", "start", " Start! ", "UNSTOP", "un-stop", "YES", "yes.", "Yes!", "ＹＥＳ", "\"start\"", "start 🙂", "Please start", "START thanks", "unstop please"},
		optout.Help:  {"HELP", "help?", "Help!!", "INFO", "info", "help me", "Help please", "AIDE", "Ayuda"},
		optout.None: {
			"", " ", "?", "🙂", "👍", "Thanks!", "Who is this?", "ok", "no", "No thanks", "12",
			// A name, without the accents of the word.
			"Dũng", "Dung", "Huy",
			// STOP is not meant.
			"Don't stop by the shop", "Don’t stop", "please don't stop texting me", "Never stop", "I can't stop laughing", "Please do not stop", "I don't want you to stop", "do not unsubscribe me", "don't cancel",
			"Which stop do I get off at?", "We are at the bus stop", "the last stop", "nonstop", "Can you stop by tomorrow?", "I will stop by at 5", "Could I stop in later", "You can stop worrying", "unstoppable", "stopped by earlier", "Stopping by at 5",
			"Stop & Shop", "stop by the shop", "stop sign", "Stop worrying, I'm on my way", "stop in anytime?", "Stop at the front desk for the key", "stop for lunch",
			// Nor are the words of every day.
			"Cancel my appointment on Tuesday", "Can I cancel my order?", "I need to cancel tomorrow", "End of the month works for me", "At the end of the street?", "the end", "I quit my job", "Please remove the snow", "Did you cancel?", "Revoke his badge",
			// Nor what is like the other ways.
			"No more snow here", "Do not send the plumber", "Don't text and drive", "don't message the office", "I don't want to come", "We never want to leave", "take me off guard",
			// An answering machine's notice.
			"I'm driving right now. Reply STOP to unsubscribe.", "Thanks for your message! Text STOP to opt out", "We got your text.\nReply with STOP to end messages", "Auto-reply: away. Txt STOP to cancel",
			// Texts again and help are said alone.
			"start the car", "Yes please", "yes we are open", "YES I want that", "When do you start?", "restart", "I need help with my sink", "Can you help me?", "What info do you need", "not start", "no start",
		},
	} {
		for _, message := range messages {
			if got := optout.Read(message); got != want {
				t.Errorf("%q is %q, want %q", message, got, want)
			}
		}
	}
}

// FuzzRead reads any text. What it is does not depend on case, on what stands
// around it, or on how its letters are written, and what must hold for the law's sake
// holds.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"", "STOP", "stop it", "Please don't stop", "yes", "help", "Who is this? STOP", "opt-out", "\xff", "ﬁ", "İ", "Reply STOP to end. ok", "🛑", "end .", "ß", "Liked “STOP”", "s.t.o.p", "st0p2 /"} {
		f.Add(seed)
	}
	for _, file := range corpora {
		for i, text := range corpus(f, file) {
			if i%10 == 0 {
				f.Add(text.text)
			}
		}
	}
	optout.Read("") // reads the tables, for which an input of the fuzzer has no time on a busy machine
	f.Fuzz(func(t *testing.T, message string) {
		got := optout.Read(message)
		if len(message) < 400 && !strings.ContainsRune(message, '\u0345') { // an accent whose upper case is a letter
			for _, other := range rewritten(message) {
				if again := optout.Read(other); again != got {
					t.Errorf("%q is %q, but %q is %q", message, got, other, again)
				}
			}
			if got := optout.Read("STOP. " + message); got != optout.Stop {
				t.Errorf("%q after STOP. is %q", message, got)
			}
		}
		if isASCII(message) && got == optout.Start {
			letters := strings.ToLower(strings.Map(func(r rune) rune {
				if unicode.IsLetter(r) {
					return r
				}
				return ' '
			}, message))
			if word, ok := isConsent(letters); !ok {
				t.Errorf("%q is taken for a consent, with %q", message, word)
			}
		}
	})
}

// rewritten returns a message as other keyboards, telephones and people send it.
func rewritten(message string) []string {
	wide := func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r + 'ａ' - 'a'
		}
		return r
	}
	valid := strings.ToValidUTF8(message, "\uFFFD")
	return []string{
		" " + message + " ", "\"" + message + "\"", message + "!", message + " 🙂", "\n" + message,
		strings.ToUpper(message), strings.ToLower(message), norm.NFC.String(valid), norm.NFD.String(valid), strings.Map(wide, valid),
		strings.ReplaceAll(valid, "'", "’"), strings.ReplaceAll(valid, "'", "`"), strings.ReplaceAll(valid, "'", ""),
		"\u202a" + strings.ReplaceAll(valid, "o", "\u200bo\u00ad") + "\u202c", "\ufeff" + message,
	}
}

// isConsent reports whether letters are no more than the words that ask for texts,
// and courtesies; or what is left.
func isConsent(letters string) (string, bool) {
	consents := "unstop restart start yes resume resubscribe subscribe optmein optin please pls plz thanks thank you u thx kindly me in comenzar empezar iniciar continuar reanudar suscribir alta" +
		" commencer reprendre reprenez debuter starten beginnen anmelden aanmelden hervatten fortsetzen" +
		" " + strings.Join(courtesies(), " ")
	left := strings.ReplaceAll(letters, " ", "")
	for _, word := range slices.SortedFunc(strings.FieldsSeq(consents), func(a, b string) int { return len(b) - len(a) }) {
		left = strings.ReplaceAll(left, word, "")
	}
	return left, left == ""
}

// courtesies returns the words that the tables of all languages call polite.
var courtesies = sync.OnceValue(func() (words []string) {
	files, err := filepath.Glob("words/*.txt")
	if err != nil || len(files) == 0 {
		panic("there are no tables of words")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		for line := range strings.Lines(string(text)) {
			if list, ok := strings.CutPrefix(line, "polite:"); ok {
				words = append(words, strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })...)
			}
		}
	}
	return words
})

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		optout.Read("Hi, thanks for the hours, could you tell me whether you have the part for a 2019 model on stock as well? Otherwise I would come by next week.")
	}
}
