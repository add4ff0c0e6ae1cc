package optout_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/optout"
)

// around is what people write before and after what they want.
var (
	greetings = []string{"", "please ", "Pls ", "Hi, ", "Hello ", "ok ", "No, ", "wrong number. ", "Who is this? ", "Sorry wrong number, ", "Thanks but "}
	closings  = []string{"", " please", " thanks", ", thank you", "!!!", ".", " 🙏", " now", " asap", " immediately", "\nSent from my iPhone", ", I mean it", ". Have a nice day", " or else"}
)

// TestPartsOfAnOptOutCombine reads every verb with every object and recipient: an opt-out
// that is on no list counts as much as one that is.
func TestPartsOfAnOptOutCombine(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	var wishes []string
	add := func(parts ...[]string) {
		phrases := []string{""}
		for _, part := range parts {
			var longer []string
			for _, phrase := range phrases {
				for _, word := range part {
					longer = append(longer, strings.TrimSpace(phrase+" "+word))
				}
			}
			phrases = longer
		}
		wishes = append(wishes, phrases...)
	}
	recipients := []string{"me", "us", "this number", "my phone", "this phone"}
	texts := []string{"texts", "messages", "text messages", "msgs", "alerts", "notifications"}
	whose := []string{"", "these", "your", "the", "all", "all of these", "any more", "all your"}
	lists := []string{"your list", "this list", "the list", "all your lists", "your database", "your texting list", "your contacts", "ur list", "your system", "any of your lists"}

	add([]string{"stop", "quit", "cease", "can you stop", "could you please stop", "will you stop", "I want you to stop", "I asked you to stop", "i told you guys to stop", "would you kindly quit", "you need to stop"},
		[]string{"texting", "txting", "messaging", "contacting", "calling", "bothering", "spamming", "harassing"}, recipients)
	add([]string{"stop", "quit", "cease", "could you stop", "please just stop"}, []string{"", "sending me", "sending"}, whose, texts)
	add([]string{"do not", "don't", "dont", "Don’t", "do not ever", "don't ever", "never", "never ever", "I told you not to", "I said don't", "you may not"},
		[]string{"text", "txt", "message", "msg", "contact", "call", "call or text", "bother"}, recipients, []string{"", "again", "anymore", "ever again"})
	add([]string{"don't send", "do not send", "dont ever send", "please never send"}, []string{"", "me", "us"}, []string{"any more", "more", "your", "these", "any of your", "any", "any further"}, texts)
	add([]string{"I don't want", "i do not want", "we don't want", "I no longer want", "I don't need", "I no longer wish to receive", "I do not wish to get", "don't want to receive", "i dont want to get"},
		[]string{"", "any", "any more", "your", "these", "any of your"}, texts)
	add([]string{"no more", "no further", "enough with the"}, texts)
	add([]string{"remove", "delete", "take", "get", "please take", "can you remove", "I want you to remove", "I asked you to take", "would you take", "kindly remove"},
		[]string{"me", "us", "my number", "this number", "my phone number", "my name"}, []string{"off", "from", "off of", "out of"}, lists)
	add([]string{"remove", "delete", "lose", "erase"}, []string{"my number", "this number", "my phone number"})
	add([]string{"I want", "I'd like", "I would like", "we need", "I asked", "please I want"}, []string{"to be removed", "to be taken off", "to be deleted"}, []string{"", "from your list", "your list", "from all lists"})
	add([]string{"unsubscribe", "opt out", "opt-out", "optout", "unsubscribe me", "opt me out", "I want to unsubscribe", "let me opt out", "how do I unsubscribe", "i wish to opt out"}, []string{"", "from this", "of these messages", "from your list", "of your texts"})
	add([]string{"revoke", "withdraw", "I revoke", "I hereby revoke", "I withdraw", "I am revoking"}, []string{"consent", "my consent", "permission", "all consent", "my permission"}, []string{"", "to text me", "to be contacted"})
	add([]string{"leave"}, []string{"me", "us"}, []string{"alone", "the hell alone"})

	read, missed := 0, 0
	for i, wish := range wishes {
		for _, message := range []string{
			wish, greetings[i%len(greetings)] + wish, wish + closings[i%len(closings)],
			greetings[i/2%len(greetings)] + strings.ToUpper(wish) + closings[i/3%len(closings)],
		} {
			read++
			if optout.Read(message) != optout.Stop {
				missed++
				t.Errorf("%q is missed", message)
			}
		}
	}
	t.Logf("%d of %d are recognised", read-missed, read)
}

// TestPartsOfWhatIsNoOptOutCombine reads what looks like an opt-out and is about
// something else, or denies it.
func TestPartsOfWhatIsNoOptOutCombine(t *testing.T) {
	var others []string
	for _, verb := range []string{"cancel", "end", "revoke", "remove", "quit", "please stop", "can you stop", "we must stop", "I need to cancel", "could you remove", "how do I stop", "I want to stop", "I'd like to cancel"} {
		for _, object := range []string{"my appointment", "the leak", "this bill", "the noise next door", "our reservation", "my order", "the meeting", "the war", "my 3pm", "that fence", "the delivery", "my lease", "the old carpet"} {
			others = append(others, verb+" "+object)
		}
	}
	for _, denial := range []string{"don't", "do not", "please don't", "never", "please do not", "you don't have to", "I don't want you to", "don't ever"} {
		for _, wish := range []string{"stop texting me", "stop sending these", "unsubscribe me", "opt me out", "take me off the list", "remove me from your list", "cancel", "stop", "stop the texts"} {
			others = append(others, denial+" "+wish)
		}
	}
	for _, reaction := range []string{"Liked", "Loved", "Disliked", "Laughed at", "Emphasized", "Questioned", "Reacted 😂 to", "👍 to", "Removed a heart from", "A aimé", "Le gustó", "Gostou de"} {
		for _, quoted := range []string{"“Reply STOP to end”", "\"We are open. Text STOP to quit.\"", "« Envoyez STOP pour arrêter »", "“stop texting me”", "“STOP”", "“You get no more texts"} {
			others = append(others, reaction+" "+quoted)
		}
	}
	for _, other := range others {
		for _, after := range []string{"", ".", "?", " 🙂", "\n"} {
			if message := other + after; optout.Read(message) != optout.None {
				t.Errorf("%q is %q", message, optout.Read(message))
			}
		}
	}
	t.Logf("%d are read", 5*len(others))
}
