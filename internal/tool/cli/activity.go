package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/story"
	"github.com/switchhook/switchhook/internal/setting"
)

type activityCommand struct {
	List activityListCommand `cmd:"" help:"List what happened: calls, texts, opt-outs, forms, alerts and so on."`
	Show activityShowCommand `cmd:"" help:"Tell the whole story of a call, a text or a call back, step by step."`
}

type activityListCommand struct {
	settingsFlag
	Entry   string `help:"Only what is of this entry." placeholder:"ID" names:"entry"`
	Tenant  string `help:"Only what is of this domain of the phone system." placeholder:"DOMAIN"`
	Number  string `help:"Only what is about this number. Its last four digits or more will do, or with a plus how it begins." placeholder:"NUMBER"`
	Outcome string `help:"Only this outcome, such as cooldown or dead." placeholder:"OUTCOME"`
	Kind    string `help:"Only this kind: call, text, opt_out, call_back, on_call, form, provisioning, alert, reload, core_call or entry." placeholder:"KIND"`
	Since   span   `help:"Only of the last 24h, 7d and so on." placeholder:"TIME"`
	Until   span   `help:"Only of before the last 24h, 7d and so on." placeholder:"TIME"`
	Before  string `help:"Only what is older than this item, to go on from it." placeholder:"ID"`
	Limit   int    `help:"At most this many, the newest; 0: all." default:"50"`
	Follow  bool   `help:"Go on with what happens, until Ctrl-C; the newest last."`
	JSON    bool   `help:"One JSON object a line, with unmasked numbers and all steps."`
}

// Run lists items.
func (c *activityListCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) error {
		query, err := c.query(ctx, r)
		if err != nil {
			return err
		}
		tell := r.teller()
		if c.Follow {
			return c.follow(ctx, m, r, tell, query)
		}
		if c.Limit > 0 {
			query.Limit++ // to know whether there are more
		}
		items, err := r.Activity(ctx, query)
		if err != nil {
			return err
		}
		more := c.Limit > 0 && len(items) > c.Limit
		if more {
			items = items[:c.Limit]
		}
		err = printList(m.Out, c.JSON, toldItems(tell, items), "nothing happened", activityColumns, activityRow)
		if more && err == nil && !c.JSON {
			_, err = fmt.Fprintf(m.Out, "these are the newest %d; --before %s goes on\n", c.Limit, items[c.Limit-1].ID)
		}
		return err
	})
}

// query returns what the flags select.
func (c *activityListCommand) query(ctx context.Context, r *records) (activity.Query, error) {
	q := activity.Query{Entry: c.Entry, Tenant: c.Tenant, Kind: activity.Kind(c.Kind), Outcome: c.Outcome, Before: c.Before, Limit: c.Limit}
	now := time.Now()
	if c.Since > 0 {
		q.Since = c.Since.before(now)
	}
	if c.Until > 0 {
		q.Until = c.Until.before(now)
	}
	if c.Kind != "" && !slices.Contains(activity.Kinds(), q.Kind) {
		return q, fault.Newf(fault.Invalid, "there is no kind %.40q", c.Kind).WithHint("there are %s", strings.Join(setting.Words(activity.Kinds()...), ", "))
	}
	if c.Outcome != "" && !story.Known(q.Kind, c.Outcome) {
		return q, fault.Newf(fault.Invalid, "there is no outcome %.40q", c.Outcome).WithHint("switchhook activity list shows outcomes, such as texted, sent, dead, cooldown or stop")
	}
	if c.Number == "" {
		return q, nil
	}
	n, err := r.number(ctx, c.Number, ledger.AnyTenant)
	if err == nil {
		q.Number = n.Key()
		return q, nil
	}
	digits := strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			return c
		}
		return -1
	}, c.Number)
	switch {
	case strings.HasPrefix(c.Number, "+") && digits != "":
		q.Number = digits
	case len(digits) >= fewestShown:
		q.Ending = digits
	default:
		return q, fault.Newf(fault.Invalid, "%.40q is no number, nor a part of one", c.Number).WithHint("give a number, its last four digits or more, or how it begins: +1973")
	}
	return q, nil
}

