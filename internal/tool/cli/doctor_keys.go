package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
)

// mostNamed is how many entries a finding names.
const mostNamed = 10

// keys reports entries that anyone who learns their webhook's address can call,
// by the records of their chains.
func (d *phoneSystemDoctor) keys(ctx context.Context, entries []*entry.Entry) {
	var records []provision.Record
	if d.store != nil {
		var err error
		if records, err = d.store.Provisioned().All(ctx); err != nil {
			d.show(finding{about: "entries"}.failing(err.Error(), fault.HintOf(err)))
			return
		}
	}
	open := slices.DeleteFunc(slices.Clone(entries), func(e *entry.Entry) bool { return len(e.AllowFrom) > 0 })
	settings := server.Provisioner(d.settings, nil, d.store).Settings()
	if ids := provision.Keyless(open, records, settings); len(ids) > 0 {
		d.show(finding{verdict: doubt, about: "entries", text: fmt.Sprintf("%d of them text whoever the webhook is asked about, by anybody who learns its address: %s", len(ids), named(ids)),
			mend: "give them a key, which provisioning puts into the address, or name the phone system's addresses: allow_from. " +
				"Where another rule of the domain asks for them without the key that was made, take that rule away"})
	}
	if n := len(provision.Givable(open, records, settings, len(open))); n > 0 {
		d.show(finding{verdict: fine, about: "entries", text: fmt.Sprintf("%d of them get a key in the address of their webhook by themselves, while the server runs", n)})
	}
}

func named(ids []string) string {
	if more := len(ids) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:mostNamed], ", "), more)
	}
	return strings.Join(ids, ", ")
}
