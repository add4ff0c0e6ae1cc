package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
)

// examineOnCall queries each source, and checks that everybody on call has a
// number, and that each route has somebody to call.
func examineOnCall(ctx context.Context, settings *config.Settings, show func(finding)) {
	if address := string(settings.OnCall.Listen); address != "" {
		show(examineOnCallListener(ctx, address))
	}
	keeper, desk, closing, err := openDesk(ctx, settings)
	if err != nil {
		show(finding{about: "on-call"}.failing(err.Error(), fault.HintOf(err)))
		return
	}
	defer func() { _ = closing() }() // nothing was written
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	keeper.Refresh(asking)
	for _, state := range keeper.States() {
		f := finding{verdict: fine, about: "on-call", text: fmt.Sprintf("%s answers: %d on call", state.Source, state.People)}
		if state.Failures > 0 {
			f = f.failing(fmt.Sprintf("%s: %s", state.Source, strings.TrimPrefix(state.Err.Error(), state.Source+": ")), hintOf(state.Err))
		}
		show(f)
		for _, odd := range state.Oddities {
			show(finding{verdict: doubt, about: "on-call", text: state.Source + ": " + odd, mend: "fix it there; a number may be given here instead: [oncall.numbers]"})
		}
	}
	for _, lack := range desk.Lacks() {
		show(finding{verdict: doubt, about: "on-call", text: fmt.Sprintf("%s: %s is on call, and has no number that can be rung", lack.Source, lack.Person),
			mend: "give the number there, or here: [oncall.numbers]"})
	}
	for i := range settings.OnCall.Routes {
		name := string(settings.OnCall.Routes[i].Name)
		show(examineRoute(desk, name))
	}
}

// examineOnCallListener checks on-call's own address.
func examineOnCallListener(ctx context.Context, address string) finding {
	f := finding{verdict: fine, about: "on-call", text: address + " is free"}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		_ = listener.Close()
		return f
	}
	body, _, asked := get(ctx, "http://"+server.Reachable(address)+"/voys-webhook")
	if asked == nil && body == "status=NAK" {
		f.text = address + ": an on-call webhook answers; if it is the service before, end that before this one starts"
		return f
	}
	return f.failing(fmt.Sprintf("%s cannot be listened on: %v", address, err), "end what listens there, or choose another address: oncall.listen")
}

// hintOf returns what to do about a source's error.
func hintOf(err error) string {
	if e, ok := errors.AsType[*source.Error](err); ok {
		return e.Hint
	}
	return fault.HintOf(err)
}

// examineRoute says whom a route would call now.
func examineRoute(desk *oncall.Desk, name string) finding {
	f := finding{verdict: fine, about: "on-call"}
	decision, steps, err := desk.Explain(oncall.Request{Route: name, Attempt: 1}, time.Now())
	if err != nil {
		return f.failing(fmt.Sprintf("the route %s cannot be asked: %v", name, err), fault.HintOf(err))
	}
	f.text = fmt.Sprintf("route %s: %s", name, steps[len(steps)-1])
	if decision.Number == "" || decision.Fallback {
		f.verdict, f.mend = doubt, "switchhook oncall who --route "+name+" says why"
	}
	return f
}
