// Package math is the math line in Go: it asks for two numbers and says their
// sum. The same line is beside it in PHP and in Node; all three say the same
// words, so one saved call tests them all.
package math

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"strconv"

	"github.com/switchhook/switchhook/responder"
)

// Files are the same line in PHP and in Node, and a saved call to it.
//
//go:embed php/index.php node/server.js seven.jsonl
var Files embed.FS

const (
	maxTries  = 3 // how often a question is asked before we give up
	maxDigits = 9
)

var questions = map[string]string{
	"first":  "Welcome to the math line. Enter the first number, then press the hash key.",
	"second": "Enter the second number, then press the hash key.",
}

// line is what is remembered of a call between its requests.
type line struct {
	tries int
	first *int
}

// Handler returns the math line. Each call's state is kept under the cookie
// that a phone system holds for the length of the call.
func Handler() http.Handler {
	var sessions responder.Sessions[line]
	return responder.Handle(sessions.Func(answer))
}

// answer responds to the digits given to the question of the request. Which
// question that is is in the URL of our own action (?step=).
func answer(_ context.Context, req *responder.Request, call *line) (responder.Document, error) {
	step := req.Params.Get("step")
	if questions[step] == "" || call.tries == 0 || (step == "second" && call.first == nil) {
		*call = line{} // the first request, or one whose session was lost on the way
		return call.ask("first"), nil
	}
	number, ok := parse(req.Digits)
	switch {
	case !ok && call.tries >= maxTries:
		return goodbye("Sorry, I did not hear a number. Goodbye."), nil
	case !ok:
		return call.ask(step), nil
	case step == "first":
		call.first, call.tries = &number, 0
		return call.ask("second"), nil
	}
	sum := fmt.Sprintf("%d plus %d is %d.", *call.first, number, *call.first+number)
	return responder.Respond(responder.Say{Text: sum}, responder.Say{Text: "Goodbye."}, responder.Hangup{}), nil
}

// parse reads a number as it was keyed. A star in it is a slip.
func parse(digits string) (int, bool) {
	n, err := strconv.ParseUint(digits, 10, 32)
	return int(n), err == nil && len(digits) <= maxDigits
}

func (l *line) ask(step string) responder.Document {
	l.tries++
	return responder.Respond(responder.Gather{
		NumDigits:   maxDigits,
		FinishOnKey: "#",
		Action:      "?step=" + step, // relative, so that this works under any path
		Prompts:     []responder.Prompt{responder.Say{Text: questions[step]}},
	})
}

func goodbye(text string) responder.Document {
	return responder.Respond(responder.Say{Text: text}, responder.Hangup{})
}
