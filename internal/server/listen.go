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

// door is a setting that names an address to listen on, with the place for its
// listener.
type door struct {
	setting, address string
	listener         *net.Listener
}

// doors returns the doors of some settings. Only the first always has an
// address.
func (a *Server) doors(settings *config.Settings) []door {
	return []door{
		{listenSetting, string(settings.Listen), &a.listener},
		{dutySetting, string(dutyAddress(settings)), &a.duty},
		{metricsSetting, string(settings.MetricsListen), &a.metricsListener},
	}
}

// Listen opens the ports of the settings, or takes those that were handed over
// to the process. The settings win: a socket at another address is not used.
func (a *Server) Listen(ctx context.Context) (err error) {
	doors := slices.DeleteFunc(a.doors(a.site.Load().settings), func(d door) bool { return d.address == "" })
	sockets := a.options.Sockets
	for _, d := range doors {
		*d.listener = sockets.Take(d.setting, d.address)
	}
	a.giveUp(sockets.Rest())
	for _, d := range doors {
		if *d.listener != nil {
			continue
		}
		if *d.listener, err = a.open(ctx, d.address, d.setting); err != nil {
			return errors.Join(err, a.closeListeners())
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
		if socket.Name == listenSetting || socket.Name == dutySetting || socket.Name == metricsSetting {
			a.told(a.options.Manager.Drop(socket.Name))
			continue
		}
		a.log.Warn("socket not named by any setting", "address", address, "name", socket.Name,
			"hint", "let listen, oncall.listen or metrics_listen, and ListenStream of the socket unit, name the same address")
	}
}

// closeListeners closes the ports that are open.
func (a *Server) closeListeners() (err error) {
	for _, listener := range []net.Listener{a.listener, a.duty, a.metricsListener} {
		if listener == nil {
			continue
		}
		if closed := listener.Close(); !errors.Is(closed, net.ErrClosed) {
			err = errors.Join(err, closed)
		}
	}
	return err
}

// HandOver keeps the sockets open for the process that replaces this one. Stop
// the Server afterwards; its service manager is told that the service goes on.
func (a *Server) HandOver() (*handover.Held, error) {
	var sockets []handover.Socket
	for _, d := range a.doors(a.site.Load().settings) {
		if *d.listener != nil {
			sockets = append(sockets, handover.Socket{Name: d.setting, Listener: *d.listener})
		}
	}
	held, err := handover.Hold(sockets)
	a.handedOver.Store(err == nil)
	return held, err
}
