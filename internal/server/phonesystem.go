package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
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
}

// probeJob is the kind of the job that asks whether the phone system answers; its
// id is the host. One server of the database works it.
const probeJob = "probe"

const (
	// probeEvery is how often it is asked: for the little that any token may read.
	probeEvery = time.Minute

	// probeTimeout is how long it may take to answer.
	probeTimeout = 10 * time.Second

	// probePatience is how long the job may take.
	probePatience = time.Minute
)

func (a *Server) phoneSystem() feature {
	wire := func(ctx context.Context, s, before *site) (sitePart, error) {
		if s.settings.NetSapiens == nil {
			return nil, nil
		}
		p, old := &phoneSystem{settings: s.settings}, partOf[*phoneSystem](before)
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
	}
	return feature{
		wire:  wire,
		jobs:  []part.Job{{Kind: probeJob, Patience: probePatience, Work: a.probePhoneSystem}},
		loops: []part.Loop{{Every: probeEvery, Do: a.scheduleProbe}, {Every: entriesEvery, Do: a.watchEntries}},
	}
}

// host names the phone system.
func (p *phoneSystem) host() string { return p.settings.NetSapiens.URL.Host }

// down is the alert that the phone system is down, as the cause of others.
func (p *phoneSystem) down() alert.Key {
	return alert.Key{Kind: alert.PhoneSystemDown, About: p.host()}
}

// scheduleProbe makes the job that asks the phone system, unless there is one: it
// repeats itself.
func (a *Server) scheduleProbe(ctx context.Context) {
	p := partOf[*phoneSystem](a.site.Load())
	for _, host := range a.alerts.Standing(alert.PhoneSystemDown) {
		if p == nil || host != p.host() {
			a.alerts.Resolve(ctx, alert.PhoneSystemDown, host, "The settings do not name it any more.")
		}
	}
	if p == nil {
		return
	}
	if err := a.store.Schedule(ctx, probeJob, p.host(), time.Now().Add(probeEvery)); err != nil {
		a.troubled(ctx, "phone system not asked whether it answers", err)
	}
}

// probePhoneSystem asks whether the phone system answers, and tells the operator
// if it does not for a while. A refusal is an answer.
func (a *Server) probePhoneSystem(ctx context.Context, host string) (again time.Time, err error) {
	p := partOf[*phoneSystem](a.site.Load())
	if p == nil || p.host() != host {
		return time.Time{}, nil // the settings name another
	}
	asking, cancel := context.WithTimeout(ctx, probeTimeout)
	_, unanswered := p.client.Version(asking)
	cancel()
	switch {
	case ctx.Err() != nil: // the server stops
	case unanswered == nil || netsapiens.Permanent(unanswered):
		if since, down := a.alerts.Since(p.down()); down {
			a.alerts.Resolve(ctx, alert.PhoneSystemDown, host, a.afterOutage(ctx, since))
			a.retryProvisioning(ctx)
		}
	default:
		a.alerts.Raise(ctx, alert.Alert{Kind: alert.PhoneSystemDown, About: host, Text: fmt.Sprintf(
			"The phone system %s does not answer (%v): callers get no texts, buttons no calls, and entries are not provisioned.", host, unanswered),
			Do: "See what is the matter with: switchhook doctor"})
	}
	return time.Now().Add(probeEvery), nil //nolint:nilerr // that it does not answer is told, and no failure of the job
}

// maxResent is how many texts are named one by one in a command that sends them
// again.
const maxResent = 10

// beforeOutage is how long before the first unanswered question texts may have
// failed for the same reason: it is asked each minute, and texts that fail wait for
// it for three.
const beforeOutage = 3 * time.Minute

// afterOutage says what became of the texts of an outage, and what to do now.
func (a *Server) afterOutage(ctx context.Context, since time.Time) string {
	const itself = "Texts and calls go out again, and entries are provisioned by themselves."
	dead, err := a.store.Texts(ctx, ledger.Query{State: ledger.Dead, Since: since.Add(-beforeOutage)})
	if err != nil {
		return itself
	}
	var ids []string
	for _, t := range dead {
		if t.Why == ledger.Failed {
			ids = append(ids, t.ID)
		}
	}
	switch n := len(ids); {
	case n == 0:
		return itself + " There is nothing to do."
	case n <= maxResent:
		return fmt.Sprintf("%s Texts that failed and stay unsent: %d. Send them with: switchhook texts resend %s", itself, n, strings.Join(ids, " "))
	default:
		hours := int(time.Since(since).Hours()) + resendWithin
		return fmt.Sprintf("%s Texts that failed and stay unsent: %d. Send them with: switchhook texts resend --dead --why failed --since %dh", itself, n, hours)
	}
}

// resendWithin is how many hours after an outage the command that sends its texts
// again still finds all of them.
const resendWithin = 12

// Client returns a client of the settings' phone system.
func Client(settings *config.Settings) (*netsapiens.Client, error) {
	section := settings.NetSapiens
	return netsapiens.New(netsapiens.Config{URL: section.URL.String(), Token: netsapiens.Secret(section.Token.Reveal())})
}
