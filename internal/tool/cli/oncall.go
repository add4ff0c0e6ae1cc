package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
)

type oncallCommand struct {
	Who oncallWhoCommand `cmd:"" help:"Say who would be rung, and why."`
}

type oncallWhoCommand struct {
	settingsFlag
	Route   string `help:"The route, by name. Without it: by --did and --code, else the first." placeholder:"NAME"`
	At      string `help:"At this time, such as 2026-01-31T12:00:00Z or 2026-01-31 12:00. Without it: now." placeholder:"TIME"`
	Did     string `help:"The number that was called." placeholder:"NUMBER"`
	Code    string `help:"The keys that were pressed." placeholder:"KEYS"`
	From    string `help:"The caller." placeholder:"NUMBER"`
	Attempt int    `help:"Which attempt it is." default:"1" placeholder:"N"`
	Kept    bool   `help:"Ask nobody: go by what the server was told last."`
}

// askTimeout is how long the sources may take to say who is on call. A person
// is waiting.
const askTimeout = 20 * time.Second

// Run explains whom the phone system would be told to call.
func (c *oncallWhoCommand) Run(ctx context.Context, m *Main) (err error) {
	at := time.Now()
	if c.At != "" {
		if at, err = readTime(c.At); err != nil {
			return err
		}
	}
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	if settings.OnCall == nil {
		return fault.Newf(fault.Invalid, "on-call is off: there is no section [oncall]")
	}
	keeper, desk, closing, err := openDesk(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	if !c.Kept {
		var of time.Time
		if c.At != "" {
			of = at
		}
		asking, cancel := context.WithTimeout(ctx, askTimeout)
		keeper.RefreshAt(asking, of)
		cancel()
	}
	_, steps, err := desk.Explain(oncall.Request{Route: c.Route, DID: c.Did, Code: c.Code, Caller: c.From, Attempt: c.Attempt}, at)
	if err != nil {
		return err
	}
	for i, step := range steps {
		fmt.Fprintf(m.Out, "%2d. %s\n", i+1, step)
	}
	return nil
}

// readTime parses a time as people write it; without a zone it is this
// machine's local time.
func readTime(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fault.Newf(fault.Invalid, "%.40q is not a time", text).WithHint("write it as 2026-01-31T12:00:00Z, or as 2026-01-31 12:00 by this machine's clock")
}

// openDesk returns a desk and what asks its sources. If there is a database,
// they know the server's last answers and whom it has called, and write
// nothing.
func openDesk(ctx context.Context, settings *config.Settings) (*oncall.Keeper, *oncall.Desk, func() error, error) {
	closing := func() error { return nil }
	s, err := server.OpenStore(ctx, settings)
	switch {
	case err == nil:
		closing = s.Close
	case fault.CodeOf(err) != fault.NotFound:
		return nil, nil, nil, err
	}
	answers := oncall.KeeperConfig{Log: slog.New(slog.DiscardHandler).LogAttrs} // State reports everything
	if s != nil {
		answers.Answers = readOnly{s.OnCallAnswers()}
	}
	keeper, err := server.NewKeeper(settings, nil, answers, false)
	var desk *oncall.Desk
	if err == nil {
		desk, err = server.NewDesk(settings, keeper, s)
	}
	if err != nil {
		return nil, nil, nil, errors.Join(err, closing())
	}
	keeper.Load(ctx)
	desk.Load(ctx)
	return keeper, desk, closing, nil
}

// readOnly are answers that only the server writes.
type readOnly struct{ store.OnCallAnswers }

// Save does nothing.
func (readOnly) Save(context.Context, string, source.Snapshot) error { return nil }
