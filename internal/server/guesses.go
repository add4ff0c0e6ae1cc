package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/setting/guess"
)

// guessesEvery is how often we check whether the last network's wait is over.
const guessesEvery = 10 * time.Second

// guessed tells the operator of a network that is now made to wait, and notes
// it in the request's log line. It is guess.Config.Began.
func (a *Server) guessed(ctx context.Context, w guess.Wait) { tellOfGuesses(ctx, a.alerts, w) }

func tellOfGuesses(ctx context.Context, alerts *alert.Sender, w guess.Wait) {
	web.Note(ctx, slog.LevelWarn, "wrong secrets", slog.String("network", w.Network.String()), slog.String("waits", w.For.String()))
	where := string(w.Place)
	if w.Of != "" {
		where += " of " + w.Of
	}
	text := fmt.Sprintf("So many wrong secrets came from %s (%s) that nothing it shows counts for %s. "+
		"If it is yours, a program of yours has a wrong secret; else somebody guesses.", w.Network, where, w.For)
	if w.Exempt {
		text = fmt.Sprintf("Many wrong secrets came from %s (%s). It is not made to wait, because right ones come from there too, or allow_from names it. "+
			"If it is a proxy, name it in trusted_proxies, and have it say whose requests it passes on.", w.Network, where)
	}
	alerts.Raise(ctx, alert.Alert{Kind: alert.SecretsGuessed, Text: text})
}

// guesserRefused notes a request that was refused because of wrong secrets from
// its network. It is guess.Config.Refused.
func guesserRefused(ctx context.Context) {
	web.Note(ctx, slog.LevelWarn, "wrong secrets", slog.String("why", "too many wrong secrets came from its network"))
}

// watchGuesses tells the operator when no network has to wait any more.
func (a *Server) watchGuesses(ctx context.Context) { tellOfLastGuess(ctx, a.guesses, a.alerts) }

func tellOfLastGuess(ctx context.Context, guesses *guess.Watch, alerts *alert.Sender) {
	if guesses.Waiting() == 0 {
		alerts.Resolve(ctx, alert.SecretsGuessed, "")
	}
}
