package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/switchhook/switchhook/internal/config"
	"github.com/switchhook/switchhook/internal/console"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/provision"
	"github.com/switchhook/switchhook/internal/textback"
	"github.com/switchhook/switchhook/internal/web"
	"github.com/switchhook/switchhook/netsapiens"
)

// site is what one set of settings makes of the server.
type site struct {
	settings *config.Settings
	handler  http.Handler

	entries *entry.File
	client  *netsapiens.Client
	webhook *textback.Webhook

	core    *core.Core
	fetcher *fetch.Client // asks the Core's responders
	lines   *console.Lines
	api     []web.Route // of the Core
	console []web.Route // of the Core, for its operator
}

// newSite wires the parts that settings switch on. What outlives settings is
// taken from the site before, which may be nil.
func (a *App) newSite(ctx context.Context, settings *config.Settings, before *site) (*site, error) {
	s := &site{settings: settings}
	parts := web.Config{TrustedProxies: settings.TrustedProxies, Log: a.log, Observe: a.metrics.Request}
	checks := map[string]web.Check{}
	if settings.NetSapiens != nil {
		var err error
		if parts.Webhooks, err = a.textBack(s, before); err != nil {
			return nil, err
		}
		checks["entries"] = func(context.Context) error {
			return web.Impaired(s.entries.Problem()) // what was last read is in force
		}
	}
	if err := a.phoneSide(ctx, s, before); err != nil {
		return nil, err
	}
	parts.API = s.api
	parts.Operator = append([]web.Route{
		{Path: "/healthz", Name: "healthz", Handler: web.Alive(), Quiet: true},
		{Path: "/readyz", Name: "readyz", Handler: web.Ready(checks), Quiet: true},
		{Path: "/metrics", Name: "metrics", Handler: a.metrics.Handler(), Local: true, Quiet: true},
	}, s.console...)
	s.handler = web.New(parts)
	return s, nil
}

// textBack wires the webhook and the form.
func (a *App) textBack(s *site, before *site) ([]web.Route, error) {
	settings := s.settings
	var err error
	if before != nil && before.entries != nil && EntriesFile(before.settings) == EntriesFile(settings) {
		s.entries = before.entries
	} else if s.entries, err = a.openEntries(settings); err != nil {
		return nil, err
	}
	s.client, err = netsapiens.New(netsapiens.Config{
		URL: settings.NetSapiens.URL.String(), Token: netsapiens.Secret(settings.NetSapiens.Token.Reveal()),
	})
	if err != nil {
		return nil, err
	}
	webhook := textback.Config{
		Entries: s.entries, Sender: s.client, Patience: settings.TextBack.Patience, Texts: texts(settings.TextBack.Texts), Log: web.Note,
		Count: func(reason textback.Reason) { a.metrics.Text(string(reason)) },
	}
	if before != nil && before.webhook != nil {
		s.webhook, err = before.webhook.With(webhook)
	} else {
		s.webhook, err = textback.NewWebhook(webhook)
	}
	if err != nil {
		return nil, err
	}
	form := &textback.Form{
		Secret: netsapiens.Secret(settings.Forms.Secret.Reveal()), Store: s.entries, Log: web.Note,
		Provision: &provision.Provisioner{
			API: s.client, PublicURL: settings.PublicURL, Email: operationsEmail(settings), Count: a.metrics.Step,
		},
	}
	return []web.Route{
		{Path: "/webresponder", Name: "webresponder", Handler: s.webhook},
		{Path: "/update-sms", Name: "update-sms", Handler: form},
	}, nil
}

// texts returns what callers hear, as far as the settings say it.
func texts(t config.Texts) textback.Texts {
	return textback.Texts{
		textback.Sent: string(t.Sent), textback.Failed: string(t.Failed), textback.Uncertain: string(t.Uncertain),
		textback.Refused: string(t.Refused), textback.Anonymous: string(t.Anonymous), textback.OnNet: string(t.OnNet),
		textback.ShortNumber: string(t.Short), textback.UnknownID: string(t.UnknownID), textback.Incomplete: string(t.Incomplete),
		textback.BadRequest: string(t.BadRequest),
	}
}

// operationsEmail returns the address of the system users. The phone system
// demands one; nothing is ever sent to it.
func operationsEmail(settings *config.Settings) string {
	if email := settings.NetSapiens.OperationsEmail; email != "" {
		return string(email)
	}
	return "operations@" + settings.PublicURL.Hostname()
}

// EntriesFile returns where the entries are: in the operator's file, else in
// the data folder.
func EntriesFile(settings *config.Settings) string {
	if settings.DomainsFile != "" {
		return string(settings.DomainsFile)
	}
	return filepath.Join(string(settings.Data), "domains.json")
}

// openEntries opens the file of entries.
func (a *App) openEntries(settings *config.Settings) (*entry.File, error) {
	if err := MakeEntriesFolder(settings); err != nil {
		return nil, err
	}
	path := EntriesFile(settings)
	entries, err := entry.Open(path, a.entriesProblem)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		a.log.Warn("there is no file of entries yet", "file", path)
	}
	return entries, nil
}

// MakeEntriesFolder makes the data folder, where the entries are in it.
func MakeEntriesFolder(settings *config.Settings) error {
	if settings.DomainsFile != "" {
		return nil // a folder of the operator's; a slip in its name is not to be made one
	}
	if err := os.MkdirAll(string(settings.Data), 0o700); err != nil {
		return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the data folder %s cannot be made", settings.Data), Err: err,
			Hint: "give it to the user that serves, or name another: data"}
	}
	return nil
}

// entriesProblem tells of a file that has broken or was mended.
func (a *App) entriesProblem(err error) {
	if err == nil {
		a.log.Info("the file of entries can be read again")
		return
	}
	a.metrics.EntriesProblem()
	a.log.LogAttrs(context.Background(), slog.LevelError, "the file of entries has a problem", slog.String("error", err.Error()))
}

// introduce says what is served.
func (s *site) introduce(log *slog.Logger) {
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
		log.Info("text-back is on", "entries", EntriesFile(s.settings), "texts", texts,
			"phone_system", s.settings.NetSapiens.URL.String(), "public_url", s.settings.PublicURL.String())
		if queues > 0 {
			log.Warn("this version has no click-to-call: leave its routes with the service that answers them", "entries", queues)
		}
	}
	if s.core != nil {
		log.Info("the Core is on", "domain", string(s.settings.Core.Domain))
	}
}

// close closes the connections that only this site keeps.
func (s *site) close() {
	if s.client != nil {
		s.client.CloseIdle()
	}
	if s.fetcher != nil {
		s.fetcher.CloseIdle()
	}
}
