package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
)

type provisionCommand struct {
	settingsFlag
	ID     []string `arg:"" optional:"" help:"Ids of entries. Default: all that have texts." names:"entry"`
	Plan   bool     `help:"Only show how the phone system differs from the entries, and what would be done. Exit code 1: it differs."`
	Remove bool     `help:"Remove what was made for these entries."`
	JSON   bool     `help:"One JSON object a line."`
}

// Run makes the phone system match the entries, or shows what that would do.
func (c *provisionCommand) Run(ctx context.Context, m *Main) error {
	if c.Remove && len(c.ID) == 0 {
		return fault.Newf(fault.Invalid, "--remove needs the ids of the entries").WithHint("switchhook export shows all of them")
	}
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	client, err := phoneSystem(settings)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	return withRecords(ctx, settings, c.opener(settings), func(r *records) error {
		entries, err := r.entries(ctx)
		if err != nil {
			return err
		}
		run := provisioning{provisionCommand: c, out: m.Out, entries: entries, provisioner: server.Provisioner(settings, client, r.Store)}
		if c.Remove {
			return run.remove(ctx)
		}
		chosen, err := run.choose()
		if err != nil {
			return err
		}
		if len(chosen) == 0 {
			run.say("no entry in %s has texts\n", server.WhereEntries(settings))
		}
		if c.Plan {
			return run.plan(ctx, chosen)
		}
		return run.apply(ctx, chosen)
	})
}

// opener opens the database. A plan makes none, and does without one if the
// entries are in a file: then nothing was made here yet, which the plan says.
func (c *provisionCommand) opener(settings *config.Settings) opener {
	switch {
	case !c.Plan && !c.Remove:
		return server.MakeStore
	case !c.Remove && settings.DomainsFile != "":
		return unlessMissing(server.OpenStore)
	}
	return server.OpenStore
}

// provisioning is one run of the command.
type provisioning struct {
	*provisionCommand
	out         io.Writer
	entries     *entry.Book
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
			return nil, fault.Newf(fault.NotFound, "there is no entry %.100q", id).WithHint("switchhook export shows all of them; --remove removes what was made for a deleted one")
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
	if unseen > 0 {
		p.say("%d of %d entries cannot be seen just now\n", unseen, len(chosen))
	}
	if differ > 0 {
		p.say("%d of %d entries differ; switchhook provision fixes all but what is marked with !\n", differ, len(chosen))
	}
	return failedIf(unseen+differ > 0)
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
	if open > 0 {
		p.say("%d of %d entries are not in order\n", open, len(chosen))
	}
	return failedIf(open > 0)
}

// remove removes what was made, or shows what that would do.
func (p *provisioning) remove(ctx context.Context) error {
	open := 0
	for _, id := range p.ID {
		done, err := p.removeOne(ctx, id)
		if err != nil {
			return err
		}
		if !done {
			open++
		}
	}
	if open > 0 {
		p.say("of %d entries %d are not removed completely\n", len(p.ID), open)
	}
	return failedIf(open > 0)
}

func (p *provisioning) removeOne(ctx context.Context, id string) (done bool, err error) {
	if err := p.known(ctx, id); err != nil {
		return false, err
	}
	if p.Plan {
		plan, err := p.provisioner.PlanRemoval(ctx, id)
		if err != nil {
			return false, err
		}
		return true, p.show(plan, plan.String())
	}
	_, configured := p.entries.Get(id)
	outcome, err := p.provisioner.Remove(ctx, id, configured)
	if err != nil {
		return false, err
	}
	if err := p.showOutcome(outcome); err != nil {
		return false, err
	}
	if configured && outcome.Report.Done() {
		p.say("  the entry stays, and calls no longer come to it: its form, or switchhook provision, makes all of it again\n")
	}
	return outcome.Report.Done(), nil
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
	if p.JSON {
		return printJSON(p.out, object)
	}
	_, err := fmt.Fprintln(p.out, text)
	return err
}

// say prints a sentence for a person.
func (p *provisioning) say(format string, args ...any) {
	if !p.JSON {
		fmt.Fprintf(p.out, format, args...)
	}
}
