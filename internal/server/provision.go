package server

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

const (
	// provisionEvery is how often we check for entries that are due.
	provisionEvery = 30 * time.Second

	// provisionPatience is how long one round may take. Entries that are not
	// reached wait for the next one.
	provisionPatience = 5 * time.Minute

	// keysAtOnce is how many chains from before there were keys get one in a
	// round. Of ten thousand the last gets it after 35 minutes, or within the
	// hour if the phone system takes 90 ms to answer; each key takes four
	// requests.
	keysAtOnce = 150

	// allEntries is the id of the one job that provisions all entries.
	allEntries = "all"
)

// Provisioner returns what makes the phone system match the entries.
func Provisioner(settings *config.Settings, client *netsapiens.Client, s *store.Store) *provision.Provisioner {
	return &provision.Provisioner{
		API: client, PublicURL: settings.PublicURL, Email: operationsEmail(settings), Records: s.Provisioned(), CheckEvery: settings.NetSapiens.CheckEvery,
		Keys: settings.TextBack.Keys == textback.AutoKeys, Fingerprints: new(provision.Fingerprints),
	}
}

// form wires the text-back form.
func (a *Server) form(s *site) *textback.Form {
	s.provisioner = Provisioner(s.settings, s.client, a.store)
	s.provisioner.Count = a.metrics.Step
	return &textback.Form{
		Secret: netsapiens.Secret(s.settings.Forms.Secret.Reveal()), Guesses: a.guesses, Store: s.entries, Provision: s.provisioner,
		Audit: a.store.Audit, Log: web.Note,
	}
}

// scheduleProvisioning makes the provisioning job, which repeats from then on,
// in one of the servers of the database.
func (a *Server) scheduleProvisioning(ctx context.Context) {
	if a.site.Load().provisioner == nil {
		return
	}
	if err := a.store.Schedule(ctx, provisionJob, allEntries, time.Now()); err != nil {
		a.troubled(ctx, "provisioning could not be scheduled", err)
	}
}

// workProvision provisions the entries that are due: it retries what failed and
// repairs what was changed on the phone system. Entries that were never
// provisioned here are left to the operator: starting this program must not
// change what another one has made for them.
func (a *Server) workProvision(ctx context.Context, _ string) (again time.Time, err error) {
	s := a.site.Load()
	if s.provisioner == nil {
		return time.Time{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, provisionPatience-time.Minute)
	defer cancel()
	for _, keys := range [...]int{keysAtOnce, 0} { // again, as entries may take what others have just given up
		if did, err := a.provisionDue(ctx, s, keys); err != nil || !did {
			return time.Time{}, err
		}
	}
	return time.Time{}, nil
}

// provisionDue provisions the entries that are due, gives a key to as many
// chains from before there were keys, and reports whether there was anything to
// do.
func (a *Server) provisionDue(ctx context.Context, s *site, keys int) (did bool, err error) {
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
	for outcome, err := range s.provisioner.ApplyAll(ctx, work.Apply, func(id string) bool { return give[id] }) {
		if err != nil {
			a.troubled(ctx, "what was provisioned could not be recorded", err)
		}
		a.provisioned(ctx, outcome)
	}
	for _, id := range work.Remove {
		_, configured := s.entries.Get(id)
		outcome, err := s.provisioner.Remove(ctx, id, configured)
		if err != nil {
			a.troubled(ctx, "what was removed could not be recorded", err)
		}
		a.provisioned(ctx, outcome)
	}
	return len(work.Apply)+len(work.Remove) > 0, nil
}

// provisioned tells the operator what needs their attention.
func (a *Server) provisioned(ctx context.Context, o provision.EntryResult) {
	if o.Entry == "" {
		return
	}
	if o.Plan.Writes() {
		a.log.InfoContext(ctx, "provisioned", "entry", o.Entry, "user", o.Report.User.String(), "dial_rule", o.Report.DialRule.String(), "answer_rule", o.Report.AnswerRule.String())
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
			a.alerts.Raise(ctx, alert.Alert{Kind: alert.ProvisionConflict, About: o.Entry, Text: "A person must resolve it: switchhook provision --plan " + o.Entry + ". " + told(o)})
		}
	}
}

func told(o provision.EntryResult) string {
	return fmt.Sprintf("Calls may not reach %s. User: %s. Dial rule: %s. Answer rule: %s.", o.Entry, o.Report.User, o.Report.DialRule, o.Report.AnswerRule)
}

// levels returns current values for Prometheus.
func (a *Server) levels(ctx context.Context) (web.Levels, error) {
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
