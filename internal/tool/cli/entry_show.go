package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/server/config"
)

type entryShowCommand struct {
	settingsFlag
	Name string `arg:"" help:"The entry." names:"entry"`
	JSON bool   `help:"One JSON object."`
}

// entryDetail is an entry with all that is known of it.
type entryDetail struct {
	shownEntry
	Settings []entrySetting `json:"settings"`
	Made     []string       `json:"made"`  // on the phone system
	Posts    bool           `json:"posts"` // whether texts to the numbers of its domain come to the server
}

// entrySetting is a setting of an entry. Of one that is not set it is what counts
// instead.
type entrySetting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"` // entry, default, or the setting that counts and where it stands
}

// Run shows one entry.
func (c *entryShowCommand) Run(ctx context.Context, m *Main) error {
	return c.withBook(ctx, m, func(b *book) error {
		items, err := b.entries.Items(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(items, func(item entry.Item) bool { return item.ID == c.Name })
		if i < 0 {
			return b.missing(c.Name)
		}
		d := entryDetail{shownEntry: b.show(items[i]), Settings: b.entrySettings(items[i]), Made: []string{}}
		if r := b.record(c.Name); r != nil {
			for _, made := range r.Made {
				d.Made = append(d.Made, madeTold(made))
			}
		}
		if d.Posts, err = b.posts(ctx, d.Domain); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(m.Out, d)
		}
		return d.print(m, b)
	})
}

// posts reports whether the phone system posts the texts of a domain to the server,
// by what is on record.
func (b *book) posts(ctx context.Context, domain string) (bool, error) {
	if b.Store == nil {
		return false, nil
	}
	since, err := b.EventKeys(ctx)
	_, posts := since[strings.ToLower(domain)]
	return posts && domain != "", err
}

// madeTold says what was made.
func madeTold(r provision.Resource) string {
	told := r.String() + " of " + r.Domain
	if r.URL != "" {
		told += ", which asks " + r.URL
	}
	if r.Pending {
		return told + ": may have been made at " + moment(r.At)
	}
	return told + ", since " + moment(r.At)
}

func (d *entryDetail) print(m *Main, b *book) error {
	fmt.Fprintf(m.Out, "%s (%s) in %s\n", d.Name, cmp.Or(strings.Join(d.Features, ", "), "it does nothing"), d.In)
	if d.Problem != "" {
		fmt.Fprintf(m.Out, "! %s\n", d.Problem)
	}
	table := tabwriter.NewWriter(m.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, s := range d.Settings {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, s.Value, s.From)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if d.Provisioned != provision.Unwanted || len(d.Made) > 0 {
		fmt.Fprintf(m.Out, "provisioned: %s\n", cmp.Or(strings.Join(d.Why, "; "), d.Provisioned.Told()))
	}
	for _, made := range d.Made {
		fmt.Fprintln(m.Out, "  "+made)
	}
	if d.Posts {
		fmt.Fprintf(m.Out, "texts to the numbers of %s are posted to the server, STOP among them\n", d.Domain)
	}
	if d.Provisioned != provision.Unwanted {
		fmt.Fprintf(m.Out, "%s compares it with the phone system\n", b.again("provision", "--plan", d.Name))
	}
	return nil
}

// entrySettings returns the settings of an entry in the order of the documentation,
// and then the fields that are not known.
func (b *book) entrySettings(item entry.Item) (all []entrySetting) {
	e, err := item.Entry()
	if err != nil {
		return []entrySetting{}
	}
	set := map[string]string{}
	var unknown []entrySetting
	for name, value := range item.Fields() {
		switch {
		case !slices.Contains(entry.Fields, name):
			unknown = append(unknown, entrySetting{name, fieldTold(value), "entry, and not known"})
		case string(value) != "null" && string(value) != `""`:
			set[name] = fieldTold(value)
		}
	}
	if e.Key != "" {
		set[entry.FieldKey] = fmt.Sprint(e.Key)
	}
	for _, name := range entry.Fields {
		s := entrySetting{name, set[name], "entry"}
		if s.Value == "" {
			s.Value, s.From = b.unset(name, e)
		}
		all = append(all, s)
	}
	return append(all, unknown...)
}

// fieldTold returns a field's value on one line.
func fieldTold(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7F }) {
			return fmt.Sprintf("%q", text)
		}
		return text
	}
	var b bytes.Buffer
	_ = json.Compact(&b, value) // it is JSON
	return b.String()
}

// unset returns what counts where an entry does not say it, and where that stands.
func (b *book) unset(name string, e *entry.Entry) (value, from string) {
	t := &b.settings.TextBack
	switch name {
	case entry.FieldMessages:
		return "message, at any hour", "default"
	case entry.FieldHours:
		return "always open", "default"
	case entry.FieldHolidays:
		return "none", "default"
	case entry.FieldTimeZone:
		return "the server's", "default"
	case entry.FieldLanguage:
		return "the phone system's", "default"
	case entry.FieldTexts:
		return "those of [textback.texts]", "settings"
	case entry.FieldConsentKey:
		return "none: nobody is asked", "default"
	case entry.FieldCooldown:
		return fmt.Sprintf(`{"texts":%d,"minutes":%.0f}`, t.CooldownTexts, t.Cooldown.Minutes()), b.origin("textback.cooldown_texts", "textback.cooldown")
	case entry.FieldKey:
		if r := b.record(e.ID); r != nil && r.Guard != nil {
			return fmt.Sprint(r.Guard.Key), "made by provisioning"
		}
		return "none", "textback.keys: " + b.origin("textback.keys")
	case entry.FieldAllowFrom:
		return "any address", "default"
	case entry.FieldRegions:
		return fmt.Sprintf("texts: %s; calls: %s", strings.Join(e.TextRegions(), ", "), strings.Join(e.Home().Regions(), ", ")), "default"
	case entry.FieldQueue:
		return "none: click-to-call is off", "default"
	case entry.FieldBranding:
		return "the button's own looks", "default"
	case entry.FieldOrigins:
		return "any page", "default"
	case entry.FieldLimits:
		return "those of [clicktocall]", "settings"
	}
	return "-", "not set"
}

// origin says where settings of the server stand, each once.
func (b *book) origin(paths ...string) string {
	var places []string
	for _, s := range b.settings.Describe() {
		place := s.Origin.String()
		if s.Origin.Kind == config.Default {
			place = "default of " + s.Path
		}
		if slices.Contains(paths, s.Path) && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return strings.Join(places, ", ")
}
