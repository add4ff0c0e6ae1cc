package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/spelling"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/netsapiens"
)

type entryCommand struct {
	List   entryListCommand   `cmd:"" help:"List all entries: what they do, and how they stand on the phone system."`
	Show   entryShowCommand   `cmd:"" help:"Show every setting of an entry, and what was made for it."`
	Set    entrySetCommand    `cmd:"" help:"Change settings of an entry."`
	Remove entryRemoveCommand `cmd:"" help:"Remove an entry, and with it what was made for it on the phone system."`
}

// book is the entries, and what was made for them.
type book struct {
	*records
	entries     *entry.Book
	client      *netsapiens.Client
	provisioner *provision.Provisioner
	recorded    []provision.Record           // what was made
	where       string                       // the entries are
	again       func(words ...string) string // a command with the same settings, to be copied
}

// withBook opens the entries, and the database: those in a file do without one.
func (f settingsFlag) withBook(ctx context.Context, m *Main, use func(*book) error) error {
	settings, err := f.load(nil)
	if err != nil {
		return err
	}
	client, err := phoneSystem(settings)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	open := opener(server.OpenStore)
	if settings.DomainsFile != "" {
		open = unlessMissing(open)
	}
	return withRecords(ctx, settings, open, func(r *records) error {
		b := &book{records: r, client: client, provisioner: server.Provisioner(settings, client, r.Store), where: server.WhereEntries(settings)}
		b.again = func(words ...string) string { return m.command(f, words...) }
		if b.entries, err = r.entries(ctx); err != nil {
			return err
		}
		if r.Store != nil {
			if b.recorded, err = r.Provisioned().All(ctx); err != nil {
				return err
			}
		}
		return use(b)
	})
}

// missing is the error that there is no entry of a name.
func (b *book) missing(id string) error {
	err := fault.Newf(fault.NotFound, "there is no entry %.100q in %s", id, b.where)
	var ids []string
	for _, e := range b.entries.All() {
		ids = append(ids, e.ID)
	}
	if near := spelling.Nearest(id, ids); near != "" {
		return err.WithHint("is %s meant?", near)
	}
	return err.WithHint("%s shows all of them", b.again("entry", "list"))
}

// shownEntry is an entry as lists show it.
type shownEntry struct {
	Name        string              `json:"name"`
	Features    []string            `json:"features"`
	Domain      string              `json:"domain,omitempty"`
	Number      string              `json:"number,omitempty"`
	In          string              `json:"in"`
	Provisioned provision.Condition `json:"provisioned,omitempty"`
	Why         []string            `json:"why,omitempty"`     // of what is not in order there
	Problem     string              `json:"problem,omitempty"` // with the entry itself
}

func (b *book) show(item entry.Item) shownEntry {
	s := shownEntry{Name: item.ID, Features: []string{}, In: b.where}
	e, err := item.Entry()
	if err != nil {
		s.Problem = err.Error()
		return s
	}
	s.Domain, s.Number = e.APIDomain, e.Text.FromNumber
	if e.HasText() {
		s.Features = append(s.Features, "text-back")
		if lacks := e.LacksForTexts(); len(lacks) > 0 {
			s.Problem = "it cannot send texts: it lacks " + strings.Join(lacks, ", ")
		}
	}
	if e.Queue != "" {
		s.Features = append(s.Features, "click-to-call")
	}
	s.Provisioned, s.Why = b.provisioner.Settings().Standing(e, b.record(e.ID))
	return s
}

// stands says how an entry stands, for people.
func (s *shownEntry) stands() string {
	switch {
	case s.Problem != "":
		return s.Problem
	case len(s.Why) > 1:
		return fmt.Sprintf("%s (and %d more)", s.Why[0], len(s.Why)-1)
	case len(s.Why) > 0:
		return s.Why[0]
	}
	return s.Provisioned.Told()
}

type entryListCommand struct {
	settingsFlag
	JSON bool `help:"One JSON object a line, with unmasked numbers."`
}

// Run lists entries, and what was made for those that are gone.
func (c *entryListCommand) Run(ctx context.Context, m *Main) error {
	return c.withBook(ctx, m, func(b *book) error {
		items, err := b.entries.Items(ctx)
		if err != nil {
			return err
		}
		all := make([]shownEntry, len(items))
		for i, item := range items {
			all[i] = b.show(item)
		}
		none := "no entries in " + b.where
		if err := printList(m.Out, c.JSON, all, none, []string{"NAME", "FEATURES", "DOMAIN", "NUMBER", "PROVISIONED"}, func(s shownEntry) []string {
			number := "-"
			if s.Number != "" {
				number = phone.Mask(s.Number)
			}
			return []string{s.Name, cmp.Or(strings.Join(s.Features, ", "), "-"), cmp.Or(s.Domain, "-"), number, s.stands()}
		}); err != nil || c.JSON {
			return err
		}
		if len(all) > 0 {
			fmt.Fprintf(m.Out, "%d in %s\n", len(all), b.where)
		}
		for _, r := range b.orphans() {
			fmt.Fprintln(m.Out, provision.OrphanOf(r.Entry, b.again("entry", "remove", r.Entry)))
		}
		return nil
	})
}

// record returns what was made for an entry; nil: nothing was.
func (b *book) record(id string) *provision.Record {
	i := slices.IndexFunc(b.recorded, func(r provision.Record) bool { return r.Entry == id })
	if i < 0 {
		return nil
	}
	return &b.recorded[i]
}

// orphans returns what was made for entries that are gone.
func (b *book) orphans() []provision.Record {
	if !b.entries.Complete() {
		return nil
	}
	return provision.Orphans(b.recorded, b.entries.Has)
}

// tellAct records what was done to an entry: in the audit, and if told is set in the
// activity record too. Without a database there is neither.
func (b *book) tellAct(ctx context.Context, act entry.Act, id, tenant, fields string, told bool) error {
	if b.Store == nil {
		return nil
	}
	event := ledger.Event{At: time.Now(), Actor: "operator", Action: "entry " + string(act), About: id, Detail: fields}
	if told {
		event.Item = &activity.Item{Kind: activity.Entry, Outcome: string(act), Entry: id, Tenant: tenant}
		if fields != "" {
			event.Item.Steps = activity.Steps(why.Step[entry.Act]{Code: act, Args: why.Args{"fields": fields}})
		}
	}
	return b.Audit(ctx, event)
}
