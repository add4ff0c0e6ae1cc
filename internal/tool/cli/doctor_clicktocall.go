package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/widget"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
)

// maxNamed is how many entries a finding names; the rest are counted.
const maxNamed = 5

// buttons checks the entries' click-to-call: where a button may be used, which
// queue it leads to, and how it looks.
func (d *phoneSystemDoctor) buttons(entries []*entry.Entry, place string) {
	var anywhere, lost []string
	for _, e := range entries {
		if e.Queue == "" {
			continue
		}
		if len(e.Origins) == 0 {
			anywhere = append(anywhere, e.ID)
		}
		if !strings.Contains(e.Queue, "@") {
			lost = append(lost, bareQueue(e))
		}
		for _, problem := range widget.Problems(e.Branding) {
			d.show(finding{verdict: doubt, about: "buttons", text: e.ID + ": " + problem})
		}
	}
	if len(anywhere) > 0 {
		d.show(finding{verdict: doubt, about: "buttons", text: "any page may show the button of " + someOf(anywhere),
			mend: `name the pages that may: origins, such as ["https://example.net"]; until then tokens and limits alone stand in the way of strangers`})
	}
	if len(lost) > 0 {
		d.show(finding{verdict: doubt, about: "buttons", text: "a queue names no domain: " + someOf(lost),
			mend: "write it as 9002@example.net: send the form of /update-domain again, or write it into " + place})
	}
}

// bareQueue says what happens to a queue that is only an extension.
func bareQueue(e *entry.Entry) string {
	if e.APIDomain == "" {
		return fmt.Sprintf("%s of %s, which has no api_domain either and calls nobody", e.Queue, e.ID)
	}
	return fmt.Sprintf("%s of %s, taken to be of %s", e.Queue, e.ID, e.APIDomain)
}

// someOf names a few, and counts the rest.
func someOf(names []string) string {
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}

// printAnnouncement prints the URL for a queue's dial rule. It contains a key,
// so it is only printed on request.
func printAnnouncement(ctx context.Context, m *Main, settings *config.Settings) (err error) {
	if settings.NetSapiens == nil {
		return fault.Newf(fault.Invalid, "click-to-call is off: there is no section [netsapiens]")
	}
	s, err := server.OpenStore(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	address, err := server.AnnouncementURL(ctx, settings, s)
	if err != nil {
		return err
	}
	fmt.Fprintln(m.Out, address)
	return nil
}
