package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say what a source is. Settings that its Kind does not have are empty.
type Settings struct {
	Kind Kind         `key:"kind" example:"pagerduty" need:"item" doc:"What the source is: pagerduty, betterstack, ilert, goalert, grafana, ical (a calendar) or file (a rota of one's own)."`
	Name setting.Name `key:"name" example:"pagerduty" inherits:".kind" doc:"What routes and people call the source. Left out, it is the kind. No two sources have the same."`

	// URL is empty if the vendor has one address for all.
	URL              URL            `key:"url" example:"https://oncall.example.net" doc:"Where the source is. Left out, the vendor's own; https://api.eu.pagerduty.com for PagerDuty in Europe. goalert and grafana need it; ical needs it, or path. Whoever knows the address of a calendar can read it as a rule, so it is never shown."`
	APIKey           setting.Secret `key:"api_key" doc:"The key that the source is asked with: pagerduty, betterstack, ilert, goalert and grafana need one. A key that may only read is enough."`
	EscalationPolicy string         `key:"escalation_policy" example:"PT54U20" doc:"The id of the escalation policy whose people are rung, for pagerduty and ilert."`
	Calendars        []string       `key:"calendars" example:"primary secondary" doc:"Ids or names of on-call calendars, for betterstack: whoever is in the first has level 1, in the second level 2. Left out, the team's default calendar."`
	Service          string         `key:"service" example:"5a1e0b7c-0c1d-4f37-9b0c-6f9d2c1f4e55" doc:"The id of the service whose people are rung, for goalert."`
	Schedules        []string       `key:"schedules" example:"SBM7DV7BKFUYU" doc:"Ids of schedules, for grafana: whoever is on call in the first has level 1, in the second level 2."`

	// Path is empty except for a calendar in a file, and a rota.
	Path       setting.Path   `key:"path" example:"/etc/switchhook/rota.toml" doc:"The file of the rota, for file, or of the calendar, for ical. It is read again when it changes."`
	TimeZone   *time.Location `key:"time_zone" example:"Europe/Amsterdam" doc:"The time zone of times that name none, for ical and file. Left out, that of this machine."`
	Level      int            `key:"level" example:"1" min:"1" max:"100" doc:"The level of events whose category says none, for ical. Left out, 1, which is asked first."`
	Categories map[string]int `key:"categories" example:"{ primary = 1, backup = 2 }" min:"1" max:"100" doc:"The levels that categories of events mean, for ical. One such as Level 2 needs no mention."`

	Refresh      time.Duration `key:"refresh" default:"1m" min:"10s" max:"1d" doc:"How often the source is asked. Callers never wait for it as long as anything is known."`
	MaxAge       time.Duration `key:"max_age" default:"1d" min:"1m" max:"30d" doc:"How old an answer may be to be used while the source is down. After that the next source counts, then the fallback."`
	AllowPrivate bool          `key:"allow_private" default:"false" doc:"Whether the source may be on a private address, as in your own network."`
}

// Kind says what kind of service or file knows who is on call.
type Kind string

// Choices returns all kinds.
func (Kind) Choices() []string {
	return setting.Words(KindPagerDuty, KindBetterStack, KindIlert, KindGoAlert, KindGrafana, KindICal, KindFile)
}

// Keys returns the settings that a source of the kind requires, and its optional
// ones besides those of all kinds.
func (k Kind) Keys() (needs, takes []string) {
	switch k {
	case KindPagerDuty, KindIlert:
		return []string{"api_key", "escalation_policy"}, []string{"url", "allow_private"}
	case KindBetterStack:
		return []string{"api_key"}, []string{"url", "calendars", "allow_private"}
	case KindGoAlert:
		return []string{"url", "api_key", "service"}, []string{"allow_private"}
	case KindGrafana:
		return []string{"url", "api_key", "schedules"}, []string{"allow_private"}
	case KindICal:
		return nil, []string{"url", "path", "time_zone", "level", "categories", "allow_private"}
	default:
		return []string{"path"}, []string{"time_zone"}
	}
}

// URL is where a source is. That of a calendar is as good as a password, so it is
// a Secret. The zero URL is not set.
type URL struct{ setting.Secret }

// Host returns what of the address can be shown: its host, with the port where
// it has one. It is "" where the URL is not set.
func (u URL) Host() string { return setting.Webhook(u).Host() }

// UnmarshalText reads a web address.
func (u *URL) UnmarshalText(text []byte) error {
	if err := u.Secret.UnmarshalText(text); err != nil {
		return err
	}
	_, err := setting.WebAddress(string(text), "https", "http", "webcal")
	return err
}

