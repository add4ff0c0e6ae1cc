package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

type suppressCommand struct {
	Add    suppressAddCommand    `cmd:"" help:"Add numbers to the list."`
	Remove suppressRemoveCommand `cmd:"" help:"Remove a number from the list."`
	List   suppressListCommand   `cmd:"" help:"Show the list."`
}

// suppressScope says for whom and for what a suppression holds.
type suppressScope struct {
	Tenant  string `help:"Only for this domain of the phone system. Default: for all." default:"*" placeholder:"DOMAIN"`
	Channel string `help:"For text, call, or all. Default: all." enum:"text,call,all" default:"all" placeholder:"CHANNEL"`
}

// String says for whom and for what, in words.
func (s suppressScope) String() string {
	return reach(ledger.Channel(s.Channel)) + " from " + whose(s.Tenant)
}

// flags returns it as flags.
func (s suppressScope) flags() string {
	return fmt.Sprintf("--channel %s --tenant %s", s.Channel, quoted(s.Tenant))
}

func reach(channel ledger.Channel) string {
	switch channel {
	case ledger.Texts:
		return "texts"
	case ledger.Calls:
		return "calls"
	}
	return "texts and calls"
}

func whose(tenant string) string {
	if tenant == ledger.AnyTenant {
		return "any domain"
	}
	return tenant
}

type suppressAddCommand struct {
	settingsFlag
	suppressScope
	Number []string `arg:"" optional:"" help:"Numbers, with their country codes."`
	File   string   `help:"Numbers from a file, one a line; lines that begin with # are skipped. - is standard input." placeholder:"FILE"`
	Reason string   `help:"Why, stored with each number." placeholder:"WORDS"`
}

// Run suppresses numbers. A running server honours it at once.
func (c *suppressAddCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) error {
		home, err := r.home(ctx, c.Tenant)
		if err != nil {
			return err
		}
		numbers, err := c.numbers(m, home)
		if err != nil {
			return err
		}
		if err := c.suppress(ctx, r, numbers); err != nil {
			return err
		}
		about := fmt.Sprintf("%d numbers", len(numbers))
		if len(numbers) == 1 {
			about = phone.Mask(numbers[0])
		}
		if err := r.audit(ctx, "suppression added", about, c.String()); err != nil {
			return err
		}
		fmt.Fprintf(m.Out, "%s: no more %s\n", about, c.suppressScope)
		return nil
	})
}

func (c *suppressAddCommand) suppress(ctx context.Context, r *records, numbers []string) error {
	how := ledger.ByOperator
	if c.File != "" {
		how = ledger.ByImport
	}
	for done, number := range numbers {
		err := r.Suppress(ctx, ledger.Suppression{
			Number: number, Tenant: c.Tenant, Channel: ledger.Channel(c.Channel), At: time.Now(), How: how, Words: c.Reason,
		})
		if err != nil && done > 0 {
			return fmt.Errorf("%d of %d numbers were suppressed, then: %w", done, len(numbers), err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// numbers returns the given numbers, each once. It checks all of them before
// any is suppressed.
func (c *suppressAddCommand) numbers(m *Main, home phone.Home) ([]string, error) {
	var numbers []string
	known := map[string]bool{}
	take := func(text, place string) error {
		n, err := knownNumber(text, home)
		if err != nil {
			return fault.Newf(fault.Invalid, "%s%v; nothing was suppressed", place, err).WithHint("%s", fault.HintOf(err))
		}
		if number := n.Key(); !known[number] {
			known[number] = true
			numbers = append(numbers, number)
		}
		return nil
	}
	for _, text := range c.Number {
		if err := take(text, ""); err != nil {
			return nil, err
		}
	}
	if c.File != "" {
		text, err := m.readInput(c.File, "the numbers", unlimited)
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(strings.TrimPrefix(line, byteOrderMark))
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if err := take(line, fmt.Sprintf("%s:%d: ", c.File, i+1)); err != nil {
				return nil, err
			}
		}
	}
	if len(numbers) == 0 {
		return nil, fault.Newf(fault.Invalid, "name the numbers, or a file of them with --file")
	}
	return numbers, nil
}

// byteOrderMark is how spreadsheets begin a file.
const byteOrderMark = "\ufeff"

type suppressRemoveCommand struct {
	settingsFlag
	suppressScope
	Number string `arg:"" help:"The number."`
}

// Run takes a number off the list.
func (c *suppressRemoveCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) error {
		number, err := r.key(ctx, c.Number, c.Tenant)
		if err != nil {
			return err
		}
		removed, err := r.Unsuppress(ctx, number, c.Tenant, ledger.Channel(c.Channel))
		if err != nil {
			return err
		}
		left, err := r.Suppressions(ctx, number)
		if err != nil {
			return err
		}
		if removed == 0 {
			err := fault.Newf(fault.NotFound, "%s is not on the list for %s", phone.Mask(number), c.suppressScope)
			if len(left) == 0 {
				return err
			}
			there := suppressScope{Tenant: left[0].Tenant, Channel: string(left[0].Channel)}
			return err.WithHint("it is on the list for %s: switchhook suppress remove %s %s", there, number, there.flags())
		}
		if err := r.audit(ctx, "suppression removed", phone.Mask(number), c.String()); err != nil {
			return err
		}
		fmt.Fprintf(m.Out, "%s is off the list for %s\n", phone.Mask(number), c.suppressScope)
		for _, other := range left {
			fmt.Fprintf(m.Out, "it stays on it for %s from %s\n", reach(other.Channel), whose(other.Tenant))
		}
		return nil
	})
}

type suppressListCommand struct {
	settingsFlag
	Number string `arg:"" optional:"" help:"Only this number."`
	JSON   bool   `help:"One JSON object a line, with unmasked numbers."`
}

// Run shows the list.
func (c *suppressListCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) (err error) {
		number, none := "", "nobody is on the list"
		if c.Number != "" {
			if number, err = r.key(ctx, c.Number, ledger.AnyTenant); err != nil {
				return err
			}
			none = phone.Mask(number) + " is not on the list"
		}
		list, err := r.Suppressions(ctx, number)
		if err != nil {
			return err
		}
		return printList(m.Out, c.JSON, list, none, suppressionColumns, suppressionRow)
	})
}

var suppressionColumns = []string{"NUMBER", "NO MORE", "FROM", "SINCE", "BY", "WORDS"}

func suppressionRow(s ledger.Suppression) []string {
	words := strings.Join(strings.Fields(s.Words), " ")
	return []string{phone.Mask(s.Number), reach(s.Channel), whose(s.Tenant), moment(s.At), s.How, cmp.Or(words, "-")}
}
