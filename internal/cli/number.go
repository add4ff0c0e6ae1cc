package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

type numberCommand struct {
	Export numberExportCommand `cmd:"" help:"Print everything that is kept about a number, as JSON."`
	Erase  numberEraseCommand  `cmd:"" help:"Erase everything that is kept about a number."`
}

type numberExportCommand struct {
	ledgerFlag
	Number string `arg:"" help:"The number, with the country's code."`
}

// Run prints what is known of a number.
func (c *numberExportCommand) Run(ctx context.Context, m *Main) (err error) {
	number, err := readNumber(c.Number)
	if err != nil {
		return err
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	dossier, err := s.Dossier(ctx, number)
	if err != nil {
		return err
	}
	if err := audit(ctx, s, "number exported", phone.Mask(number), ""); err != nil {
		return err
	}
	encoder := json.NewEncoder(m.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(dossier)
}

type numberEraseCommand struct {
	ledgerFlag
	Number string `arg:"" help:"The number, with the country's code."`
	Yes    bool   `help:"Do it: there is no way back."`
}

// Run erases what is known of a number.
func (c *numberEraseCommand) Run(ctx context.Context, m *Main) (err error) {
	number, err := readNumber(c.Number)
	if err != nil {
		return err
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if !c.Yes {
		d, err := s.Dossier(ctx, number)
		if err != nil {
			return err
		}
		return fault.Newf(fault.Invalid, "nothing was erased: %d texts, %d replies, %d answers, %d consents and %d calls are kept about %s",
			len(d.Texts), len(d.Inbound), len(d.Answers), len(d.Consents), len(d.Calls), phone.Mask(number)).
			WithHint("there is no way back: switchhook number export keeps them; --yes erases them")
	}
	removed, err := s.Erase(ctx, number)
	if err != nil {
		return err
	}
	if err := audit(ctx, s, "number erased", phone.Mask(number), ""); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "erased: %d texts, %d replies, %d answers, %d consents, %d calls\n",
		removed.Texts, removed.Inbound, removed.Answers, removed.Consents, removed.Calls)
	if removed.Suppressions > 0 {
		fmt.Fprintln(m.Out, "the number stays on the suppression list, without what was said: to leave it alone is a duty that lasts")
	}
	return nil
}

type backupCommand struct {
	ledgerFlag
	File string `arg:"" help:"The new file."`
}

// Run copies the database while it is in use.
func (c *backupCommand) Run(ctx context.Context, m *Main) (err error) {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Backup(ctx, c.File); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "%s is a copy of the database; without a running server it can take its place\n", c.File)
	return nil
}
