package server

import (
	"context"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/netsapiens"
)

// phoneSystem is the phone system of the settings, with the entries of its
// domains: what text-back, click-to-call and provisioning share.
type phoneSystem struct {
	partBase

	settings *config.Settings
	entries  *entry.Book
	client   *netsapiens.Client
	health   *alert.PhoneSystem
}

func (a *Server) phoneSystem() feature {
	return feature{wire: func(ctx context.Context, s, before *site) (sitePart, error) {
		if s.settings.NetSapiens == nil {
			return nil, nil
		}
		p, old, host := &phoneSystem{settings: s.settings}, partOf[*phoneSystem](before), s.settings.NetSapiens.URL.Host
		if old != nil && old.settings.NetSapiens.URL.Host == host {
			p.health = old.health // otherwise an alert of now would never be resolved
		} else {
			p.health = alert.NewPhoneSystem(a.alerts, host)
		}
		var err error
		if old != nil && old.settings.DomainsFile == s.settings.DomainsFile {
			p.entries = old.entries
		} else if p.entries, err = a.openEntries(ctx, s.settings); err != nil {
			return nil, err
		}
		if p.client, err = Client(s.settings); err != nil {
			return nil, err
		}
		p.checks = map[string]part.Check{"entries": func(context.Context) error {
			return part.Impaired(p.entries.Problem()) // the last good entries are in force
		}}
		p.close = p.client.CloseIdle
		return p, nil
	}}
}

// Client returns a client of the settings' phone system.
func Client(settings *config.Settings) (*netsapiens.Client, error) {
	section := settings.NetSapiens
	return netsapiens.New(netsapiens.Config{URL: section.URL.String(), Token: netsapiens.Secret(section.Token.Reveal())})
}
