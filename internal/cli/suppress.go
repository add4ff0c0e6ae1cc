package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

type suppressCommand struct {
	Add    suppressAddCommand    `cmd:"" help:"Put numbers on the list of those who are not to be reached."`
	Remove suppressRemoveCommand `cmd:"" help:"Take numbers off the list."`
	List   suppressListCommand   `cmd:"" help:"Show the list."`
}

// suppressScope says for whom and for what a suppression holds.
type suppressScope struct {
	Tenant  string `help:"For this domain of the phone system alone." default:"*" placeholder:"DOMAIN"`
	Channel string `help:"What it holds for: text, call, or all of them." enum:"text,call,all" default:"all" placeholder:"CHANNEL"`
}

type suppressAddCommand struct {
	ledgerFlag
	suppressScope
	Number []string `arg:"" optional:"" help:"Numbers, with the country's code."`
	File   string   `help:"Numbers from a file, one a line." placeholder:"FILE"`
	Reason string   `help:"Why: kept with the entry." placeholder:"WORDS"`
}

// Run suppresses numbers. A server that runs heeds it at once.
func (c *suppressAddCommand) Run(ctx context.Context, m *Main) (err error) {
	numbers, err := c.numbers()
	if err != nil {
		return err
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	how := ledger.ByOperator
	if c.File != "" {
		how = ledger.ByImport
	}
	for _, number := range numbers {
		if err := s.Suppress(ctx, ledger.Suppression{
			Number: number, Tenant: c.Tenant, Channel: ledger.Channel(c.Channel), At: time.Now(), How: how, Words: c.Reason,
		}); err != nil {
			return err
		}
		if err := audit(ctx, s, "suppression added", phone.Mask(number), c.Channel+" of "+c.Tenant); err != nil {
			return err
		}
	}
	fmt.Fprintf(m.Out, "%d suppressed\n", len(numbers))
	return nil
}

// numbers returns the numbers that were given. All of them are checked before
// any is suppressed.
func (c *suppressAddCommand) numbers() ([]string, error) {
	lines := c.Number
	if c.File != "" {
		file, err := os.Open(c.File)
		if err != nil {
			return nil, &fault.Error{Code: fault.NotFound, Message: "the numbers cannot be read", Err: err}
		}
		defer func() { _ = file.Close() }()
		scanner := bufio.NewScanner(file)
		for scanner.Scan() {
			if line := strings.TrimSpace(scanner.Text()); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
		if err := scanner.Err(); err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Message: "the numbers cannot be read", Err: err}
		}
	}
	if len(lines) == 0 {
		return nil, fault.Newf(fault.Invalid, "name the numbers, or a file of them with --file")
	}
	numbers := make([]string, len(lines))
	for i, line := range lines {
		var err error
		if numbers[i], err = readNumber(line); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

type suppressRemoveCommand struct {
	ledgerFlag
	suppressScope
	Number string `arg:"" help:"The number."`
}

// Run takes a number off the list.
func (c *suppressRemoveCommand) Run(ctx context.Context, m *Main) (err error) {
	number, err := readNumber(c.Number)
	if err != nil {
		return err
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	removed, err := s.Unsuppress(ctx, number, c.Tenant, ledger.Channel(c.Channel))
	if err != nil {
		return err
	}
	if removed == 0 {
		return fault.Newf(fault.NotFound, "the number is not on the list for %s of %s", c.Channel, c.Tenant).
			WithHint("switchhook suppress list %s shows what it is on it for", c.Number)
	}
	if err := audit(ctx, s, "suppression removed", phone.Mask(number), c.Channel+" of "+c.Tenant); err != nil {
		return err
	}
	fmt.Fprintln(m.Out, "removed")
	return nil
}

type suppressListCommand struct {
	ledgerFlag
	Number string `arg:"" optional:"" help:"This number alone."`
	JSON   bool   `help:"One JSON object a line, with whole numbers."`
}

// Run shows the list.
func (c *suppressListCommand) Run(ctx context.Context, m *Main) (err error) {
	number := ""
	if c.Number != "" {
		if number, err = readNumber(c.Number); err != nil {
			return err
		}
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
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
		fmt.Fprintln(m.Out, "nobody is on the list")
		return nil
	}
	table := tabwriter.NewWriter(m.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NUMBER\tFOR\tOF\tSINCE\tBY\tWORDS")
	for _, suppression := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", phone.Mask(suppression.Number), suppression.Channel, suppression.Tenant,
			suppression.At.Local().Format("2006-01-02 15:04:05"), suppression.How, strings.Join(strings.Fields(suppression.Words), " "))
	}
	return table.Flush()
}
