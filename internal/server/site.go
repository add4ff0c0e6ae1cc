package server

import (
	"context"
	"maps"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
)

// site is everything the server builds from one set of settings.
type site struct {
	settings *config.Settings
	parts    []sitePart
	handlers map[string]http.Handler // of listeners, by their settings
}

// newSite wires the features that settings switch on. They take what outlives a
// reload from the previous site, which may be nil.
func (a *Server) newSite(ctx context.Context, settings *config.Settings, before *site) (*site, error) {
	s := &site{settings: settings}
	for _, f := range a.features {
		p, err := f.wire(ctx, s, before)
		if err != nil {
			s.close()
			return nil, err
		}
		if p != nil {
			s.parts = append(s.parts, p)
		}
	}
	a.mount(s)
	return s, nil
}

// mount makes the listeners' handlers, with the server's own routes.
func (a *Server) mount(s *site) {
	checks := map[string]part.Check{"database": a.databaseWell}
	if s.settings.Alerts.Any() {
		checks["alerts"] = a.alertsArrive
	}
	all := map[string]*part.Routes{}
	add := func(setting string, routes part.Routes) {
		if all[setting] == nil {
			all[setting] = &part.Routes{}
		}
		all[setting].Add(routes)
	}
	for _, p := range s.parts {
		maps.Copy(checks, p.base().checks)
		for setting, routes := range p.base().routes {
			add(setting, routes)
		}
	}
	add(listenSetting, part.Routes{Operator: []part.Route{
		{Path: "/healthz", Name: "healthz", Handler: web.Alive(), Quiet: true},
		{Path: "/readyz", Name: "readyz", Handler: web.Ready(checks), Quiet: true},
	}})
	at, metrics := metricsSetting, promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{})
	if s.settings.MetricsListen == "" {
		at, metrics = listenSetting, a.door(metrics)
	}
	add(at, part.Routes{Operator: []part.Route{{Path: "/metrics", Name: "metrics", Handler: metrics, Quiet: true}}})
	s.handlers = make(map[string]http.Handler, len(all))
	for setting, routes := range all {
		s.handlers[setting] = web.New(web.Config{
			Routes: *routes, Bodies: a.bodies, Sums: a.sums, TrustedProxies: s.settings.TrustedProxies, Log: a.log, Observe: a.requests.Request,
			Visit: a.visits.is,
		})
	}
}

// door admits the operator's programs only.
func (a *Server) door(next http.Handler) http.Handler {
	return &wire.Door{Token: a.token, Guesses: a.guesses, Next: next}
}

// introduce logs what is served.
func (a *Server) introduce(s *site) {
	for _, p := range s.parts {
		if introduce := p.base().introduce; introduce != nil {
			introduce()
		}
	}
	if metrics := a.listener(metricsSetting); metrics != nil {
		a.log.Info("metrics are on", "address", metrics.Addr().String())
	}
	a.log.Info("listening", "address", a.Address())
}

// close closes the connections that only this site uses.
func (s *site) close() {
	for _, p := range s.parts {
		if closes := p.base().close; closes != nil {
			closes()
		}
	}
}
