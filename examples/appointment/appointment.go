// Package appointment is the telephone of a doctor's practice: a menu that takes
// keys and speech, asks again if it did not understand, and hands the caller to
// a person rather than ask a third time.
package appointment

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/responder"
)

// Files are saved calls to the practice.
//
//go:embed book.jsonl reception.jsonl
var Files embed.FS

// Reception is the extension that callers are handed to.
const Reception = "2000"

// maxTries is how often a question is asked: a caller who was not understood
// twice wants a person.
const maxTries = 2

// visit is what is remembered of a call between its requests.
type visit struct {
	day, half string
	tries     int // of the current question
}

// question is one step of the call.
type question struct {
	text    string
	choices []choice
	next    func(v *visit, word string) responder.Document
}

// choice is an answer: the key that gives it, and the word for it.
type choice struct{ key, word string }

// Handler returns the practice's telephone.
func Handler() http.Handler {
	var sessions responder.Sessions[visit]
	return responder.Handle(sessions.Func(answer))
}

// answer responds to what the caller pressed or said. Which question was asked
// is in the URL of our own action (?step=).
func answer(_ context.Context, req *responder.Request, v *visit) (responder.Document, error) {
	step := req.Params.Get("step")
	asked, ok := questions()[step]
	if !ok {
		*v = visit{}
		return v.ask("menu", "Welcome to the Elm Street practice."), nil
	}
	if word, ok := asked.understand(req); ok {
		v.tries = 0
		return asked.next(v, word), nil
	}
	if v.tries++; v.tries >= maxTries {
		return reception("Let me get you a person."), nil
	}
	return v.ask(step, "Sorry, I did not understand."), nil
}

// questions returns the steps by name.
func questions() map[string]question {
	return map[string]question{
		"menu": {
			text:    "To make an appointment, say book or press 1. For our hours, say hours or press 2. For reception, say reception or press 0.",
			choices: []choice{{"1", "book"}, {"2", "hours"}, {"0", "reception"}},
			next: func(v *visit, word string) responder.Document {
				switch word {
				case "book":
					return v.ask("day", "")
				case "hours":
					return v.ask("menu", "We are open Monday to Friday, 8 to 12 and 2 to 6.")
				}
				return reception("One moment, please.")
			},
		},
		"day": {
			text:    "Which day suits you? Say Monday to Friday, or press 1 to 5.",
			choices: []choice{{"1", "Monday"}, {"2", "Tuesday"}, {"3", "Wednesday"}, {"4", "Thursday"}, {"5", "Friday"}},
			next: func(v *visit, word string) responder.Document {
				v.day = word
				return v.ask("half", "")
			},
		},
		"half": {
			text:    "In the morning or in the afternoon? Press 1 for morning, 2 for afternoon.",
			choices: []choice{{"1", "morning"}, {"2", "afternoon"}},
			next: func(v *visit, word string) responder.Document {
				v.half = word
				return v.ask("confirm", fmt.Sprintf("%s %s.", v.day, v.half))
			},
		},
		"confirm": {
			text:    "Is that right? Say yes or press 1, or say no or press 2.",
			choices: []choice{{"1", "yes"}, {"2", "no"}},
			next: func(v *visit, word string) responder.Document {
				if word == "no" {
					return v.ask("day", "")
				}
				return responder.Respond(
					responder.Say{Text: fmt.Sprintf("We expect you on %s %s. Goodbye.", v.day, v.half)},
					responder.Hangup{},
				)
			},
		},
	}
}

// understand returns the word of the choice that the caller made.
func (q question) understand(req *responder.Request) (string, bool) {
	spoken := strings.FieldsFunc(strings.ToLower(req.Speech), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, c := range q.choices {
		if req.Digits == c.key || slices.Contains(spoken, strings.ToLower(c.word)) {
			return c.word, true
		}
	}
	return "", false
}

// ask asks a question, after something that is said first.
func (v *visit) ask(step, first string) responder.Document {
	q := questions()[step]
	var hints []string
	for _, c := range q.choices {
		hints = append(hints, c.word)
	}
	gather := responder.Gather{
		Input: responder.InputBoth, NumDigits: 1, Language: "en-US", Hints: strings.Join(hints, ","),
		Action: "?step=" + step, // relative, so that this works under any path
	}
	if first != "" {
		gather.Prompts = append(gather.Prompts, responder.Say{Text: first})
	}
	gather.Prompts = append(gather.Prompts, responder.Say{Text: q.text})
	return responder.Respond(gather)
}

func reception(text string) responder.Document {
	return responder.Respond(responder.Say{Text: text}, responder.Forward{To: Reception})
}
