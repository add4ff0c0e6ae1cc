package server

import (
	"context"
	"net/http"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/netsapiens"
)

// site is everything the server builds from one set of settings.
type site struct {
	settings *config.Settings
	handlers map[string]http.Handler // of listeners, by their settings

	entries     Entries
	client      *netsapiens.Client
	phoneSystem *alert.PhoneSystem
	eventsAt    func(domain string) string // where the phone system posts a domain's texts; nil: nowhere
	webhook     *textback.Webhook
	outbox      *textback.Outbox
	provisioner *provision.Provisioner
	callBacks   *clicktocall.Desk

	keeper *oncall.Keeper
	desk   *oncall.Desk

	core    *core.Core
	fetcher *fetch.Client   // asks the Core's responders
	prompts *prompt.Library // fetches the files that they play
	lines   *wire.Lines
	api     []web.Route // of the Core
	console []web.Route // of the Core, for its operator
}

// newSite wires the parts that settings switch on. It takes what outlives a
// reload from the previous site, which may be nil.
func (a *Server) newSite(ctx context.Context, settings *config.Settings, before *site) (*site, error) {
	s := &site{settings: settings, handlers: map[string]http.Handler{}}
	common := web.Config{Bodies: a.bodies, Sums: a.sums, TrustedProxies: settings.TrustedProxies, Log: a.log, Observe: a.metrics.Request}
	parts := common
	checks := map[string]web.Check{"database": a.databaseWell}
	if settings.NetSapiens != nil {
		var err error
		if parts.Webhooks, err = a.textBack(ctx, s, before); err != nil {
			return nil, err
		}
		calls, err := a.clickToCall(ctx, s)
		if err != nil {
			return nil, err
		}
		parts.Webhooks = append(parts.Webhooks, calls...)
		checks["entries"] = func(context.Context) error {
			return web.Impaired(s.entries.Problem()) // the last good entries are in force
		}
	}
	if settings.OnCall != nil {
		routes, err := a.onCall(s, before)
		if err != nil {
			return nil, err
		}
		if settings.OnCall.Listen == "" {
			parts.Webhooks = append(parts.Webhooks, routes...)
		} else {
			duty := common
			duty.Webhooks = routes
			s.handlers[dutySetting] = web.New(duty)
		}
	}
	if err := a.phoneSide(ctx, s, before); err != nil {
		return nil, err
	}
	parts.API = s.api
	parts.Operator = append([]web.Route{
		{Path: "/healthz", Name: "healthz", Handler: web.Alive(), Quiet: true},
		{Path: "/readyz", Name: "readyz", Handler: web.Ready(checks), Quiet: true},
	}, s.console...)
	metrics := web.Route{Path: "/metrics", Name: "metrics", Handler: a.metrics.Handler(), Quiet: true}
	if settings.MetricsListen == "" {
		metrics.Handler = a.door(metrics.Handler)
		parts.Operator = append(parts.Operator, metrics)
	} else {
		own := common
		own.Operator = []web.Route{metrics}
		s.handlers[metricsSetting] = web.New(own)
	}
	if s.callBacks != nil {
		preview := &wire.Door{Token: a.token, Guesses: a.guesses, Browsers: true, Next: a.preview(s)}
		parts.Operator = append(parts.Operator, web.Route{Path: "/console/widget", Name: "preview", Handler: preview})
	}
	s.handlers[listenSetting] = web.New(parts)
	return s, nil
}

// door admits the operator's programs only.
func (a *Server) door(next http.Handler) http.Handler {
	return &wire.Door{Token: a.token, Guesses: a.guesses, Next: next}
}

// operationsEmail returns the address of the system users. The phone system
// requires one; nothing is ever sent to it.
func operationsEmail(settings *config.Settings) string {
	if email := settings.NetSapiens.OperationsEmail; email != "" {
		return string(email)
	}
	return "operations@" + settings.PublicURL.Hostname()
}

// introduce logs what is served.
func (a *Server) introduce(s *site) {
	log := a.log
	if s.entries != nil {
		texts, queues := 0, 0
		for _, e := range s.entries.All() {
			if e.HasText() {
				texts++
			}
			if e.Queue != "" {
				queues++
			}
		}
		log.Info("text-back is on", "entries", WhereEntries(s.settings), "texts", texts,
			"phone_system", s.settings.NetSapiens.URL.String(), "public_url", s.settings.PublicURL.String())
		log.Info("click-to-call is on", "entries", queues)
	}
	if on := s.settings.OnCall; on != nil {
		attrs := []any{"sources", len(on.Sources), "routes", len(on.Routes)}
		if duty := a.listener(dutySetting); duty != nil {
			attrs = append(attrs, "address", duty.Addr().String()) // otherwise it shares the main listener
		}
		log.Info("on-call is on", attrs...)
	}
	if metrics := a.listener(metricsSetting); metrics != nil {
		log.Info("metrics are on", "address", metrics.Addr().String())
	}
	if s.core != nil {
		log.Info("the Core is on", "domain", string(s.settings.Core.Domain))
	}
}

// close closes the connections that only this site uses.
func (s *site) close() {
	if s.client != nil {
		s.client.CloseIdle()
	}
	if s.fetcher != nil {
		s.prompts.Close()
		s.fetcher.CloseIdle()
	}
}
