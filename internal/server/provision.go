package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

// provisionJob is the kind of the jobs that provision.
const provisionJob = "provision"

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

// provisioning makes the phone system match the entries.
type provisioning struct {
	*Server

	metrics  provision.Metrics
	suspects provision.Suspects
	madeKeys *provision.MadeKeys
}

// provisioningPart is its part of a site.
type provisioningPart struct {
	partBase

	system      *phoneSystem
	provisioner *provision.Provisioner
}

func newProvisioning(a *Server) *provisioning {
	return &provisioning{Server: a, metrics: provision.NewMetrics(), madeKeys: provision.NewMadeKeys(a.store.Provisioned().Load)}
}

func (f *provisioning) feature() feature {
	return feature{
		wire:    f.wire,
		jobs:    []part.Job{{Kind: provisionJob, Patience: provisionPatience, Work: f.work}},
		loops:   []part.Loop{{Every: provisionEvery, Do: f.schedule}, {Every: provision.SuspectsEvery, Do: f.lookAtSuspects}},
		metrics: []prometheus.Collector{f.metrics},
	}
}

func (f *provisioning) wire(_ context.Context, s, _ *site) (sitePart, error) {
	system := partOf[*phoneSystem](s)
	if system == nil {
		return nil, nil
	}
	p := &provisioningPart{system: system, provisioner: Provisioner(s.settings, system.client, f.store)}
	p.provisioner.Count = f.metrics.Step
	return p, nil
}

// Provisioner returns what makes the phone system match the entries; without a
// store it has no records.
func Provisioner(settings *config.Settings, client *netsapiens.Client, s *store.Store) *provision.Provisioner {
	p := &provision.Provisioner{
		API: client, PublicURL: settings.PublicURL, Email: operationsEmail(settings), CheckEvery: settings.NetSapiens.CheckEvery,
		Keys: settings.TextBack.Keys == textback.AutoKeys, Fingerprints: new(provision.Fingerprints),
	}
	if s != nil {
		p.Records = s.Provisioned()
	}
	return p
}

// operationsEmail returns the address of the system users. The phone system
// requires one; nothing is ever sent to it.
func operationsEmail(settings *config.Settings) string {
	if email := settings.NetSapiens.OperationsEmail; email != "" {
		return string(email)
	}
	return "operations@" + settings.PublicURL.Hostname()
}

// schedule makes the provisioning job, which repeats from then on,
// in one of the servers of the database.
func (f *provisioning) schedule(ctx context.Context) {
	if partOf[*provisioningPart](f.site.Load()) == nil {
		return
	}
	if err := f.store.Schedule(ctx, provisionJob, allEntries, time.Now()); err != nil {
		f.troubled(ctx, "provisioning not scheduled", err)
	}
}

