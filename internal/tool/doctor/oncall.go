package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
)

const aboutOnCall = "on-call"

// onCall queries each source, and checks that everybody on call has a number,
// and that each route has somebody to call.
func (e *examination) onCall(ctx context.Context) {
	if address := string(e.settings.OnCall.Listen); address != "" {
		e.onCallListener(ctx, address)
	}
	keeper, dispatcher, err := server.OnCall(ctx, e.settings, e.store)
	if err != nil {
		e.failed(aboutOnCall, err)
		return
	}
	asking, cancel := context.WithTimeout(ctx, server.AskTimeout)
	defer cancel()
	keeper.Refresh(asking)
	for _, state := range keeper.States() {
		if state.Failures > 0 {
			e.fail(aboutOnCall, fmt.Sprintf("%s: %s", state.Source, strings.TrimPrefix(state.Err.Error(), state.Source+": ")), fault.HintOf(state.Err))
		} else {
			e.ok(aboutOnCall, fmt.Sprintf("%s answers: %d on call", state.Source, state.People))
		}
		for _, odd := range state.Oddities {
			e.warn(aboutOnCall, state.Source+": "+odd, "fix it there; a number may be given here instead: [oncall.numbers]")
		}
	}
	for _, lack := range dispatcher.Lacks() {
		e.warn(aboutOnCall, fmt.Sprintf("%s: %s is on call, and has no number that can be rung", lack.Source, lack.Person),
			"give the number there, or here: [oncall.numbers]")
	}
	for i := range e.settings.OnCall.Routes {
		e.route(dispatcher, string(e.settings.OnCall.Routes[i].Name))
	}
}

// onCallListener checks on-call's own address.
func (e *examination) onCallListener(ctx context.Context, address string) {
	err := tryListening(ctx, address)
	if err == nil {
		e.ok(aboutOnCall, address+" is free")
		return
	}
	body, _, asked := e.visit(ctx, "http://"+server.Reachable(address)+"/voys-webhook")
	if asked == nil && body == alive {
		e.ok(aboutOnCall, address+": a server of ours answers")
		return
	}
	if asked == nil && body == "status=NAK" {
		e.ok(aboutOnCall, address+": an on-call webhook answers; if it is pagerduty-voys-webhook, stop that before this server starts")
		return
	}
	e.taken(aboutOnCall, address, err, "oncall.listen")
}

// route says whom a route would call now.
func (e *examination) route(dispatcher *oncall.Dispatcher, name string) {
	decision, steps, err := dispatcher.Explain(oncall.Request{Route: name, Attempt: 1}, time.Now())
	if err != nil {
		e.fail(aboutOnCall, fmt.Sprintf("the route %s cannot be asked: %v", name, err), fault.HintOf(err))
		return
	}
	text := fmt.Sprintf("route %s: %s", name, steps[len(steps)-1])
	if decision.Number == "" || decision.Fallback {
		e.warn(aboutOnCall, text, "switchhook oncall who --route "+name+" says why")
		return
	}
	e.ok(aboutOnCall, text)
}
