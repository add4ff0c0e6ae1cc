// Package process runs a server as a process: it reloads the settings and
// upgrades the program on signals, and keeps memory within the limits.
package process

import (
	"context"
	"errors"
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

// Config is what a process is made of.
type Config struct {
	// Load reads the settings, at the start and at each reload.
	Load func() (*config.Settings, error)

	// Args are the arguments that this process was started with, the program
	// first. An upgrade starts the new program with them.
	Args []string

	// SettingsFile is where they are, for commands to copy; see server.Options.
	SettingsFile string

	Getenv func(string) string
	Log    *slog.Logger
}

// process is a server's process.
type process struct {
	Config
	server *server.Server
}

// Run serves until the context ends, as it does at the first SIGINT or SIGTERM. The
// second makes the server stop at once. SIGHUP reads the settings again, and SIGUSR2
// hands over to the program now installed at this one's path.
func Run(ctx context.Context, c Config) error {
	limitMemory(c.Log)
	// From here on, as an unhandled SIGHUP ends the process.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	ends := make(chan os.Signal, 2)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(ends)
	upgrades := make(chan os.Signal, 1)
	if handover.Possible {
		signal.Notify(upgrades, handover.Signal)
		defer signal.Stop(upgrades)
	}
	p := &process{Config: c}
	if err := p.start(ctx); err != nil {
		return err
	}
	upgrade := newUpgrade(c.Args, c.Log)
	serving, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	var signalled sync.WaitGroup
	signalled.Go(func() { p.reload(serving, hangups) })
	signalled.Go(func() {
		if upgrade.await(serving, upgrades, p.server) {
			stop()
		}
	})
	signalled.Go(func() { p.hurry(ends, ended) })
	err := p.server.Run(serving)
	stop()
	close(ended)
	signalled.Wait()
	return upgrade.finish(ctx, err)
}

// start makes the server, and listens: on sockets that the service manager or
// the program before an upgrade handed over, if there are any.
func (p *process) start(ctx context.Context) error {
	sockets, err := handover.Inherited(os.Getpid())
	if err != nil {
		p.Log.Warn("some sockets not handed over", "error", err.Error())
	}
	settings, err := p.Load()
	if err != nil {
		return err
	}
	manager, err := systemd.Find(p.Getenv, os.Getpid())
	if err != nil {
		p.Log.Warn("service manager not told", "error", err.Error())
	}
	p.server, err = server.New(ctx, settings, server.Options{Log: p.Log, Manager: manager, Sockets: sockets, SettingsFile: p.SettingsFile})
	if err != nil {
		return err
	}
	if err := p.server.Listen(ctx); err != nil {
		return errors.Join(err, p.server.Close())
	}
	return nil
}

// hurry makes the server stop at once at the second signal to stop. The first ends
// the context of Run.
func (p *process) hurry(signals <-chan os.Signal, ended <-chan struct{}) {
	for range 2 {
		select {
		case <-signals:
		case <-ended:
			return
		}
	}
	p.server.Hurry()
}

// reload reads the settings again at each SIGHUP. Invalid settings change
// nothing.
func (p *process) reload(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		reloaded := p.server.Reloading()
		settings, err := p.Load()
		if err == nil {
			err = p.server.Reload(ctx, settings)
		}
		reloaded()
		if err != nil {
			p.Log.Error("reload failed; old settings stay in force", "error", err.Error())
			p.server.ReloadFailed(ctx, err)
			continue
		}
		p.Log.Info("settings reloaded")
	}
}
