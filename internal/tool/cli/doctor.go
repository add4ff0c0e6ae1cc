package cli

import (
	"context"
	"fmt"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/tool/doctor"
)

type doctorCommand struct {
	settingsFlag
	Announcement bool `help:"Only print the address for a queue's dial rule, with its key, by which people press 9 to opt out of calls."`
}

// Run checks everything that the settings need, and says what to fix. The exit
// code is 1 if something fails.
func (c *doctorCommand) Run(ctx context.Context, m *Main) error {
	settings, err := c.load(nil)
	if err != nil {
		return err // with every problem and its place
	}
	if c.Announcement {
		return printAnnouncement(ctx, m, settings)
	}
	failed := false
	doctor.Examine(ctx, settings, func(f doctor.Finding) {
		f.Fix = m.pasteable(f.Fix)
		fmt.Fprintln(m.Out, f)
		failed = failed || f.Verdict == doctor.Fail
	})
	return failedIf(failed)
}

// printAnnouncement prints the URL for a queue's dial rule. It contains a key,
// so it is only printed on request.
func printAnnouncement(ctx context.Context, m *Main, settings *config.Settings) error {
	if settings.NetSapiens == nil {
		return fault.Newf(fault.Invalid, "click-to-call is off: there is no section [netsapiens]")
	}
	return withRecords(ctx, settings, server.OpenStore, func(r *records) error {
		address, err := server.AnnouncementURL(ctx, settings, r.Store)
		if err != nil {
			return err
		}
		fmt.Fprintln(m.Out, address)
		return nil
	})
}
