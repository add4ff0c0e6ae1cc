package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/process"
)

type serveCommand struct {
	settingsFlag
	Listen string `help:"Listen here instead of at the address in the settings." placeholder:"ADDRESS"`
	Check  bool   `help:"Check the settings, and serve nothing."`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, m *Main) error {
	if c.Check {
		return c.check(ctx, m)
	}
	return process.Run(ctx, process.Config{
		Load: c.settings, Args: append([]string{m.program()}, m.args...), SettingsFile: c.file(), Getenv: m.Getenv, Log: slog.New(slog.NewTextHandler(m.Err, nil)),
	})
}

// check reports what is wrong with the settings, and warns of what could be
// better.
func (c *serveCommand) check(ctx context.Context, m *Main) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	refused, warned := server.ShortSecrets(ctx, settings)
	if err := config.Refuse(refused); err != nil {
		return err
	}
	for _, p := range warned {
		m.warn(p.String())
	}
	if err := server.ReadNamedFiles(settings); err != nil {
		return err
	}
	_, err = fmt.Fprintln(m.Out, "the settings can be used")
	return err
}

func (c *serveCommand) settings() (*config.Settings, error) {
	flags := map[string]string{}
	if c.Listen != "" {
		flags["listen"] = c.Listen
	}
	return c.load(flags)
}
