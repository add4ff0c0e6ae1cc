package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

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
		run := provisioning{
			provisionCommand: c, main: m, out: m.Out, entries: entries, provisioner: server.Provisioner(settings, client, r.Store),
			ended: func(domain string) error {
				_, err := server.EndEvents(ctx, settings, r.Store, client, entries, domain)
				return err
			},
			again: func(words ...string) string { return m.command(c.settingsFlag, words...) },
		}
		if run.orphans, err = run.findOrphans(ctx); err != nil {
			return err
		}
		if c.Remove {
			return run.remove(ctx)
		}
		chosen, err := run.choose()
		if err != nil {
			return err
		}
		if len(chosen) == 0 && len(c.ID) == 0 {
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
	main        *Main
	out         io.Writer
	entries     *entry.Book
	provisioner *provision.Provisioner
	orphans     []string                     // ids of entries that are gone, in order
	ended       func(domain string) error    // ends its subscription, if it has no entry
	again       func(words ...string) string // a command with the same settings, to be copied
}

// findOrphans returns the ids of entries that are gone, while something that was
// made for them may stand.
func (p *provisioning) findOrphans(ctx context.Context) (ids []string, err error) {
	if p.provisioner.Records == nil || !p.entries.Complete() {
		return nil, nil
	}
	records, err := p.provisioner.Records.All(ctx)
	for _, r := range provision.Orphans(records, p.entries.Has) {
		ids = append(ids, r.Entry)
	}
	return ids, err
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
		if !ok && p.Plan && slices.Contains(p.orphans, id) {
			continue
		}
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
	left, err := p.planOrphans(ctx)
	if err != nil {
		return err
	}
	return failedIf(unseen+differ+left > 0)
}

// planOrphans shows what stands of entries that are gone, and the command that
// removes it.
func (p *provisioning) planOrphans(ctx context.Context) (shown int, err error) {
	for _, id := range p.orphans {
		if len(p.ID) > 0 && !slices.Contains(p.ID, id) {
			continue
		}
		plan, err := p.provisioner.PlanRemoval(ctx, id)
		if err != nil {
			return shown, err
		}
		shown++
		command := p.again("entry", "remove", id)
		_, differences, _ := strings.Cut(plan.String(), "\n")
		if err := p.show(struct {
			provision.Plan
			Orphan string `json:"orphan"` // the command that removes it
		}{plan, command}, provision.OrphanOf(id, command)+"\n"+differences); err != nil {
			return shown, err
		}
	}
	return shown, nil
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
	record, err := p.provisioner.Records.Load(ctx, id)
	configured := p.entries.Has(id) || !p.entries.Complete()
	switch {
	case err != nil:
		return false, err
	case record.Version == 0 && !p.entries.Has(id):
		return false, fault.Newf(fault.NotFound, "there is no entry %.100q, and nothing was made for one", id).WithHint("switchhook export shows all entries")
	}
	if p.Plan {
		plan, err := p.provisioner.PlanRemoval(ctx, id)
		if err != nil {
			return false, err
		}
		return true, p.show(plan, plan.String())
	}
	outcome, err := p.provisioner.Remove(ctx, id, "", configured)
	if err != nil {
		return false, err
	}
	if err := p.showOutcome(outcome); err != nil {
		return false, err
	}
	if configured && outcome.Report.Done() {
		p.say("  the entry stays, and calls no longer come to it: its form, or switchhook provision, makes all of it again\n")
	}
	if !configured {
		if err := p.ended(record.Domain); err != nil {
			return false, err
		}
	}
	return outcome.Report.Done(), nil
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
		fmt.Fprint(p.out, p.main.pasteable(fmt.Sprintf(format, args...)))
	}
}
