package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
)

type importCommand struct {
	settingsFlag
	File  string `arg:"" help:"A domains.json, or - for standard input. Entries of the same id are replaced."`
	Whole bool   `help:"Also remove the entries that the file does not have."`
}

// Run adds a file's entries to the server's. Those with the same id are
// replaced, others stay unless the file is the Whole. A running server uses
// them from its next request on.
func (c *importCommand) Run(ctx context.Context, m *Main) error {
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	if c.Whole && settings.DomainsFile != "" {
		return fault.Newf(fault.Invalid, "--whole is for entries in the database: these are in %s", settings.DomainsFile).WithHint("put the file in its place")
	}
	return withRecords(ctx, settings, forEntries(server.MakeStore), func(r *records) error {
		entries, err := r.entries(ctx)
		if err != nil {
			return err
		}
		text, err := m.readInput(c.File, "the entries", unlimited)
		if err != nil {
			return err
		}
		added, replaced, err := entries.Import(ctx, text)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.Out, "%d added, %d replaced in %s\n", added, replaced, server.WhereEntries(settings))
		m.warn(entry.Examine(text)...)
		if !c.Whole {
			return nil
		}
		removed, err := entries.RemoveOthers(ctx, text)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.Out, "%d removed\n", len(removed))
		if len(removed) > 0 {
			fmt.Fprint(m.Out, m.pasteable(fmt.Sprintf("what was made for them on the phone system stays until: switchhook provision --remove %s\n", strings.Join(removed, " "))))
		}
		return nil
	})
}

type exportCommand struct {
	settingsFlag
}

// Run prints the server's entries as a domains.json.
func (c *exportCommand) Run(ctx context.Context, m *Main) error {
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	if path := string(settings.DomainsFile); path != "" {
		if _, err := os.Stat(path); err != nil {
			// An empty export could pass for a backup.
			return &fault.Error{Code: fault.NotFound, Message: "there are no entries to export", Err: err}
		}
	}
	return withRecords(ctx, settings, forEntries(server.OpenStore), func(r *records) error {
		entries, err := r.entries(ctx)
		if err != nil {
			return err
		}
		text, err := entries.Export()
		if err != nil {
			return err
		}
		_, err = m.Out.Write(text)
		return err
	})
}
