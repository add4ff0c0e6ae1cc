package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/handover"
)

// The settings that name an address to listen on. Sockets are handed over by
// these names too.
const (
	listenSetting  = "listen"
	dutySetting    = "oncall.listen"
	metricsSetting = "metrics_listen"
)

// door is a setting that names an address to listen on, with its listener.
type door struct {
	setting, address string
	listener         net.Listener
}

// doorsOf returns the doors of some settings. The first is the main one, which
// is always there.
func doorsOf(settings *config.Settings) []*door {
	all := []*door{
		{setting: listenSetting, address: string(settings.Listen)},
		{setting: dutySetting, address: string(dutyAddress(settings))},
		{setting: metricsSetting, address: string(settings.MetricsListen)},
	}
	return slices.DeleteFunc(all, func(d *door) bool { return d.address == "" })
}

// Listen opens the ports of the settings, or takes those that were handed over
// to the process. The settings win: a socket at another address is not used. If
// it fails, call Close.
func (a *Server) Listen(ctx context.Context) (err error) {
	sockets := a.options.Sockets
	doors := doorsOf(a.site.Load().settings)
	for _, d := range doors {
		if d.listener = sockets.Take(d.setting, d.address); d.listener != nil {
			a.holds(d)
		}
	}
	a.giveUp(sockets.Rest())
	for _, d := range doors {
		if d.listener != nil {
			continue
		}
		if d.listener, err = a.open(ctx, d.address, d.setting); err != nil {
			return err
		}
		a.holds(d)
	}
	a.doors = doors
	for _, f := range a.features {
		if f.listen == nil {
			continue
		}
		if err := f.listen(); err != nil {
			return err
		}
	}
	return nil
}

// holds has a listener closed in the end.
func (a *Server) holds(d *door) {
	a.stops.add(d.setting, func(context.Context) error {
		if err := d.listener.Close(); !errors.Is(err, net.ErrClosed) { // it has mostly been drained
			return err
		}
		return nil
	})
}

// listener returns the open listener of a setting; nil: it has none.
func (a *Server) listener(setting string) net.Listener {
	for _, d := range a.doors {
		if d.setting == setting {
			return d.listener
		}
	}
	return nil
}

// open opens a port, and has the service manager hold it across restarts.
func (a *Server) open(ctx context.Context, address, setting string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be listened on", address), Err: err,
			Hint: "another program listens there, or the address is not this machine's; the setting is " + setting}
	}
	a.told(a.options.Manager.Keep(setting, listener))
	return listener, nil
}

// giveUp closes sockets that were handed over and that no setting names: they
// date from before a setting was changed, or from a socket unit that disagrees.
func (a *Server) giveUp(rest []handover.Socket) {
	for _, socket := range rest {
		address := socket.Listener.Addr().String()
		_ = socket.Listener.Close() // nobody has used it
		if slices.Contains([]string{listenSetting, dutySetting, metricsSetting}, socket.Name) {
			a.told(a.options.Manager.Drop(socket.Name))
			continue
		}
		a.log.Warn("socket not named by any setting", "address", address, "name", socket.Name,
			"hint", "let listen, oncall.listen or metrics_listen, and ListenStream of the socket unit, name the same address")
	}
}

// HandOver keeps the sockets open for the process that replaces this one. Stop
// the Server afterwards; its service manager is told that the service goes on.
func (a *Server) HandOver() (*handover.Held, error) {
	var sockets []handover.Socket
	for _, d := range a.doors {
		sockets = append(sockets, handover.Socket{Name: d.setting, Listener: d.listener})
	}
	held, err := handover.Hold(sockets)
	a.handedOver.Store(err == nil)
	return held, err
}
