package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

type suppressCommand struct {
	Add    suppressAddCommand    `cmd:"" help:"Put numbers on the list of those who are not to be reached."`
	Remove suppressRemoveCommand `cmd:"" help:"Take numbers off the list."`
	List   suppressListCommand   `cmd:"" help:"Show the list."`
}

// suppressScope says for whom and for what a suppression holds.
type suppressScope struct {
	Tenant  string `help:"For this domain of the phone system alone. Without it: for all." default:"*" placeholder:"DOMAIN"`
	Channel string `help:"What it holds for: text, call, or all. Without it: all." enum:"text,call,all" default:"all" placeholder:"CHANNEL"`
}

// String says for whom and for what, in words.
func (s suppressScope) String() string {
	return reach(ledger.Channel(s.Channel)) + " from " + whose(s.Tenant)
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
	ledgerFlag
	suppressScope
	Number []string `arg:"" optional:"" help:"Numbers, with the country's code."`
	File   string   `help:"Numbers from a file, one a line; lines that begin with # are left out. - is standard input." placeholder:"FILE"`
	Reason string   `help:"Why: kept with each number." placeholder:"WORDS"`
}

// Run suppresses numbers. A running server honours it at once.
func (c *suppressAddCommand) Run(ctx context.Context, m *Main) (err error) {
	s, home, err := c.openFor(ctx, c.Tenant)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	numbers, err := c.numbers(m.In, home)
	if err != nil {
		return err
	}
	how := ledger.ByOperator
	if c.File != "" {
		how = ledger.ByImport
	}
	for done, number := range numbers {
		err := s.Suppress(ctx, ledger.Suppression{
			Number: number, Tenant: c.Tenant, Channel: ledger.Channel(c.Channel), At: time.Now(), How: how, Words: c.Reason,
		})
		if err != nil && done > 0 {
			return fmt.Errorf("%d of %d numbers were suppressed, then: %w", done, len(numbers), err)
		}
		if err != nil {
			return err
		}
	}
	about := fmt.Sprintf("%d numbers", len(numbers))
	if len(numbers) == 1 {
		about = phone.Mask(numbers[0])
	}
	if err := audit(ctx, s, "suppression added", about, c.String()); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "%s: no more %s\n", about, c.suppressScope)
	return nil
}

// numbers returns the given numbers, each once. It checks all of them before
// any is suppressed.
func (c *suppressAddCommand) numbers(in io.Reader, home phone.Home) ([]string, error) {
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
		if c.File != "-" {
			file, err := os.Open(c.File)
			if err != nil {
				return nil, &fault.Error{Code: fault.NotFound, Message: "the numbers cannot be read", Err: err}
			}
			defer func() { _ = file.Close() }()
			in = file
		}
		lines := bufio.NewScanner(in)
		for n := 1; lines.Scan(); n++ {
			line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), byteOrderMark))
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if err := take(line, fmt.Sprintf("%s:%d: ", c.File, n)); err != nil {
				return nil, err
			}
		}
		if err := lines.Err(); err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Message: "the numbers cannot be read", Err: err}
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
	ledgerFlag
	suppressScope
	Number string `arg:"" help:"The number."`
}

// Run takes a number off the list.
func (c *suppressRemoveCommand) Run(ctx context.Context, m *Main) (err error) {
	s, home, err := c.openFor(ctx, c.Tenant)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	n, err := knownNumber(c.Number, home)
	if err != nil {
		return err
	}
	number := n.Key()
	removed, err := s.Unsuppress(ctx, number, c.Tenant, ledger.Channel(c.Channel))
	if err != nil {
		return err
	}
	if removed == 0 {
		return fault.Newf(fault.NotFound, "%s is not on the list for %s", phone.Mask(number), c.suppressScope).
			WithHint("switchhook suppress list %s shows what it is on it for: name it with --channel and --tenant", number)
	}
	if err := audit(ctx, s, "suppression removed", phone.Mask(number), c.String()); err != nil {
		return err
	}
	left, err := s.Suppressions(ctx, number)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "%s is off the list for %s\n", phone.Mask(number), c.suppressScope)
	for _, other := range left {
		fmt.Fprintf(m.Out, "it stays on it for %s from %s\n", reach(other.Channel), whose(other.Tenant))
	}
	return nil
}

type suppressListCommand struct {
	ledgerFlag
	Number string `arg:"" optional:"" help:"This number alone."`
	JSON   bool   `help:"One JSON object a line, with whole numbers."`
}

// Run shows the list.
func (c *suppressListCommand) Run(ctx context.Context, m *Main) (err error) {
	s, home, err := c.openFor(ctx, ledger.AnyTenant)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	number := ""
	if c.Number != "" {
		n, err := knownNumber(c.Number, home)
		if err != nil {
			return err
		}
		number = n.Key()
	}
	list, err := s.Suppressions(ctx, number)
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(m.Out)
		encoder.SetEscapeHTML(false)
		for _, suppression := range list {
			if err := encoder.Encode(suppression); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		if number != "" {
			fmt.Fprintf(m.Out, "%s is not on the list\n", phone.Mask(number))
			return nil
		}
		fmt.Fprintln(m.Out, "nobody is on the list")
		return nil
	}
	table := tabwriter.NewWriter(m.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NUMBER\tNO MORE\tFROM\tSINCE\tBY\tWORDS")
	for _, suppression := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", phone.Mask(suppression.Number), reach(suppression.Channel), whose(suppression.Tenant),
			moment(suppression.At), suppression.How, cmp.Or(strings.Join(strings.Fields(suppression.Words), " "), "-"))
	}
	return table.Flush()
}