// Takes says what a URL is.
func (u URL) Takes() string { return `a web address, such as "https://api.pagerduty.com"` }

// Check returns the settings that the source's kind lacks, or has no use for.
func (s *Settings) Check() error {
	if s.Kind == "" {
		return nil // which was reported already
	}
	needs, takes := s.Kind.Keys()
	takes = slices.Concat(needs, takes)
	var problems []error
	for name, given := range s.given() {
		switch {
		case slices.Contains(needs, name) && !given:
			problems = append(problems, setting.Missing(name))
		case given && !slices.Contains(takes, name):
			problems = append(problems, setting.Problemf(name, "is of no use to a source of the kind %s, which takes %s", s.Kind, strings.Join(takes, ", ")))
		}
	}
	if s.Schedules != nil && len(s.Schedules) == 0 && slices.Contains(needs, "schedules") {
		problems = append(problems, setting.Problemf("schedules", "is an empty list; it takes at least one"))
	}
	return errors.Join(append(problems, s.checkAddress())...)
}

// given says which of the settings that not every kind has are given.
func (s *Settings) given() iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		for field, v := range reflect.ValueOf(*s).Fields() {
			switch name := field.Tag.Get("key"); {
			case slices.Contains([]string{"kind", "name", "refresh", "max_age"}, name):
			case !yield(name, !v.IsZero()):
				return
			}
		}
	}
}

// checkAddress returns what is wrong with an address that a source of its kind
// cannot have.
func (s *Settings) checkAddress() error {
	switch calendar := s.Kind == KindICal; {
	case calendar && s.URL.IsSet() && s.Path != "":
		return setting.Problemf("path", "is given, and so is url; a calendar has one of them")
	case calendar && !s.URL.IsSet() && s.Path == "":
		return &setting.Problem{Path: "url", Text: "is missing, and so is path; a calendar has one of them", Missing: true}
	case !calendar && s.URL.IsSet():
		if _, err := setting.BaseURL(s.URL.Reveal()); err != nil {
			return setting.Problemf("url", "%v", err)
		}
	}
	return nil
}

// Identity is equal for two sources that ask for the same: an answer that was
// stored for another escalation policy is not used. It is a hash, as the address
// of a calendar is a secret.
func (s *Settings) Identity() string {
	hash := sha256.New()
	for _, part := range []string{
		s.URL.Reveal(), s.EscalationPolicy, strings.Join(s.Calendars, ","), s.Service, strings.Join(s.Schedules, ","), string(s.Path),
	} {
		_, _ = fmt.Fprintf(hash, "%d:%s", len(part), part) // a hash takes everything
	}
	return string(s.Kind) + "-" + hex.EncodeToString(hash.Sum(nil)[:8])
}

// Open returns the source of the settings; its numbers are dialled within the
// country of a calling code. Loopback allows a source on this machine.
func (s *Settings) Open(callingCode string, loopback bool) (Source, error) {
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Private: s.AllowPrivate, Loopback: s.AllowPrivate || loopback}})
	address := s.URL.Reveal()
	switch s.Kind {
	case KindPagerDuty:
		return made(NewPagerDuty(PagerDutyConfig{URL: address, Key: s.APIKey, Policy: s.EscalationPolicy, CallingCode: callingCode, Client: client}))
	case KindBetterStack:
		return made(NewBetterStack(BetterStackConfig{URL: address, Key: s.APIKey, Calendars: s.Calendars, CallingCode: callingCode, Client: client}))
	case KindIlert:
		return made(NewIlert(IlertConfig{URL: address, Key: s.APIKey, Policy: s.EscalationPolicy, CallingCode: callingCode, Client: client}))
	case KindGoAlert:
		return made(NewGoAlert(GoAlertConfig{URL: address, Key: s.APIKey, Service: s.Service, CallingCode: callingCode, Client: client}))
	case KindGrafana:
		return made(NewGrafana(GrafanaConfig{URL: address, Key: s.APIKey, Schedules: s.Schedules, Client: client}))
	case KindICal:
		c := ICalConfig{Path: string(s.Path), Zone: s.TimeZone, Level: s.Level, Categories: s.Categories, CallingCode: callingCode, Client: client}
		if s.URL.IsSet() {
			c.URL = s.URL
		}
		return made(NewICal(c))
	case KindFile:
		return made(NewFile(FileConfig{Path: string(s.Path), Zone: s.TimeZone, CallingCode: callingCode}))
	}
	return nil, fault.Newf(fault.Invalid, "there is no kind %q", s.Kind)
}

// made returns a source, nil where there is none: not a nil pointer in an
// interface.
func made[S Source](s S, err error) (Source, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}
