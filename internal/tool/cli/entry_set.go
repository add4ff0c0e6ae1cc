package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

type entrySetCommand struct {
	settingsFlag
	Name   string   `arg:"" help:"The entry." names:"entry"`
	Change []string `arg:"" help:"What to change: KEY=VALUE; KEY= takes it out. Keys are the fields of an entry, or members of them, such as hours.mon." placeholder:"KEY=VALUE"`
	New    bool     `help:"Make the entry, if there is none of this name."`
}

// Run changes fields of an entry. A running server uses them from its next request
// on.
func (c *entrySetCommand) Run(ctx context.Context, m *Main) error {
	typed, err := c.read()
	if err != nil {
		return err
	}
	if c.New {
		if err := entry.CheckID(c.Name); err != nil {
			return err
		}
	}
	return c.withBook(ctx, m, func(b *book) error {
		if !c.New && b.entries.Problem() == nil && !b.entries.Has(c.Name) {
			return b.missing(c.Name)
		}
		stored, ok := b.entries.Get(c.Name)
		if !ok {
			stored = &entry.Entry{}
		}
		fields, err := checkTyped(stored, typed)
		if err != nil {
			return err
		}
		before, after, err := b.entries.Set(ctx, c.Name, fields, c.New)
		if err != nil {
			return err
		}
		names := strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
		if err := b.tellAct(ctx, entry.Saved, c.Name, after.APIDomain, names, true); err != nil {
			return err
		}
		fmt.Fprintf(m.Out, "%s: %s saved in %s\n", c.Name, names, b.where)
		for _, remark := range b.entries.Remarks() {
			if r, ok := errors.AsType[*entry.Remark](remark); ok && slices.Contains(r.Entries, c.Name) {
				m.warn(c.Name + ": " + r.Says)
			}
		}
		b.tellNext(m, before, after)
		return nil
	})
}

// read reads the changes.
func (c *entrySetCommand) read() (map[string]string, error) {
	typed := make(map[string]string, len(c.Change))
	for _, change := range c.Change {
		name, value, ok := strings.Cut(change, "=")
		if _, twice := typed[name]; twice {
			return nil, fault.Newf(fault.Invalid, "%s is given twice", name)
		}
		if !ok {
			return nil, fault.Newf(fault.Invalid, "%.60q is no KEY=VALUE", change).WithHint(`such as message="We are open."; message= takes it out`)
		}
		typed[name] = strings.TrimSpace(value)
	}
	return typed, nil
}

// checkTyped returns fields as they are stored. Those that forms have are checked as
// forms check them.
func checkTyped(stored *entry.Entry, typed map[string]string) (map[string]json.RawMessage, error) {
	home := phone.HomeIn()
	if stored.ID != "" {
		home = stored.Home()
	}
	fields := make(map[string]json.RawMessage, len(typed))
	typed = maps.Clone(typed)
	for name, value := range typed {
		if _, err := entry.Typed(name, value); err != nil {
			return nil, err
		}
	}
	texts, err := textback.CheckFields(home, typed)
	button := maps.Clone(typed)
	delete(button, entry.FieldAPIDomain) // which the other form has, too
	calls, other := clicktocall.CheckFields(button)
	if err := errors.Join(err, other); err != nil {
		return nil, fault.Newf(fault.Invalid, "%s; nothing was saved", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	maps.Copy(typed, calls)
	maps.Copy(typed, texts)
	if queue := typed[entry.FieldQueue]; queue != "" && !strings.Contains(queue, "@") {
		domain, given := typed[entry.FieldAPIDomain]
		if !given {
			domain = stored.APIDomain
		}
		if domain == "" {
			return nil, fault.Newf(fault.Invalid, "the queue %s names no domain, and the entry has no api_domain", queue).WithHint("queue=%s@example.net", queue)
		}
		typed[entry.FieldQueue] = queue + "@" + domain
	}
	for name, value := range typed {
		if fields[name], err = entry.Typed(name, value); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// tellNext says what a changed entry lacks, and how the phone system follows.
func (b *book) tellNext(m *Main, before, after *entry.Entry) {
	if lacks := after.LacksForTexts(); after.HasText() && len(lacks) > 0 {
		m.warn("it cannot send texts: it lacks " + strings.Join(lacks, ", "))
	}
	settings := b.provisioner.Settings()
	if before == nil {
		before = &entry.Entry{ID: after.ID}
	}
	if provision.Wanted(before, settings).Fingerprint() == provision.Wanted(after, settings).Fingerprint() {
		return
	}
	now := b.again("provision", after.ID)
	switch state, _ := settings.Standing(after, b.record(after.ID)); state {
	case provision.Unwanted:
	case provision.Never:
		fmt.Fprintf(m.Out, "nothing is made for it on the phone system yet: %s\n", now)
	case provision.Away:
		fmt.Fprintf(m.Out, "what was made for it was removed; this makes it again: %s\n", now)
	default:
		fmt.Fprintf(m.Out, "a running server changes the phone system within 30s; at once: %s\n", now)
	}
}
