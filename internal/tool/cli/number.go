package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/store"
)

type numberCommand struct {
	Export numberExportCommand `cmd:"" help:"Print everything stored about a number, as JSON."`
	Erase  numberEraseCommand  `cmd:"" help:"Erase everything stored about a number."`
}

type numberExportCommand struct {
	settingsFlag
	Number string `arg:"" help:"The number, with its country code."`
}

// Run prints everything about a number.
func (c *numberExportCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) error {
		n, err := r.number(ctx, c.Number, ledger.AnyTenant)
		if err != nil {
			return err
		}
		number := n.Key()
		dossier, err := r.Dossier(ctx, number)
		if err != nil {
			return err
		}
		if err := r.audit(ctx, "number exported", phone.Mask(number), ""); err != nil {
			return err
		}
		calls, err := r.CallBacks(ctx, number, time.Time{}, 0)
		if err != nil {
			return err
		}
		folder, err := server.Recordings(ctx, r.settings, r.Store)
		if err != nil {
			return err
		}
		recordings, err := folder.Of(n)
		if err != nil {
			return err
		}
		encoder := json.NewEncoder(m.Out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			store.Dossier
			Recordings []heldRecording `json:"recordings"`
			CallBacks  []callBack      `json:"call_backs"`
		}{whole(dossier), r.recordingsOf(recordings), callBacksOf(calls)})
	})
}

// heldRecording is one of the person's recordings on this machine, as it is exported.
type heldRecording struct {
	File    string    `json:"file"`
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
}

func (r *records) recordingsOf(all []recording.Held) []heldRecording {
	exported := make([]heldRecording, len(all))
	for i, held := range all {
		exported[i] = heldRecording{filepath.Join(string(r.settings.Data), recording.FolderName, held.Name), held.At.UTC(), held.Length.Seconds()}
	}
	return exported
}

// callBack is a call back as it is exported.
type callBack struct {
	ID      string            `json:"id"`
	Entry   string            `json:"entry"`
	Queue   string            `json:"queue"`
	Network string            `json:"network"`
	Origin  string            `json:"origin,omitzero"`
	State   clicktocall.State `json:"state"`
	Created time.Time         `json:"created"`
	At      time.Time         `json:"at,omitzero"` // the requested time
}

func callBacksOf(calls []clicktocall.CallBack) []callBack {
	exported := make([]callBack, len(calls))
	for i, c := range calls {
		exported[i] = callBack{c.ID, c.Entry, c.Queue, c.Network, c.Origin, c.State, c.Created, c.At}
	}
	return exported
}

// whole returns a dossier with empty lists instead of null, which JSON readers
// do not take for a list.
func whole(d store.Dossier) store.Dossier {
	d.Texts, d.Inbound, d.Answers = list(d.Texts), list(d.Inbound), list(d.Answers)
	d.Suppressions, d.Consents, d.Calls = list(d.Suppressions), list(d.Consents), list(d.Calls)
	d.Activity = list(d.Activity)
	return d
}

func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

type backupCommand struct {
	settingsFlag
	File string `arg:"" help:"The copy: a new file."`
}

// Run copies the database while it is in use.
func (c *backupCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) error {
		if err := r.Backup(ctx, c.File); err != nil {
			return err
		}
		fmt.Fprintf(m.Out, "%s is a copy of the database; with no server running, it can replace the database\n", c.File)
		return nil
	})
}
