package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/switchhook/switchhook/internal/app"
	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/fault"
)

type importCommand struct {
	settingsFlag
	File string `arg:"" help:"A domains.json, or - for standard input."`
}

// Run adds a file's entries to the server's. Those of the same id are
// replaced. A server that runs has them in force on its next request.
func (c *importCommand) Run(ctx context.Context, m *Main) error {
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	if err := app.MakeEntriesFolder(settings); err != nil {
		return err
	}
	entries, err := entry.Open(app.EntriesFile(settings), nil)
	if err != nil {
		return err
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
	added, replaced, err := entries.Import(ctx, text)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "%d added, %d replaced in %s\n", added, replaced, app.EntriesFile(settings))
	return nil
}

type exportCommand struct {
	settingsFlag
}

// Run prints the server's entries as a domains.json.
func (c *exportCommand) Run(m *Main) error {
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	path := app.EntriesFile(settings)
	if _, err := os.Stat(path); err != nil {
		// An empty export would pass for a backup.
		return &fault.Error{Code: fault.NotFound, Message: "there are no entries to export", Err: err}
	}
	entries, err := entry.Open(path, nil)
	if err != nil {
		return err
	}
	text, err := entries.Export()
	if err != nil {
		return err
	}
	_, err = m.Out.Write(text)
	return err
}
