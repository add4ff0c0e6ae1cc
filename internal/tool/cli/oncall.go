package cli

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
)

type oncallCommand struct {
	Who      oncallWhoCommand      `cmd:"" help:"Say who would be rung, and why."`
	Override oncallOverrideCommand `cmd:"" help:"Have somebody else rung for a while."`
}

type oncallWhoCommand struct {
	settingsFlag
	Route   string `help:"The route, by name. Default: by --did and --code, otherwise the first." placeholder:"NAME" names:"route"`
	At      string `help:"At this time, such as 2026-01-31T12:00:00Z or 2026-01-31 12:00. Default: now." placeholder:"TIME"`
	Did     string `help:"The number that was called." placeholder:"NUMBER"`
	Code    string `help:"The keys that were pressed." placeholder:"KEYS"`
	From    string `help:"The caller." placeholder:"NUMBER"`
	Attempt int    `help:"The number of the attempt." default:"1" placeholder:"N"`
	Kept    bool   `help:"Use the server's last answers; ask no source."`
}

// Run explains whom the phone system would be told to call.
func (c *oncallWhoCommand) Run(ctx context.Context, m *Main) error {
	var at time.Time // zero: now
	var err error
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
	return withRecords(ctx, settings, unlessMissing(server.OpenStore), func(r *records) error {
		return c.explain(ctx, m, r, at)
	})
}

// explain asks the sources, unless what they said last is wanted, and prints
// the steps of the decision.
func (c *oncallWhoCommand) explain(ctx context.Context, m *Main, r *records, at time.Time) error {
	keeper, dispatcher, err := server.OnCall(ctx, r.settings, r.Store)
	if err != nil {
		return err
	}
	if !c.Kept {
		asking, cancel := context.WithTimeout(ctx, server.AskTimeout)
		keeper.RefreshAt(asking, at)
		cancel()
	}
	if at.IsZero() {
		at = time.Now()
	}
	_, steps, err := dispatcher.Explain(oncall.Request{Route: c.Route, DID: c.Did, Code: c.Code, Caller: c.From, Attempt: c.Attempt}, at)
	printSteps(m.Out, 2, steps)
	return err
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
