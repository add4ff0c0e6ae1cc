package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

type textsCommand struct {
	List   textsListCommand   `cmd:"" help:"List texts and their status."`
	Resend textsResendCommand `cmd:"" help:"Send dead texts again."`
	Test   textsTestCommand   `cmd:"" help:"Send an entry's text to a number of your own."`
}

type textsListCommand struct {
	settingsFlag
	State  string `help:"Only those in this state: sending, queued, sent or dead." enum:"any,sending,queued,sent,dead" default:"any" placeholder:"STATE"`
	Entry  string `help:"Only those of this entry." placeholder:"ID" names:"entry"`
	Number string `help:"Only those to this number." placeholder:"NUMBER"`
	Since  span   `help:"Only those of the last 24h, 7d and so on." placeholder:"TIME"`
	Limit  int    `help:"At most this many, the newest; 0: all." default:"50"`
	JSON   bool   `help:"One JSON object a line, with unmasked numbers and messages."`
}

// Run lists texts.
func (c *textsListCommand) Run(ctx context.Context, m *Main) error {
	query := ledger.Query{Entry: c.Entry, Limit: c.Limit}
	if c.Limit > 0 {
		query.Limit++ // to know whether there are more
	}
	if c.State != "any" {
		query.State = ledger.State(c.State)
	}
	if c.Since > 0 {
		query.Since = c.Since.before(time.Now())
	}
	return c.withRecords(ctx, func(r *records) (err error) {
		if c.Number != "" {
			if query.Number, err = r.key(ctx, c.Number, ledger.AnyTenant); err != nil {
				return err
			}
		}
		texts, err := r.Texts(ctx, query)
		if err != nil {
			return err
		}
		more := c.Limit > 0 && len(texts) > c.Limit
		if more {
			texts = texts[:c.Limit]
		}
		if err := printList(m.Out, c.JSON, texts, "no texts", textColumns, textRow); err != nil {
			return err
		}
		if more && !c.JSON {
			fmt.Fprintf(m.Out, "these are the newest %d; --limit 0 shows all\n", c.Limit)
		}
		return nil
	})
}

var textColumns = []string{"ID", "SINCE", "ENTRY", "TO", "FOR", "STATE", "WHAT"}

func textRow(t ledger.Text) []string {
	return []string{t.ID, moment(t.Created), t.Entry, phone.Mask(t.To), string(purpose(t)), string(t.State), describe(t)}
}

// purpose says what a text is for; the first version stored only answers,
// without a purpose.
func purpose(t ledger.Text) ledger.Purpose { return cmp.Or(t.Purpose, ledger.Answer) }

// describe says what the status of a text is, as switchhook activity does.
func describe(t ledger.Text) string {
	step := t.Told()
	step.Args = step.Args.Shown(moment)
	return step.String()
}

type textsResendCommand struct {
	settingsFlag
	ID     []string `arg:"" optional:"" help:"Ids of dead texts, as texts list shows them; the first four characters or more will do."`
	Dead   bool     `help:"All dead answers to calls instead, except those whose receivers said stop."`
	Entry  string   `help:"With --dead: only of this entry." placeholder:"ID" names:"entry"`
	Since  span     `help:"With --dead: only of this last time; default 24h." default:"24h" placeholder:"TIME"`
	Why    string   `help:"With --dead: only those that are dead for this reason: failed, refused, late or uncertain. Default: all but uncertain, which may have gone out." enum:"any,failed,refused,late,uncertain" default:"any" placeholder:"WHY"`
	Within span     `help:"Give up after this time; default 1h." default:"1h" placeholder:"TIME"`
}

// Run puts dead texts back into the queue. The server sends them.
func (c *textsResendCommand) Run(ctx context.Context, m *Main) error {
	switch {
	case len(c.ID) == 0 && !c.Dead:
		return fault.Newf(fault.Invalid, "name the texts, or use --dead").WithHint("switchhook texts list --state dead shows them")
	case len(c.ID) > 0 && c.Dead:
		return fault.Newf(fault.Invalid, "either name the texts, or use --dead")
	}
	return c.withRecords(ctx, func(r *records) error {
		if !c.Dead {
			return c.resend(ctx, m, r, c.ID)
		}
		dead, err := r.Texts(ctx, ledger.Query{State: ledger.Dead, Entry: c.Entry})
		if err != nil {
			return err
		}
		return c.resend(ctx, m, r, c.choose(m, dead))
	})
}

// resend queues texts again, those after one that fails too.
func (c *textsResendCommand) resend(ctx context.Context, m *Main, r *records, ids []string) error {
	queued := 0
	var failed []error
	for _, id := range ids {
		now := time.Now()
		id, err := r.TextID(ctx, id)
		if err == nil {
			err = r.Resend(ctx, id, now, now.Add(time.Duration(c.Within)))
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		queued++
		if err := r.audit(ctx, "text sent again", id, ""); err != nil {
			return err
		}
	}
	switch {
	case queued > 0:
		fmt.Fprint(m.Out, m.pasteable(fmt.Sprintf("%d queued; the server sends them while it runs, switchhook texts list shows how it goes\n", queued)))
	case len(failed) == 0:
		fmt.Fprintln(m.Out, "nothing to send")
	}
	return errors.Join(failed...)
}

// choose returns the ids of the dead texts that --dead selects, and says how
// many are left.
func (c *textsResendCommand) choose(m *Main, dead []ledger.Text) (ids []string) {
	oldest := c.Since.before(time.Now())
	older, uncertain := 0, 0
	for _, t := range dead {
		switch {
		case purpose(t) != ledger.Answer || t.Why == ledger.Suppressed:
		case c.Why != "any" && string(t.Why) != c.Why:
		case t.Created.Before(oldest):
			older++
		case t.Why == ledger.Uncertain && c.Why != string(ledger.Uncertain):
			uncertain++
		default:
			ids = append(ids, t.ID)
		}
	}
	if older > 0 {
		fmt.Fprintf(m.Out, "%d skipped that are older than %s: --since includes them\n", older, time.Duration(c.Since))
	}
	if uncertain > 0 {
		fmt.Fprintf(m.Out, "%d skipped that may have gone out: --why uncertain sends those that the phone system does not show\n", uncertain)
	}
	return ids
}
