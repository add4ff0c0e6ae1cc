package doctor

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/widget"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
)

// The most entries that one finding names: without a button's pages or domain,
// and without a key.
const (
	mostButtons = 5
	mostKeyless = 10
)

const aboutEntries = "entries"

// entries checks the entries by themselves, and returns them.
func (e *examination) entries(ctx context.Context) []*entry.Entry {
	place := server.WhereEntries(e.settings)
	if e.settings.DomainsFile == "" && e.store == nil {
		if !e.found { // otherwise the database's own finding says it all
			e.warn(aboutEntries, "there are none yet", "the first form makes one; switchhook import takes over those of a domains.json")
		}
		return nil
	}
	kept, err := server.OpenEntries(ctx, e.settings, e.store, nil)
	if err != nil {
		e.failed(aboutEntries, err)
		return nil
	}
	e.book = kept
	all := kept.All()
	if _, err := os.Stat(place); err != nil && e.settings.DomainsFile != "" {
		e.warn(aboutEntries, place+" is not there yet", "the first form makes it; switchhook import takes one over")
	} else {
		e.ok(aboutEntries, fmt.Sprintf("%s: %d", place, len(all)))
	}
	for _, odd := range slices.Concat(kept.Oddities(), kept.Remarks()) {
		e.warn(aboutEntries, odd.Error(), "")
	}
	e.buttons(all, place)
	e.keys(ctx, all)
	for _, one := range all {
		if lacks := one.LacksForTexts(); len(lacks) > 0 && one.HasText() {
			e.warn(aboutEntries, fmt.Sprintf("%s cannot send texts: it lacks %s", one.ID, strings.Join(lacks, ", ")),
				"send its form again, or write it into "+place)
		}
	}
	return all
}

// buttons checks the entries' click-to-call: where a button may be used, which
// queue it leads to, and how it looks.
func (e *examination) buttons(entries []*entry.Entry, place string) {
	const about = "buttons"
	var anywhere, bare []string
	for _, one := range entries {
		if one.Queue == "" {
			continue
		}
		if len(one.Origins) == 0 {
			anywhere = append(anywhere, one.ID)
		}
		if !strings.Contains(one.Queue, "@") {
			bare = append(bare, bareQueue(one))
		}
		for _, problem := range widget.Problems(one.Branding) {
			e.warn(about, one.ID+": "+problem, "")
		}
	}
	if len(anywhere) > 0 {
		e.warn(about, "any page may show the button of "+names(anywhere, mostButtons),
			`name the pages that may: origins, such as ["https://example.net"]; until then only tokens and limits hold strangers back`)
	}
	if len(bare) > 0 {
		e.warn(about, "a queue names no domain: "+names(bare, mostButtons),
			"write it as 9002@example.net: send the form of /update-domain again, or write it into "+place)
	}
}

// bareQueue says what happens to a queue that is only an extension.
func bareQueue(e *entry.Entry) string {
	if e.APIDomain == "" {
		return fmt.Sprintf("%s of %s, which has no api_domain either and calls nobody", e.Queue, e.ID)
	}
	return fmt.Sprintf("%s of %s, taken to be of %s", e.Queue, e.ID, e.APIDomain)
}

// keys reports entries that anyone who learns their webhook's address can call,
// by the records of their chains.
func (e *examination) keys(ctx context.Context, entries []*entry.Entry) {
	var records []provision.Record
	if e.store != nil {
		var err error
		if records, err = e.store.Provisioned().All(ctx); err != nil {
			e.failed(aboutEntries, err)
			return
		}
	}
	open := slices.DeleteFunc(slices.Clone(entries), func(e *entry.Entry) bool { return len(e.AllowFrom) > 0 })
	settings := server.Provisioner(e.settings, nil, e.store).Settings()
	if ids := provision.Keyless(open, records, settings); len(ids) > 0 {
		e.warn(aboutEntries, fmt.Sprintf("%d of them text any number, for anyone who learns the address of the webhook: %s", len(ids), names(ids, mostKeyless)),
			"give them a key, which provisioning puts into the address, or name the phone system's addresses: allow_from. "+
				"Where another rule of the domain asks for them without the key that was made, remove that rule")
	}
	if n := len(provision.Givable(open, records, settings, len(open))); n > 0 {
		e.ok(aboutEntries, fmt.Sprintf("%d of them get a key in the address of their webhook by themselves, while the server runs", n))
	}
}

// owners checks that each entry's number belongs to the entry's user.
func (e *examination) owners(ctx context.Context, entries []*entry.Entry) {
	p := &provision.Provisioner{API: e.client, PublicURL: e.settings.PublicURL}
	for _, one := range entries {
		if !one.HasText() || len(one.LacksForTexts()) > 0 {
			continue
		}
		owner, err := p.Owner(ctx, one.APIDomain, one.Text.FromNumber)
		switch {
		case err != nil:
			e.warn(aboutEntries, fmt.Sprintf("%s: %v", one.ID, err), "")
		case owner != one.Text.User:
			e.warn(aboutEntries, fmt.Sprintf("%s: the number %s belongs to user %s, not to %s", one.ID, phone.Mask(one.Text.FromNumber), owner, one.Text.User),
				"texts from it will be refused: change user or from_number")
		}
	}
}
