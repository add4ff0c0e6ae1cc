package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/measure"
	"github.com/switchhook/switchhook/internal/fault/spelling"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/alert"
)

type alertCommand struct {
	Test alertTestCommand `cmd:"" help:"Send a test by each way of [alerts], and say whether it arrived."`
	List alertListCommand `cmd:"" help:"Show what stands, what was lately, and who was told."`
	Mute alertMuteCommand `cmd:"" help:"Keep alerts of a kind, or about one thing, quiet for a while."`
}

type alertTestCommand struct {
	settingsFlag
}

// Run sends a test by each way. The exit code is 1 if one does not work.
func (c *alertTestCommand) Run(ctx context.Context, m *Main) error {
	settings, err := c.load(nil)
	if err != nil {
		return err
	}
	ways, err := server.Ways(settings)
	if err != nil {
		return err
	}
	if len(ways) == 0 {
		return fault.Newf(fault.Invalid, "alerts go nowhere but into the log").
			WithHint("set webhook, or email_to, email_from and smtp, or ntfy in [alerts]; docs/alerts-and-metrics.md")
	}
	return withRecords(ctx, settings, unlessMissing(server.OpenStore), func(r *records) error {
		failed := false
		for _, way := range ways {
			problem := way.Send(ctx, alert.Trial(settings.PublicURL, time.Now()))
			if problem != nil {
				failed = true
				fmt.Fprintf(m.Out, "%-8s %s: it did not arrive: %s\n", way.Name(), way.Host(), problem.Reason)
				if problem.Hint != "" {
					fmt.Fprintf(m.Out, "%-8s → %s\n", "", problem.Hint)
				}
				continue
			}
			fmt.Fprintf(m.Out, "%-8s %s: sent; see that it is there\n", way.Name(), way.Host())
			if r.Store == nil {
				continue
			}
			if err := alert.Change(ctx, r.Store, func(b *alert.Board) { b.Works(way.Name(), time.Now()) }); err != nil {
				return err
			}
		}
		return failedIf(failed)
	})
}

type alertListCommand struct {
	settingsFlag
	Since span `help:"What is over or has happened: only of this last time." default:"7d" placeholder:"TIME"`
	JSON  bool `help:"One JSON object a line."`
}

// shownAlert is an alert as --json shows it.
type shownAlert struct {
	Kind   alert.Kind           `json:"kind"`
	About  string               `json:"about"`
	State  string               `json:"state"` // stands, over, happened, or muted: nothing of it yet
	Text   string               `json:"text,omitzero"`
	Do     string               `json:"do,omitzero"`
	Since  time.Time            `json:"since,omitzero"`
	Last   time.Time            `json:"last,omitzero"`
	Ended  time.Time            `json:"ended,omitzero"`
	Count  int                  `json:"count,omitzero"`
	Cause  *alert.Key           `json:"cause,omitempty"`
	Told   map[string]time.Time `json:"told,omitempty"`   // by the way
	Failed map[string]string    `json:"failed,omitempty"` // why it did not arrive, by the way
	Muted  time.Time            `json:"muted_until,omitzero"`
}

// Run lists alerts, what stands first.
func (c *alertListCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) error {
		b, err := alert.Read(ctx, r.Store)
		if err != nil {
			return err
		}
		now := time.Now()
		var shown []shownAlert
		for _, key := range b.Keys() {
			s := showAlert(b, key, now)
			if s.State == "stands" || !s.Muted.IsZero() || s.Last.After(c.Since.before(now)) {
				shown = append(shown, s)
			}
		}
		columns := []string{"KIND", "ABOUT", "STATE", "SINCE", "COUNT", "TOLD", "TEXT"}
		return printList(m.Out, c.JSON, shown, "nothing stands, and nothing was lately", columns, alertRow)
	})
}

func showAlert(b *alert.Board, key alert.Key, now time.Time) shownAlert {
	matter := b.Matters[key]
	s := shownAlert{
		Kind: key.Kind, About: key.About, State: "happened", Text: matter.Text, Do: matter.Do, Since: matter.Since, Last: matter.At,
		Ended: matter.Ended, Count: matter.Count(), Cause: matter.Cause, Told: map[string]time.Time{}, Failed: map[string]string{},
	}
	switch {
	case matter.Total == 0:
		s.State, s.About = "muted", key.Subject()
	case !matter.Ended.IsZero():
		s.State, s.Do = "over", matter.Now
	case key.Kind.Lasts():
		s.State = "stands"
	}
	if until := b.Muted(key); until.After(now) {
		s.Muted = until
	}
	for _, way := range slices.Sorted(maps.Keys(matter.Ways)) {
		if t := matter.Ways[way]; t.Why != "" {
			s.Failed[way] = t.Why
		} else if !t.Told.IsZero() {
			s.Told[way] = t.Told
		}
	}
	return s
}

