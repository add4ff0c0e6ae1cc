package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/handover"
	"github.com/switchhook/switchhook/internal/server/systemd"
)

type serveCommand struct {
	settingsFlag
	Listen string `help:"Listen here instead of where the settings say." placeholder:"ADDRESS"`
	Check  bool   `help:"Read the settings, say what is wrong with them, and serve nothing."`
}

// Run serves until it is told to stop. SIGHUP reads the settings again, and
// SIGUSR2 hands over to the program now installed at this one's path.
func (c *serveCommand) Run(ctx context.Context, m *Main) error {
	if c.Check {
		return c.check(ctx, m)
	}
	log := slog.New(slog.NewTextHandler(m.Err, nil))
	limitMemory(log)
	// From here on, as an unhandled SIGHUP ends the process.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	upgrades := make(chan os.Signal, 1)
	if handover.Possible {
		signal.Notify(upgrades, handover.Signal)
		defer signal.Stop(upgrades)
	}
	sockets, err := handover.Inherited(os.Getpid())
	if err != nil {
		log.Warn("not all sockets were handed over", "error", err.Error())
	}
	settings, err := c.settings()
	if err != nil {
		return err
	}
	manager, err := systemd.Find(m.Getenv, os.Getpid())
	if err != nil {
		log.Warn("the service manager is not told how the server fares", "error", err.Error())
	}
	a, err := server.New(ctx, settings, server.Options{Log: log, Manager: manager, Sockets: sockets})
	if err != nil {
		return err
	}
	if err := a.Listen(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	upgrade := newUpgrade(m, log)
	serving, stop := context.WithCancel(ctx)
	var signalled sync.WaitGroup
	signalled.Go(func() { c.reload(serving, hangups, a, log) })
	signalled.Go(func() {
		if upgrade.await(serving, upgrades, a) {
			stop()
		}
	})
	err = a.Run(serving)
	stop()
	signalled.Wait()
	return upgrade.finish(ctx, err)
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

// reload reads the settings again at each SIGHUP. Invalid settings change
// nothing.
func (c *serveCommand) reload(ctx context.Context, hangups <-chan os.Signal, a *server.Server, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		reloaded := a.Reloading()
		settings, err := c.settings()
		if err == nil {
			err = a.Reload(ctx, settings)
		}
		reloaded()
		if err != nil {
			log.Error("the old settings stay in force", "error", err.Error())
			continue
		}
		log.Info("the settings were read anew")
	}
}
