package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/measure"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
)

type oncallOverrideCommand struct {
	settingsFlag
	Route  string `arg:"" optional:"" help:"The route, by name." names:"route"`
	Person string `arg:"" optional:"" help:"Who is rung at level 1: the id, e-mail address or name of somebody whom the route's sources or [oncall.numbers] name, or a number."`
	Until  string `help:"Until when: a length such as 8h, a time of day such as 08:00 by this machine's clock, or 2026-01-31T12:00:00Z." placeholder:"TIME"`
	End    bool   `help:"End the route's override."`
	List   bool   `help:"Show the overrides in force."`
	JSON   bool   `help:"With --list: one JSON object a line, with unmasked numbers."`
}

// Run makes, ends or lists overrides. Running servers follow by themselves.
func (c *oncallOverrideCommand) Run(ctx context.Context, m *Main) error {
	switch {
	case c.List && (c.Route != "" || c.End || c.Until != ""):
		return fault.Newf(fault.Invalid, "--list shows the overrides of all routes: it goes with no route and with --json alone")
	case c.JSON && !c.List:
		return fault.Newf(fault.Invalid, "--json goes with --list")
	case c.List:
	case c.Route == "":
		return fault.Newf(fault.Invalid, "name the route").WithHint("switchhook oncall override ROUTE PERSON --until TIME, switchhook oncall override ROUTE --end, or --list")
	case c.End && (c.Person != "" || c.Until != ""):
		return fault.Newf(fault.Invalid, "--end ends the route's override: it goes with no person and no time")
	case !c.End && (c.Person == "" || c.Until == ""):
		return fault.Newf(fault.Invalid, "an override needs a person and an end").WithHint("switchhook oncall override %s PERSON --until 08:00", c.Route)
	}
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	if settings.OnCall == nil {
		return fault.Newf(fault.Invalid, "on-call is off: there is no section [oncall]")
	}
	return withRecords(ctx, settings, server.OpenStore, func(r *records) error {
		switch {
		case c.List:
			return c.list(ctx, m, r)
		case c.End:
			return c.end(ctx, m, r)
		}
		return c.make(ctx, m, r)
	})
}

func (c *oncallOverrideCommand) make(ctx context.Context, m *Main, r *records) error {
	now := time.Now()
	until, err := readEnd(c.Until, now)
	if err != nil {
		return err
	}
	keeper, dispatcher, err := server.OnCall(ctx, r.settings, r.Store)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, server.AskTimeout)
	keeper.RefreshAt(asking, time.Time{})
	cancel()
	person, source, err := dispatcher.Person(c.Route, c.Person)
	if err != nil {
		return err
	}
	o := oncall.Override{Route: c.Route, Person: person, Source: source, Made: now, Until: until}
	if err := r.OnCallOverrides().Set(ctx, o); err != nil {
		return err
	}
	who := cmp.Or(person.Name, person.Email, person.ID)
	if err := r.audit(ctx, "on-call override made", c.Route, fmt.Sprintf("%s until %s", who, until.UTC().Format(time.RFC3339))); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "%s is rung at level 1 of %s until %s. Servers follow within %s.\n", who, c.Route, moment(until), measure.Seconds(oncall.OverridesEvery))
	dispatcher.LoadOverrides(ctx)
	_, steps, err := dispatcher.Explain(oncall.Request{Route: c.Route}, now)
	printSteps(m.Out, 2, steps)
	return err
}

func (c *oncallOverrideCommand) end(ctx context.Context, m *Main, r *records) error {
	ended, err := r.OnCallOverrides().End(ctx, c.Route, time.Now())
	if err != nil {
		return err
	}
	if !ended {
		return fault.Newf(fault.NotFound, "the route %s has no override", c.Route).WithHint("switchhook oncall override --list shows those in force")
	}
	if err := r.audit(ctx, "on-call override ended", c.Route, ""); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "The override of %s has ended. Servers follow within %s.\n", c.Route, measure.Seconds(oncall.OverridesEvery))
	return nil
}

// shownOverride is an override as --json shows it.
type shownOverride struct {
	Route   string    `json:"route"`
	Person  string    `json:"person"`
	Numbers []string  `json:"numbers,omitempty"` // empty: those of the settings
	Source  string    `json:"source,omitzero"`
	Made    time.Time `json:"made"`
	Until   time.Time `json:"until"`
}

func (c *oncallOverrideCommand) list(ctx context.Context, m *Main, r *records) error {
	all, err := r.OnCallOverrides().List(ctx, time.Now())
	if err != nil {
		return err
	}
	shown := make([]shownOverride, len(all))
	for i, o := range all {
		shown[i] = shownOverride{o.Route, cmp.Or(o.Person.Name, o.Person.Email, o.Person.ID), o.Person.Numbers, o.Source, o.Made, o.Until}
	}
	return printList(m.Out, c.JSON, shown, "no route has an override", []string{"ROUTE", "PERSON", "NUMBER", "UNTIL", "MADE"}, func(o shownOverride) []string {
		number := "as in the settings"
		if len(o.Numbers) > 0 {
			number = phone.Mask(o.Numbers[0])
		}
		return []string{o.Route, o.Person, number, moment(o.Until), moment(o.Made)}
	})
}

// longestOverride is a year: a longer one is a slip of the pen, and would be
// forgotten.
const longestOverride = 366 * 24 * time.Hour

// readEnd parses the end of something that begins now: a length, the next time of
// day by this machine's clock, or a time.
func readEnd(text string, now time.Time) (time.Time, error) {
	end, err := readTime(text)
	if d, short := config.ParseDuration(text); short == nil {
		end, err = now.Add(d), nil
	} else if clock, short := time.ParseInLocation("15:04", text, time.Local); short == nil {
		local := now.In(time.Local)
		end, err = time.Date(local.Year(), local.Month(), local.Day(), clock.Hour(), clock.Minute(), 0, 0, time.Local), nil
		if !end.After(now) {
			end = time.Date(local.Year(), local.Month(), local.Day()+1, clock.Hour(), clock.Minute(), 0, 0, time.Local)
		}
	}
	switch {
	case err != nil:
		return end, fault.Newf(fault.Invalid, "%.40q is no time", text).WithHint("write a length such as 8h, a time of day such as 08:00, or 2026-01-31T12:00:00Z")
	case !end.After(now):
		return end, fault.Newf(fault.Invalid, "%s is over", moment(end))
	case end.Sub(now) > longestOverride:
		return end, fault.Newf(fault.Invalid, "%s is more than a year ahead", moment(end))
	}
	return end, nil
}
