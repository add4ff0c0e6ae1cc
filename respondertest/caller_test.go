package respondertest_test

import (
	"context"
	"testing"
	"time"

	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/respondertest"
)

// menu asks for a choice, again where nothing is heard, and forwards.
var menu = responder.Handle(func(_ context.Context, req *responder.Request) (responder.Document, error) {
	switch req.Digits {
	case "1":
		return responder.Respond(responder.Say{Text: "Connecting you to sales."}, responder.Forward{To: "2001"}), nil
	case "2":
		return responder.Respond(responder.Say{Text: "Goodbye."}, responder.Hangup{}), nil
	}
	return responder.Respond(responder.Gather{
		NumDigits: 1, Action: "/",
		Prompts: []responder.Prompt{responder.Say{Text: "Press one for sales, or two to leave."}},
	}), nil
})

func TestCallerHearsPressesAndIsForwarded(t *testing.T) {
	caller := respondertest.Call(t, menu)
	caller.Hears("press ONE for sales").Presses("1").Hears("Connecting you").IsForwardedTo("2001")
}

func TestCallerWaitsThroughTimeouts(t *testing.T) {
	caller := respondertest.Call(t, menu)
	caller.Hears("Press one").Waits(10 * time.Minute).Presses("2")
	caller.Hears("Goodbye").HearsNothingElse()
	caller.IsHungUpOn()
}

func TestCallerHangsUp(t *testing.T) {
	caller := respondertest.Call(t, menu)
	caller.Hears("Press one").HangsUp()
}

func TestScriptRunsAgainstHandler(t *testing.T) {
	respondertest.RunScript(t, menu, "expect two to leave\npress 2\nexpect goodbye\n")
}
