package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/app"
	"github.com/switchhook/switchhook/internal/config"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/oncall"
)

// examineOnCall asks each source, and looks whether somebody can be rung on each
// route.
func examineOnCall(ctx context.Context, settings *config.Settings, show func(finding)) {
	keeper, closing, err := openKeeper(ctx, settings)
	if err != nil {
		show(finding{about: "on-call"}.failing(err.Error(), fault.HintOf(err)))
		return
	}
	defer func() { _ = closing() }() // nothing was written
	desk, err := app.NewDesk(settings, keeper)
	if err != nil {
		show(finding{about: "on-call"}.failing(err.Error(), fault.HintOf(err)))
		return
	}
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	keeper.Load(asking)
	keeper.Refresh(asking)
	for _, state := range keeper.States() {
		f := finding{verdict: fine, about: "on-call", text: fmt.Sprintf("%s answers: %d on call", state.Source, state.People)}
		if state.Failures > 0 {
			f = f.failing(fmt.Sprintf("%s: %s", state.Source, strings.TrimPrefix(state.Err.Error(), state.Source+": ")), fault.HintOf(state.Err))
		}
		show(f)
		for _, odd := range state.Oddities {
			show(finding{verdict: doubt, about: "on-call", text: state.Source + ": " + odd, mend: "mend it there, or give the number here: [oncall.numbers]"})
		}
	}
	for i := range settings.OnCall.Routes {
		name := string(settings.OnCall.Routes[i].Name)
		show(examineRoute(desk, name))
	}
}

// examineRoute says whom a route would ring now.
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
