package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
)

type importCommand struct {
	settingsFlag
	File  string `arg:"" help:"A domains.json, or - for standard input. Entries of the same id are replaced."`
	Whole bool   `help:"Remove the entries that the file does not have: it is all there is."`
}

// Run adds a file's entries to the server's. Those with the same id are
// replaced, others stay unless the file is the Whole. A running server uses
// them from its next request on.
func (c *importCommand) Run(ctx context.Context, m *Main) (err error) {
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	s, err := openFor(ctx, settings, server.MakeStore)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	database, ok := s.entries.(*store.Entries)
	if c.Whole && !ok {
		return fault.Newf(fault.Invalid, "--whole is for entries in the database: these are in %s", settings.DomainsFile).WithHint("put the file in its place")
	}
	var text []byte
	if c.File == "-" {
		text, err = io.ReadAll(m.In)
	} else {
		text, err = os.ReadFile(c.File)
	}
	if err != nil {
		return &fault.Error{Code: fault.NotFound, Message: "the entries cannot be read", Err: err}
	}
	added, replaced, err := s.entries.Import(ctx, text)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "%d added, %d replaced in %s\n", added, replaced, server.WhereEntries(settings))
	warn(m, entry.Examine(text))
	if c.Whole {
		return removeOthers(ctx, m, database, text)
	}
	return nil
}

// maxWarnings bounds the warnings about one file: with a slip in each of a
// thousand entries nobody reads the last.
const maxWarnings = 50

// warn prints warnings about what was done all the same.
func warn(m *Main, says []string) {
	for i, sentence := range says {
		if i == maxWarnings {
			fmt.Fprintf(m.Err, "switchhook: warning: and %d more\n", len(says)-i)
			return
		}
		fmt.Fprintf(m.Err, "switchhook: warning: %s\n", sentence)
	}
}

// removeOthers removes the entries that a domains.json does not have.
func removeOthers(ctx context.Context, m *Main, entries *store.Entries, text []byte) error {
	kept := map[string]bool{}
	wanted, err := entry.Items(text)
	if err != nil {
		return err
	}
	for _, item := range wanted {
		kept[item.ID] = true
	}
	all, err := entries.Export()
	if err != nil {
		return err
	}
	present, err := entry.Items(all)
	if err != nil {
		return err
	}
	var removed []string
	for _, item := range present {
		if kept[item.ID] {
			continue
		}
		if err := entries.Remove(ctx, item.ID); err != nil {
			return fmt.Errorf("remove the entry %q: %w", item.ID, err)
		}
		removed = append(removed, item.ID)
	}
	fmt.Fprintf(m.Out, "%d removed\n", len(removed))
	if len(removed) > 0 {
		fmt.Fprintf(m.Out, "what was made for them on the phone system stays until: switchhook provision --remove %s\n", strings.Join(removed, " "))
	}
	return nil
}

type exportCommand struct {
	settingsFlag
}

// Run prints the server's entries as a domains.json.
func (c *exportCommand) Run(ctx context.Context, m *Main) (err error) {
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
	s, err := openFor(ctx, settings, server.OpenStore)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	text, err := s.entries.Export()
	if err != nil {
		return err
	}
	_, err = m.Out.Write(text)
	return err
}

// opened are the entries of the settings, with their database.
type opened struct {
	entries server.Entries
	store   *store.Store // nil: the entries are in a file
}

// openFor opens the entries, and the database only if they are in it.
func openFor(ctx context.Context, settings *config.Settings, open func(context.Context, *config.Settings) (*store.Store, error)) (o opened, err error) {
	if settings.DomainsFile == "" {
		if o.store, err = open(ctx, settings); err != nil {
			return o, err
		}
	}
	if o.entries, err = server.OpenEntries(ctx, settings, o.store, nil); err != nil {
		err = errors.Join(err, o.close())
	}
	return o, err
}

func (o opened) close() error {
	if o.store == nil {
		return nil
	}
	return o.store.Close()
}
