package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/alert"
	"github.com/switchhook/switchhook/internal/config"
	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/provision"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/textback"
	"github.com/switchhook/switchhook/internal/web"
	"github.com/switchhook/switchhook/netsapiens"
)

const (
	// provisionEvery is how often entries are looked for whose time has come.
	provisionEvery = 30 * time.Second

	// provisionPatience is how long one round may take. Whoever is not reached
	// in it is in the next.
	provisionPatience = 5 * time.Minute

	// keysAtOnce is how many chains that were made before there were keys are
	// given one in a round: of ten thousand the last after 35 minutes, and within
	// the hour where the phone system answers in 90 ms; each key asks it four times.
	keysAtOnce = 150

	// allEntries is the id of the one job that brings all entries in order.
	allEntries = "all"
)

// Provisioner returns what brings the phone system of the settings to what
// entries say.
func Provisioner(settings *config.Settings, client *netsapiens.Client, s *store.Store) *provision.Provisioner {
	return &provision.Provisioner{
		API: client, PublicURL: settings.PublicURL, Email: operationsEmail(settings), Records: s.Provisioned(), CheckEvery: settings.NetSapiens.CheckEvery,
		Keys: settings.TextBack.Keys == textback.AutoKeys,
	}
}

// form wires the form of texts.
func (a *App) form(s *site) *textback.Form {
	s.provisioner = Provisioner(s.settings, s.client, a.store)
	s.provisioner.Count = a.metrics.Step
	return &textback.Form{
		Secret: netsapiens.Secret(s.settings.Forms.Secret.Reveal()), Guesses: a.guesses, Store: s.entries, Provision: s.provisioner,
		Audit: a.store.Audit, Log: web.Note,
	}
}

// scheduleProvisioning makes the job that brings entries in order, which goes
// on from then by itself, in one of the servers of the database.
func (a *App) scheduleProvisioning(ctx context.Context) {
	if a.site.Load().provisioner == nil {
		return
	}
	if err := a.store.Schedule(ctx, provisionJob, allEntries, time.Now()); err != nil {
		a.troubled(ctx, "the phone system could not be compared with the entries", err)
	}
}

// workProvision brings those entries in order whose time has come: what failed
// is tried again, what was changed on the phone system is mended. Entries that
// nobody has ever provisioned here are left to the operator: what another
// program has made for them is not to change because this one was started.
func (a *App) workProvision(ctx context.Context, _ string) (again time.Time, err error) {
	s := a.site.Load()
	if s.provisioner == nil {
		return time.Time{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, provisionPatience-time.Minute)
	defer cancel()
	for _, keys := range [...]int{keysAtOnce, 0} { // what one entry has given up is another's at once
		if did, err := a.provisionDue(ctx, s, keys); err != nil || !did {
			return time.Time{}, err
		}
	}
	return time.Time{}, nil
}

// provisionDue brings those entries in order whose time has come, gives keys to
// as many chains that were made before there were keys, and reports whether there
// was anything to do.
func (a *App) provisionDue(ctx context.Context, s *site, keys int) (did bool, err error) {
	records, err := a.store.Provisioned().All(ctx)
	if err != nil {
		return false, err
	}
	known := make(map[string]bool, len(records))
	for _, r := range records {
		known[r.Entry] = true
	}
	var entries []*entry.Entry
	for _, e := range s.entries.All() {
		if known[e.ID] {
			entries = append(entries, e)
		}
	}
	now, common := time.Now(), s.provisioner.Settings()
	work := provision.Due(entries, records, common, now)
	give := make(map[string]bool)
	for _, e := range provision.Givable(entries, records, common, keys) {
		give[e.ID] = true
		if !slices.Contains(work.Apply, e) {
			work.Apply = append(work.Apply, e)
		}
	}
	a.keyless(ctx, provision.Keyless(s.entries.All(), records, common), now)
	for outcome, err := range s.provisioner.RunGiving(ctx, work.Apply, func(id string) bool { return give[id] }) {
		if err != nil {
			a.troubled(ctx, "what was made on the phone system could not be written down", err)
		}
		a.provisioned(ctx, outcome)
	}
	for _, id := range work.Remove {
		_, configured := s.entries.Get(id)
		outcome, err := s.provisioner.Remove(ctx, id, configured)
		if err != nil {
			a.troubled(ctx, "what was taken away from the phone system could not be written down", err)
		}
		a.provisioned(ctx, outcome)
	}
	return len(work.Apply)+len(work.Remove) > 0, nil
}

// provisioned tells the operator of what does not mend itself.
func (a *App) provisioned(ctx context.Context, o provision.Outcome) {
	if o.Entry == "" {
		return
	}
	if o.Plan.Writes() {
		a.log.InfoContext(ctx, "provisioned", "entry", o.Entry, "user", o.Report.User, "dial_rule", o.Report.DialRule, "answer_rule", o.Report.AnswerRule)
	}
	switch o.Condition {
	case provision.InOrder, provision.Away:
		a.alerts.Resolve(ctx, alert.ProvisionFailed, o.Entry)
		a.alerts.Resolve(ctx, alert.ProvisionConflict, o.Entry)
	case provision.Failing:
		if o.News {
			a.alerts.Raise(ctx, alert.Alert{Kind: alert.ProvisionFailed, About: o.Entry, Text: "It is tried again by itself. " + told(o)})
		}
	case provision.Disputed:
		if o.News {
			a.alerts.Raise(ctx, alert.Alert{Kind: alert.ProvisionConflict, About: o.Entry, Text: "A person has to see to it: switchhook provision --plan " + o.Entry + ". " + told(o)})
		}
	}
}

func told(o provision.Outcome) string {
	return fmt.Sprintf("Calls may not reach %s. User: %s. Dial rule: %s. Answer rule: %s.", o.Entry, o.Report.User, o.Report.DialRule, o.Report.AnswerRule)
}

// levels returns how things stand, for Prometheus.
func (a *App) levels(ctx context.Context) (web.Levels, error) {
	counts, due, err := a.store.Counts(ctx)
	if err != nil {
		return web.Levels{}, err
	}
	standing, err := a.store.Standing(ctx)
	if err != nil {
		return web.Levels{}, err
	}
	l := web.Levels{
		Texts: counts, OldestDue: due, Dead: standing.Dead, Suppressions: standing.Suppressions,
		Jobs: map[web.JobState]int{web.JobWaiting: standing.Waiting, web.JobRunning: standing.Running},
	}
	if free, known := a.store.Free(); known {
		l.Free = &free
	}
	records, err := a.store.Provisioned().All(ctx)
	if err != nil {
		return web.Levels{}, err
	}
	l.Entries = map[web.EntryState]int{}
	for _, r := range records {
		l.Entries[web.EntryState(r.Condition())]++
	}
	return l, nil
}