// fewestShown is how many of a number's last digits are needed to look for it:
// those that a masked one shows.
const fewestShown = 4

// followEvery is how long something new may wait to be shown.
const followEvery = 500 * time.Millisecond

// follow prints the newest items, and what happens from then on.
func (c *activityListCommand) follow(ctx context.Context, m *Main, r *records, tell story.Teller, query activity.Query) error {
	mark, err := r.ActivityMark(ctx)
	if err != nil {
		return err
	}
	items, err := r.Activity(ctx, query)
	if err != nil {
		return err
	}
	slices.Reverse(items)
	seen := make(map[string]bool) // what happened between the two
	for _, i := range items {
		seen[i.ID] = true
	}
	for columns := activityColumns; ; columns = nil {
		if err := printTold(m, c.JSON, toldItems(tell, items), columns); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
		if items, mark, err = r.ActivitySince(ctx, mark); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // Ctrl-C is how it ends
			}
			return err
		}
		items = slices.DeleteFunc(items, func(i activity.Item) bool { return seen[i.ID] || !query.Has(i) })
	}
}

// printTold prints items that follow each other, in columns of a fixed width.
func printTold(m *Main, asJSON bool, items []toldItem, columns []string) error {
	if asJSON {
		return printJSON(m.Out, items...)
	}
	table := tabwriter.NewWriter(m.Out, 17, 0, 2, ' ', 0)
	if columns != nil {
		fmt.Fprintln(table, strings.Join(columns, "\t"))
	}
	for _, item := range items {
		fmt.Fprintln(table, strings.Join(activityRow(item), "\t"))
	}
	return table.Flush()
}

type activityShowCommand struct {
	settingsFlag
	ID   string `arg:"" help:"The id of an item, as activity list shows it, of a text (the first four characters do) or a call back, or the phone system's of a call."`
	JSON bool   `help:"One JSON object a line, with unmasked numbers."`
}

// Run tells a story.
func (c *activityShowCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) error {
		items, err := r.Story(ctx, c.ID)
		if fault.CodeOf(err) == fault.NotFound {
			if id, short := r.TextID(ctx, c.ID); short == nil {
				items, err = r.Story(ctx, id)
			}
		}
		if err != nil {
			return err
		}
		tell := r.teller()
		if c.JSON {
			return printJSON(m.Out, toldItems(tell, items)...)
		}
		for _, i := range items {
			head := []string{moment(i.At), string(i.Kind), i.Outcome}
			for _, about := range []struct{ of, is string }{{"entry", i.Entry}, {"number", phone.Mask(i.Number)}, {"about", i.About}} {
				if about.is != "" {
					head = append(head, about.of+" "+about.is)
				}
			}
			fmt.Fprintln(m.Out, strings.Join(head, ", "))
			steps := tell.Steps(i)
			if len(steps) == 0 {
				steps = []string{tell.Sentence(i)}
			}
			printSteps(m.Out, 4, steps)
		}
		return nil
	})
}

// toldItem is an item with its sentence.
type toldItem struct {
	activity.Item
	Sentence string `json:"sentence"`
}

func toldItems(tell story.Teller, items []activity.Item) []toldItem {
	told := make([]toldItem, len(items))
	for n, i := range items {
		told[n] = toldItem{i, tell.Sentence(i)}
	}
	return told
}

var activityColumns = []string{"ID", "AT", "KIND", "ENTRY", "NUMBER", "OUTCOME", "WHAT"}

func activityRow(i toldItem) []string {
	shown := func(text string) string {
		if text == "" {
			return "-"
		}
		return text
	}
	return []string{i.ID, moment(i.At), string(i.Kind), shown(i.Entry), shown(phone.Mask(i.Number)), i.Outcome, i.Sentence}
}

// teller tells items to the person at this machine.
func (r *records) teller() story.Teller {
	return story.Teller{Time: moment, Entries: server.WhereEntries(r.settings), Origin: func(path string) string {
		if at := r.settings.Origin(path); at.Kind != config.NotSet {
			return at.String()
		}
		return ""
	}}
}
