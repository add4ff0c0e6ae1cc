package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/switchhook/switchhook/internal/app"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/ledger"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/store"
)

type textsCommand struct {
	List   textsListCommand   `cmd:"" help:"Show texts and what became of them."`
	Resend textsResendCommand `cmd:"" help:"Send dead texts again."`
	Test   textsTestCommand   `cmd:"" help:"Send an entry's text to a number of your own."`
}

// ledgerFlag is how commands find the database, and work on it beside a server.
type ledgerFlag struct {
	settingsFlag
}

// open opens the database of the settings.
func (f ledgerFlag) open(ctx context.Context) (*store.Store, error) {
	settings, err := f.load(nil)
	if err != nil {
		return nil, err
	}
	return app.OpenStore(ctx, settings)
}

// audit keeps what an operator did.
func audit(ctx context.Context, s *store.Store, action, about, detail string) error {
	return s.Audit(ctx, ledger.Event{At: time.Now(), Actor: "operator", Action: action, About: about, Detail: detail})
}

// readNumber reads a number as people write it.
func readNumber(text string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("+ -.()/", r) {
			return -1
		}
		return r
	}, text)
	if len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", fault.Newf(fault.Invalid, "%.40q is not a telephone number of 7 to 15 digits", text).
			WithHint("write it with the country's code: +1 973 432 1440")
	}
	return digits, nil
}

type textsListCommand struct {
	ledgerFlag
	State  string        `help:"Those in this state: sending, queued, sent or dead." enum:",sending,queued,sent,dead" default:"" placeholder:"STATE"`
	Entry  string        `help:"Those of this entry." placeholder:"ID"`
	Number string        `help:"Those to this number." placeholder:"NUMBER"`
	Since  time.Duration `help:"Those of so long, such as 24h." placeholder:"TIME"`
	Limit  int           `help:"At most so many, the youngest." default:"50"`
	JSON   bool          `help:"One JSON object a line, with whole numbers and messages."`
}

// Run lists texts.
func (c *textsListCommand) Run(ctx context.Context, m *Main) (err error) {
	query := ledger.Query{State: ledger.State(c.State), Entry: c.Entry, Limit: c.Limit}
	if c.Number != "" {
		if query.Number, err = readNumber(c.Number); err != nil {
			return err
		}
	}
	if c.Since > 0 {
		query.Since = time.Now().Add(-c.Since)
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	texts, err := s.Texts(ctx, query)
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(m.Out)
		encoder.SetEscapeHTML(false)
		for _, t := range texts {
			if err := encoder.Encode(t); err != nil {
				return err
			}
		}
		return nil
	}
	if len(texts) == 0 {
		fmt.Fprintln(m.Out, "no texts")
		return nil
	}
	table := tabwriter.NewWriter(m.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSINCE\tENTRY\tTO\tSTATE\tWHAT")
	for _, t := range texts {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Created.Local().Format("2006-01-02 15:04:05"), t.Entry, phone.Mask(t.To), t.State, describe(t))
	}
	return table.Flush()
}

// describe says what has become of a text.
func describe(t ledger.Text) string {
	switch t.State {
	case ledger.Sent:
		if t.Attempts > 1 {
			return fmt.Sprintf("at attempt %d", t.Attempts)
		}
		return ""
	case ledger.Queued:
		return fmt.Sprintf("next at %s: %s", t.Due.Local().Format("15:04:05"), t.Problem)
	case ledger.Dead:
		return fmt.Sprintf("%s: %s", t.Why, t.Problem)
	}
	return ""
}

type textsResendCommand struct {
	ledgerFlag
	ID     []string      `arg:"" optional:"" help:"Ids of dead texts, as texts list shows them."`
	Dead   bool          `help:"All dead texts instead, but those whose receivers said stop."`
	Entry  string        `help:"With --dead: of this entry alone." placeholder:"ID"`
	Within time.Duration `help:"Give up after so long." default:"1h" placeholder:"TIME"`
}

// Run puts dead texts back into the queue. The server sends them.
func (c *textsResendCommand) Run(ctx context.Context, m *Main) (err error) {
	if (len(c.ID) == 0) == !c.Dead {
		return fault.Newf(fault.Invalid, "name the texts, or say --dead").WithHint("switchhook texts list --state dead shows them")
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ids := c.ID
	if c.Dead {
		dead, err := s.Texts(ctx, ledger.Query{State: ledger.Dead, Entry: c.Entry})
		if err != nil {
			return err
		}
		for _, t := range dead {
			if t.Why != ledger.Suppressed {
				ids = append(ids, t.ID)
			}
		}
	}
	for _, id := range ids {
		now := time.Now()
		if err := s.Resend(ctx, id, now, now.Add(c.Within)); err != nil {
			return err
		}
		if err := audit(ctx, s, "text sent again", id, ""); err != nil {
			return err
		}
	}
	fmt.Fprintf(m.Out, "%d queued; the server sends them, switchhook texts list shows how it goes\n", len(ids))
	return nil
}
