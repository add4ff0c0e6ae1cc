package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

type provisionCommand struct {
	settingsFlag
	ID     []string `arg:"" optional:"" help:"Ids of entries. Without any: all that have texts."`
	Plan   bool     `help:"Only show in what the phone system differs from the entries, and what would be done. Exit 1: it differs."`
	Remove bool     `help:"Take away what was made for the entries that are named."`
	JSON   bool     `help:"One JSON object a line."`
}

// Run makes the phone system match the entries, or shows what that would do.
func (c *provisionCommand) Run(ctx context.Context, m *Main) (err error) {
	if c.Remove && len(c.ID) == 0 {
		return fault.Newf(fault.Invalid, "--remove needs the ids of the entries").WithHint("switchhook export shows all of them")
	}
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	if settings.NetSapiens == nil {
		return fault.Newf(fault.Invalid, "text-back is off: there is no section [netsapiens]")
	}
	s, err := c.store(ctx, settings)
	if err != nil {
		return err
	}
	if s != nil {
		defer func() { err = errors.Join(err, s.Close()) }()
	}
	entries, err := server.OpenEntries(ctx, settings, s, nil)
	if err != nil {
		return err
	}
	client, err := netsapiens.New(netsapiens.Config{URL: settings.NetSapiens.URL.String(), Token: netsapiens.Secret(settings.NetSapiens.Token.Reveal())})
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	run := provisioning{provisionCommand: c, m: m, entries: entries, provisioner: server.Provisioner(settings, client, s)}
	if s == nil {
		run.provisioner.Records = nil
	}
	if c.Remove {
		return run.remove(ctx)
	}
	chosen, err := run.choose()
	if err != nil {
		return err
	}
	if len(chosen) == 0 && !c.JSON {
		fmt.Fprintf(m.Out, "no entry in %s has texts\n", server.WhereEntries(settings))
	}
	if c.Plan {
		return run.plan(ctx, chosen)
	}
	return run.apply(ctx, chosen)
}

// store opens the database. Planning does not make one: it returns nil then, if
// the entries are in a file.
func (c *provisionCommand) store(ctx context.Context, settings *config.Settings) (*store.Store, error) {
	if !c.Plan && !c.Remove {
		return server.MakeStore(ctx, settings)
	}
	s, err := server.OpenStore(ctx, settings)
	if fault.CodeOf(err) == fault.NotFound && c.Plan && !c.Remove && settings.DomainsFile != "" {
		return nil, nil //nolint:nilnil // nothing was made here yet, which the plan says
	}
	return s, err
}

// provisioning is one run of the command.
type provisioning struct {
	*provisionCommand
	m           *Main
	entries     server.Entries
	provisioner *provision.Provisioner
}

// choose returns the selected entries.
func (p *provisioning) choose() ([]*entry.Entry, error) {
	var chosen []*entry.Entry
	if len(p.ID) == 0 {
		for _, e := range p.entries.All() {
			if e.HasText() {
				chosen = append(chosen, e)
			}
		}
		return chosen, nil
	}
	for _, id := range p.ID {
		e, ok := p.entries.Get(id)
		if !ok {
			return nil, fault.Newf(fault.NotFound, "there is no entry %.100q", id).WithHint("switchhook export shows all of them; what was made for one that is gone is taken away with --remove")
		}
		chosen = append(chosen, e)
	}
	return chosen, nil
}

// plan shows what differs.
func (p *provisioning) plan(ctx context.Context, chosen []*entry.Entry) error {
	differ, unseen := 0, 0
	for plan, err := range p.provisioner.PlanAll(ctx, chosen) {
		if err != nil {
			return err
		}
		if err := p.show(plan, plan.String()); err != nil {
			return err
		}
		switch {
		case slices.ContainsFunc(plan.Differences, func(d provision.Difference) bool { return d.Kind == provision.Unseen }):
			unseen++
		case !plan.InOrder():
			differ++
		}
	}
	if unseen > 0 && !p.JSON {
		fmt.Fprintf(p.m.Out, "%d of %d entries cannot be seen just now\n", unseen, len(chosen))
	}
	if unseen > 0 && differ == 0 {
		return exit(exitFailed)
	}
	return p.conclude(differ, "%d of %d entries differ; switchhook provision mends all but what is marked with !\n", differ, len(chosen))
}

// apply fixes what differs.
func (p *provisioning) apply(ctx context.Context, chosen []*entry.Entry) error {
	open := 0
	for outcome, err := range p.provisioner.ApplyAll(ctx, chosen, nil) {
		if err != nil {
			return err
		}
		if err := p.showOutcome(outcome); err != nil {
			return err
		}
		if !outcome.Report.Done() {
			open++
		}
	}
	return p.conclude(open, "%d of %d entries are not in order\n", open, len(chosen))
}

// remove removes what was made.
func (p *provisioning) remove(ctx context.Context) error {
	open := 0
	for _, id := range p.ID {
		if err := p.known(ctx, id); err != nil {
			return err
		}
		if p.Plan {
			plan, err := p.provisioner.PlanRemoval(ctx, id)
			if err != nil {
				return err
			}
			if err := p.show(plan, plan.String()); err != nil {
				return err
			}
			continue
		}
		_, configured := p.entries.Get(id)
		outcome, err := p.provisioner.Remove(ctx, id, configured)
		if err != nil {
			return err
		}
		if err := p.showOutcome(outcome); err != nil {
			return err
		}
		switch {
		case !outcome.Report.Done():
			open++
		case configured && !p.JSON:
			fmt.Fprintln(p.m.Out, "  the entry stays, and calls no longer come to it: its form, or switchhook provision, makes all of it again")
		}
	}
	return p.conclude(open, "of %[2]d entries %[1]d have something left\n", open, len(p.ID))
}

// known complains about an id that is neither an entry's nor on record: it is
// mistyped.
func (p *provisioning) known(ctx context.Context, id string) error {
	if _, ok := p.entries.Get(id); ok {
		return nil
	}
	record, err := p.provisioner.Records.Load(ctx, id)
	if err != nil {
		return err
	}
	if record.Version == 0 {
		return fault.Newf(fault.NotFound, "there is no entry %.100q, and nothing was made for one", id).WithHint("switchhook export shows all entries")
	}
	return nil
}

func (p *provisioning) showOutcome(o provision.EntryResult) error {
	r := o.Report
	text := fmt.Sprintf("%s\n  user: %s\n  dial rule: %s\n  answer rule: %s", o.Entry, r.User, r.DialRule, r.AnswerRule)
	if !r.Earlier.IsZero() {
		text += "\n  of before: " + r.Earlier.String()
	}
	return p.show(struct {
		Entry     string              `json:"entry"`
		Condition provision.Condition `json:"condition"`
		provision.Report
	}{o.Entry, o.Condition, r}, text)
}

// show prints one entry, for a person or for a script.
func (p *provisioning) show(object any, text string) error {
	if !p.JSON {
		_, err := fmt.Fprintln(p.m.Out, text)
		return err
	}
	encoder := json.NewEncoder(p.m.Out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object)
}

// conclude ends the command: with exit 1 if something is left.
func (p *provisioning) conclude(left int, format string, args ...any) error {
	if left == 0 {
		return nil
	}
	if !p.JSON {
		fmt.Fprintf(p.m.Out, format, args...)
	}
	return exit(exitFailed)
}
