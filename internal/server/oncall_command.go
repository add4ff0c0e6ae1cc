package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
)

// AskTimeout is how long the sources may take to say who is on call if a
// command asks them: a person is waiting.
const AskTimeout = 20 * time.Second

// OnCall returns on-call as a command sees it beside a server: with a store it
// has the server's last answers and knows whom the server called, and it writes
// nothing. The store is optional.
func OnCall(ctx context.Context, settings *config.Settings, s *store.Store) (*oncall.Keeper, *oncall.Dispatcher, error) {
	c := oncall.KeeperConfig{Log: slog.New(slog.DiscardHandler).LogAttrs} // States reports everything
	if s != nil {
		c.Answers = readOnly{s.OnCallAnswers()}
	}
	keeper, err := NewKeeper(settings, nil, c, false)
	if err != nil {
		return nil, nil, err
	}
	dispatcher, err := NewDispatcher(settings, keeper, s)
	if err != nil {
		return nil, nil, err
	}
	keeper.Load(ctx)
	dispatcher.Load(ctx)
	return keeper, dispatcher, nil
}

// readOnly are answers that only the server writes.
type readOnly struct{ store.OnCallAnswers }

// Save does nothing.
func (readOnly) Save(context.Context, string, source.Snapshot) error { return nil }