func alertRow(s shownAlert) []string {
	state, since, told := s.State, "-", []string{}
	if s.State == "over" {
		state += " after " + measure.Span(s.Ended.Sub(s.Since).Round(time.Second))
	}
	if !s.Muted.IsZero() {
		state = strings.TrimPrefix(state+", muted until "+moment(s.Muted), "muted, ")
	}
	if !s.Since.IsZero() {
		since = moment(s.Since)
	}
	for _, way := range slices.Sorted(maps.Keys(s.Told)) {
		if way != "log" {
			told = append(told, way+" "+s.Told[way].Local().Format("15:04:05"))
		}
	}
	for _, way := range slices.Sorted(maps.Keys(s.Failed)) {
		told = append(told, fmt.Sprintf("not by %s: %s", way, s.Failed[way]))
	}
	switch {
	case len(told) > 0:
	case s.Cause != nil:
		told = []string{"with " + string(s.Cause.Kind)}
	case !s.Told["log"].IsZero():
		told = []string{"only the log"}
	default:
		told = []string{"nobody"}
	}
	text := s.Text
	if s.Do != "" {
		text += " " + s.Do
	}
	return []string{string(s.Kind), s.About, state, since, fmt.Sprint(s.Count), strings.Join(told, ", "), text}
}

type alertMuteCommand struct {
	settingsFlag
	Kind  string `arg:"" help:"The kind, as alert list shows it."`
	About string `arg:"" optional:"" help:"What it is about, as alert list shows it; default: all of the kind."`
	For   span   `help:"For how long: 2h, 1d and so on." placeholder:"TIME"`
	Until string `help:"Until when: a time of day such as 08:00 by this machine's clock, or 2026-01-31T12:00:00Z." placeholder:"TIME"`
	End   bool   `help:"End the mute."`
}

// Run mutes, or ends a mute. Running servers follow by themselves.
func (c *alertMuteCommand) Run(ctx context.Context, m *Main) error {
	given := 0
	for _, is := range []bool{c.For > 0, c.Until != "", c.End} {
		if is {
			given++
		}
	}
	if given != 1 {
		return fault.Newf(fault.Invalid, "a mute needs an end").WithHint("give one of --for 2h, --until 08:00 and --end")
	}
	kind := alert.Kind(c.Kind)
	if !slices.Contains(alert.Kinds(), kind) {
		return fault.Newf(fault.Invalid, "there is no kind of alert %q", c.Kind).WithHint("%s", meantKind(c.Kind))
	}
	now := time.Now()
	until := c.Until
	if c.For > 0 {
		until = time.Duration(c.For).String()
	}
	var end time.Time
	if !c.End {
		var err error
		if end, err = readEnd(until, now); err != nil {
			return err
		}
	}
	key := alert.Key{Kind: kind, About: c.About}.Masked()
	return c.withRecords(ctx, func(r *records) error {
		was := time.Time{}
		if err := alert.Change(ctx, r.Store, func(b *alert.Board) { was = b.Mute(key, end) }); err != nil {
			return err
		}
		what := strings.TrimSpace(c.Kind + " " + key.About)
		if c.End {
			if !was.After(now) {
				return fault.Newf(fault.NotFound, "%s is not muted", what).WithHint("switchhook alert list shows what is")
			}
			if err := r.audit(ctx, "alert no longer muted", what, ""); err != nil {
				return err
			}
			fmt.Fprintf(m.Out, "%s is no longer muted. Servers follow within %s.\n", what, measure.Seconds(alert.ReadEvery))
			return nil
		}
		if err := r.audit(ctx, "alert muted", what, "until "+end.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		fmt.Fprintf(m.Out, "%s is muted until %s; what still stands then is told then. Servers follow within %s.\n", what, moment(end), measure.Seconds(alert.ReadEvery))
		return nil
	})
}

// meantKind says which kind somebody may have meant.
func meantKind(text string) string {
	var names []string
	for _, kind := range alert.Kinds() {
		names = append(names, string(kind))
	}
	if meant := spelling.Nearest(text, names); meant != "" {
		return "is " + meant + " meant?"
	}
	return "the kinds are " + strings.Join(names, ", ")
}
