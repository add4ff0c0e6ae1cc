package respondertest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/respondertest"
)

// reception is the responder that is tested.
func reception(_ context.Context, req *responder.Request) (responder.Document, error) {
	if req.Digits == "1" {
		return responder.Respond(
			responder.Say{Text: "One moment."},
			responder.Forward{To: "2001"},
		), nil
	}
	return responder.Respond(responder.Gather{
		NumDigits: 1, Action: "/",
		Prompts: []responder.Prompt{responder.Say{Text: "Press 1 for sales."}},
	}), nil
}

// A caller misses the question, hears it again, and is put through. In a test,
// t is the test's own: func TestCallerReachesSales(t *testing.T).
func Example() {
	t := newT()
	defer t.finish()

	caller := respondertest.Call(t, responder.Handle(reception), respondertest.From("+12125550123"))
	caller.Hears("press 1 for sales").Waits(6 * time.Second)
	caller.Hears("press 1 for sales").Presses("1")
	caller.Hears("One moment").IsForwardedTo("2001")

	for _, text := range caller.Heard() {
		fmt.Println(text)
	}
	// Output:
	// Press 1 for sales.
	// Press 1 for sales.
	// One moment.
}
