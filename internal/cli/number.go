package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/clicktocall"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/ledger"
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
	s, home, err := c.openFor(ctx, ledger.AnyTenant)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	n, err := knownNumber(c.Number, home)
	if err != nil {
		return err
	}
	number := n.Key()
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
	calls, err := s.CallBacks(ctx, number, time.Time{}, 0)
	if err != nil {
		return err
	}
	return encoder.Encode(struct {
		ledger.Dossier
		CallBacks []callBack `json:"call_backs"`
	}{whole(dossier), callBacksOf(calls)})
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
	At      time.Time         `json:"at,omitzero"` // that it was wished for
}

func callBacksOf(calls []clicktocall.CallBack) []callBack {
	exported := make([]callBack, len(calls))
	for i, c := range calls {
		exported[i] = callBack{c.ID, c.Entry, c.Queue, c.Network, c.Origin, c.State, c.Created, c.At}
	}
	return exported
}

// whole returns a dossier with empty lists where there is nothing: to those who
// read the JSON a null is no list.
func whole(d ledger.Dossier) ledger.Dossier {
	d.Texts, d.Inbound, d.Answers = list(d.Texts), list(d.Inbound), list(d.Answers)
	d.Suppressions, d.Consents, d.Calls = list(d.Suppressions), list(d.Consents), list(d.Calls)
	return d
}

func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

type numberEraseCommand struct {
	ledgerFlag
	Number string `arg:"" help:"The number, with the country's code."`
	Yes    bool   `help:"Do it: there is no way back."`
}

// Run erases what is known of a number.
func (c *numberEraseCommand) Run(ctx context.Context, m *Main) (err error) {
	s, home, err := c.openFor(ctx, ledger.AnyTenant)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	n, err := knownNumber(c.Number, home)
	if err != nil {
		return err
	}
	number := n.Key()
	if !c.Yes {
		d, err := s.Dossier(ctx, number)
		if err != nil {
			return err
		}
		if len(d.Texts)+len(d.Inbound)+len(d.Answers)+len(d.Consents)+len(d.Calls)+len(d.Suppressions) == 0 {
			fmt.Fprintf(m.Out, "nothing is kept about %s\n", phone.Mask(number))
			return nil
		}
		return fault.Newf(fault.Invalid, "nothing was erased; of %s are kept: %s", phone.Mask(number), amounts(len(d.Texts), len(d.Inbound), len(d.Answers), len(d.Consents), len(d.Calls))).
			WithHint("there is no way back: switchhook number export keeps them; --yes erases them")
	}
	removed, err := s.Erase(ctx, number)
	if err != nil {
		return err
	}
	callBacks, err := s.EraseCallBacks(ctx, number, time.Now())
	if err != nil {
		return err
	}
	if err := audit(ctx, s, "number erased", phone.Mask(number), ""); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "erased of %s: %s\n", phone.Mask(number), amounts(removed.Texts, removed.Inbound, removed.Answers, removed.Consents, removed.Calls))
	if callBacks > 0 {
		fmt.Fprintf(m.Out, "and calls that were asked for to it: %d; that there were some is kept as long as they count for its caps\n", callBacks)
	}
	if removed.Suppressions > 0 {
		fmt.Fprintln(m.Out, "the number stays on the suppression list, without what was said: to leave it alone is a duty that lasts")
	}
	return nil
}

// amounts says how much of each kind there is.
func amounts(texts, inbound, answers, consents, calls int) string {
	return fmt.Sprintf("texts to it %d, texts from it %d, answers to its calls %d, consents %d, calls %d", texts, inbound, answers, consents, calls)
}

type backupCommand struct {
	ledgerFlag
	File string `arg:"" help:"The copy: a file that is not there yet."`
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