// work provisions the entries that are due: it retries what failed and
// repairs what was changed on the phone system. Entries that were never
// provisioned here are left to the operator: starting this program must not
// change what another one has made for them.
func (f *provisioning) work(ctx context.Context, _ string) (again time.Time, err error) {
	p := partOf[*provisioningPart](f.site.Load())
	if p == nil {
		return time.Time{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, provisionPatience-time.Minute)
	defer cancel()
	for _, keys := range [...]int{keysAtOnce, 0} { // again, as entries may take what others have just given up
		if did, err := f.provisionDue(ctx, p, keys); err != nil || !did {
			return time.Time{}, err
		}
	}
	return time.Time{}, nil
}

// provisionDue provisions the entries that are due, gives a key to as many
// chains from before there were keys, and reports whether there was anything to
// do.
func (f *provisioning) provisionDue(ctx context.Context, p *provisioningPart, keys int) (did bool, err error) {
	records, err := f.store.Provisioned().All(ctx)
	if err != nil {
		return false, err
	}
	known := make(map[string]bool, len(records))
	for _, r := range records {
		known[r.Entry] = true
	}
	var entries []*entry.Entry
	for _, e := range p.system.entries.All() {
		if known[e.ID] {
			entries = append(entries, e)
		}
	}
	now, common := time.Now(), p.provisioner.Settings()
	work := provision.Due(entries, records, common, now)
	give := make(map[string]bool)
	for _, e := range provision.Givable(entries, records, common, keys) {
		give[e.ID] = true
		if !slices.Contains(work.Apply, e) {
			work.Apply = append(work.Apply, e)
		}
	}
	f.keyless(ctx, provision.Keyless(p.system.entries.All(), records, common))
	for outcome, err := range p.provisioner.ApplyAll(ctx, work.Apply, func(id string) bool { return give[id] }) {
		if err != nil {
			f.troubled(ctx, "provisioning result not recorded", err)
		}
		f.provisioned(ctx, outcome)
	}
	for _, id := range work.Remove {
		// A file of entries that is missing or broken is no reason to forget.
		configured := p.system.entries.Has(id) || !p.system.entries.Complete()
		outcome, err := p.provisioner.Remove(ctx, id, "", configured)
		if err != nil {
			f.troubled(ctx, "removal result not recorded", err)
		}
		f.provisioned(ctx, outcome)
	}
	return len(work.Apply)+len(work.Remove) > 0, nil
}

// provisioned tells the operator what needs their attention.
func (f *provisioning) provisioned(ctx context.Context, o provision.EntryResult) {
	if o.Entry == "" {
		return
	}
	if o.Plan.Writes() {
		f.log.InfoContext(ctx, "provisioned", "entry", o.Entry, "user", o.Report.User.String(), "dial_rule", o.Report.DialRule.String(), "answer_rule", o.Report.AnswerRule.String())
	}
	switch o.Condition {
	case provision.InOrder, provision.Away:
		f.alerts.Resolve(ctx, alert.ProvisionFailed, o.Entry, nothingToDo)
		f.alerts.Resolve(ctx, alert.ProvisionConflict, o.Entry, nothingToDo)
	case provision.Failing:
		a := alert.Alert{Kind: alert.ProvisionFailed, About: o.Entry, Text: told(o),
			Do: "It is tried again by itself; see what is missing with: switchhook provision --plan " + o.Entry}
		if p := partOf[*phoneSystem](f.site.Load()); p != nil {
			a.Cause = p.down()
		}
		f.alerts.Raise(ctx, a)
	case provision.Disputed:
		f.alerts.Resolve(ctx, alert.ProvisionFailed, o.Entry, "It is in a conflict instead, see the other alert.")
		f.alerts.Raise(ctx, alert.Alert{Kind: alert.ProvisionConflict, About: o.Entry, Text: told(o),
			Do: "A person must resolve it; see how with: switchhook provision --plan " + o.Entry})
	}
}

// nothingToDo is what to do once an entry is provisioned.
const nothingToDo = "The phone system matches the entry; there is nothing to do."

// forForms returns what provisions the entries of forms in a site, and tells the
// operator as the job does.
func (f *provisioning) forForms(s *site) textback.Provisioner {
	return formProvisioner{partOf[*provisioningPart](s).provisioner, f}
}

type formProvisioner struct {
	*provision.Provisioner

	told *provisioning
}

// Apply provisions an entry.
func (p formProvisioner) Apply(ctx context.Context, e *entry.Entry) provision.Report {
	outcome, err := p.ApplyEntry(ctx, e)
	if err != nil {
		p.told.troubled(ctx, "provisioning result not recorded", err)
	}
	p.told.provisioned(ctx, outcome)
	return outcome.Report
}

// retryProvisioning makes due what failed while the phone system was down.
func (a *Server) retryProvisioning(ctx context.Context) {
	records, err := a.store.Provisioned().All(ctx)
	if err != nil {
		a.troubled(ctx, "provisioning not tried again", err)
		return
	}
	now := time.Now()
	for _, r := range records {
		if r.Condition() != provision.Failing || !r.Next.After(now) {
			continue
		}
		r.Next = now
		if err := a.store.Provisioned().Save(ctx, r); err != nil && !errors.Is(err, provision.ErrStale) { // otherwise it was tried just now
			a.troubled(ctx, "provisioning not tried again", err)
			return
		}
	}
}

func told(o provision.EntryResult) string {
	return fmt.Sprintf("Calls may not reach %s. User: %s. Dial rule: %s. Answer rule: %s.", o.Entry, o.Report.User, o.Report.DialRule, o.Report.AnswerRule)
}
