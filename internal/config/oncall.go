package config

import (
	"encoding/json"
	"net/netip"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/hours"
)

// OnCall says who is rung when a phone system asks who is on call.
type OnCall struct {
	AllowFrom []netip.Prefix `key:"allow_from" example:"198.51.100.0/24" doc:"Networks that phone systems ask from. Requests from elsewhere are refused. Without any they may come from anywhere, with the secret."`

	// Listen is empty where phone systems ask at Settings.Listen.
	Listen Address `key:"listen" example:"[::]:5839" doc:"An address and port of its own on which phone systems ask who is on call, such as the one of the service before. Left out, they ask where all web requests are taken."`

	// Secret and PreviousSecret are for routes that have none; see Secrets.
	Secret         Secret `key:"secret" doc:"What phone systems show to be told a number: secret_key in the address, the header X-Secret-Key, or a bearer token. Make one with openssl rand -hex 32."`
	PreviousSecret Secret `key:"previous_secret" doc:"The secret before that one, which counts as well while dial plans are being changed."`

	// Fallback and CallingCode are in each of Routes that has none of its own.
	Fallback    Number      `key:"fallback" example:"+31201234567" doc:"What is rung where nobody on call can be, or nobody knows who is: a number or an extension. Left out, the phone system is told that there is nobody, and its dial plan goes on."`
	CallingCode CallingCode `key:"calling_code" example:"31" doc:"The calling code of the country, for numbers that are written as they are dialled there, such as 0611111111."`

	// Numbers are people's numbers by name, e-mail address or id.
	Numbers map[string][]Number `key:"numbers" example:"{ \"alice@example.net\" = [\"+31611111111\", \"201\"], bob = \"+31622222222\" }" doc:"People's numbers, by the id, e-mail address or name that the source knows them by, whatever the letter case. They stand in for those of the source. A person with an empty list is not rung. They may also stand below [oncall.numbers], a line each."`

	// LegacyFolder holds the files of the service before.
	LegacyFolder Path `key:"legacy_folder" default:"/etc/pagerduty-voys-webhook" doc:"Folder of the service that this one takes over from. Of its files secret_key is secret, api_key and escalation_policy_id are those keys of the first source of the kind pagerduty, where nothing else gives them."`

	Sources []OnCallSource `key:"source" doc:"Those who know who is on call. Without any it is PagerDuty, and only its api_key and escalation_policy have to be given."`
	Routes  []OnCallRoute  `key:"route" doc:"Lines that are on call. A call goes by the route that its request names, else by the one for its called number, else by the one for the keys that were pressed, else by the first for any. Without any there is one called default, for all calls and with all sources."`
}

// OnCallSource is one that knows who is on call. What its Kind does not take is
// not set.
type OnCallSource struct {
	Kind SourceKind `key:"kind" example:"pagerduty" need:"item" doc:"What the source is: pagerduty, betterstack, ilert, goalert, grafana, ical (a calendar) or file (a rota of one's own)."`
	Name Name       `key:"name" example:"pagerduty" doc:"What routes and people call the source. Left out, it is the kind. No two sources have the same."`

	// URL is not set where the vendor has one address for all.
	URL              SourceURL `key:"url" example:"https://oncall.example.net" doc:"Where the source is. Left out, the vendor's own; https://api.eu.pagerduty.com for PagerDuty in Europe. goalert and grafana need it; ical needs it, or path. Whoever knows the address of a calendar can read it as a rule, so it is never shown."`
	APIKey           Secret    `key:"api_key" doc:"The key that the source is asked with: pagerduty, betterstack, ilert, goalert and grafana need one. A key that may only read is enough."`
	EscalationPolicy string    `key:"escalation_policy" example:"PT54U20" doc:"The id of the escalation policy whose people are rung, for pagerduty and ilert."`
	Calendars        []string  `key:"calendars" example:"primary secondary" doc:"Ids or names of on-call calendars, for betterstack: whoever is in the first has level 1, in the second level 2. Left out, the team's default calendar."`
	Service          string    `key:"service" example:"5a1e0b7c-0c1d-4f37-9b0c-6f9d2c1f4e55" doc:"The id of the service whose people are rung, for goalert."`
	Schedules        []string  `key:"schedules" example:"SBM7DV7BKFUYU" doc:"Ids of schedules, for grafana: whoever is on call in the first has level 1, in the second level 2."`

	// Path is empty but for a calendar in a file, and a rota.
	Path       Path           `key:"path" example:"/etc/switchhook/rota.toml" doc:"The file of the rota, for file, or of the calendar, for ical. It is read again when it changes."`
	TimeZone   *time.Location `key:"time_zone" example:"Europe/Amsterdam" doc:"The time zone of times that name none, for ical and file. Left out, that of this machine."`
	Level      int            `key:"level" example:"1" min:"1" max:"100" doc:"The level of events whose category says none, for ical. Left out, 1, which is asked first."`
	Categories map[string]int `key:"categories" example:"{ primary = 1, backup = 2 }" min:"1" max:"100" doc:"The levels that categories of events mean, for ical. One such as Level 2 needs no mention."`

	Refresh      time.Duration `key:"refresh" default:"1m" min:"10s" max:"1d" doc:"How often the source is asked. Callers never wait for it as long as anything is known."`
	MaxAge       time.Duration `key:"max_age" default:"1d" min:"1m" max:"30d" doc:"How old an answer may be to be used while the source is down. After that the next source counts, then the fallback."`
	AllowPrivate bool          `key:"allow_private" default:"false" doc:"Whether the source may be on a private address, as in your own network."`
}

// OnCallRoute is a line that is on call.
type OnCallRoute struct {
	Name  Name     `key:"name" example:"support" need:"item" doc:"What the route is called in the parameter route of requests, and in logs. No two routes have the same."`
	DIDs  []Number `key:"did" example:"+31201234567" alone:"yes" doc:"Called numbers that the route is for. Left out, any."`
	Codes []Code   `key:"code" example:"1" alone:"yes" doc:"Keys pressed in a menu that the route is for, such as one for each language or team. Left out, any."`

	// Secret and PreviousSecret are not set where those of OnCall count; see
	// OnCall.Secrets.
	Secret         Secret `key:"secret" doc:"The route's own secret, in place of that of [oncall]."`
	PreviousSecret Secret `key:"previous_secret" doc:"The secret before that one, which counts as well while dial plans are being changed."`

	Sources []Name `key:"sources" example:"pagerduty" alone:"yes" doc:"Names of sources, the preferred one first: the next one counts where nothing is known of one, or it has nobody who can be rung. Left out, all in the order of the file."`

	Policy    Policy `key:"policy" default:"random" doc:"Who of several people is rung: random; round_robin, who was rung longest ago; ordered, the first that the source names; longest_idle, who has had no call for longest."`
	Preferred bool   `key:"preferred" default:"false" doc:"Whether a person's preferred number is rung under the policy random too, in place of any of theirs."`
	Beyond    Beyond `key:"beyond" default:"last" doc:"What an attempt past the last level gets: last, that level again; wrap, the first level and on from there; stop, the fallback."`
	NextLevel bool   `key:"next_level" default:"false" doc:"Whether the levels above are asked where a level has nobody who can be rung. Leave it off where the dial plan asks again with attempt=2."`

	// RepeatWithin is 0 where each call is the first attempt.
	RepeatWithin time.Duration `key:"repeat_within" default:"0s" min:"10s" max:"1d" zero:"never" doc:"A call by the same caller within this time is the next attempt, unless somebody is known to have picked up, or the request says which attempt it is. 0 is never."`

	Fallback    Number      `key:"fallback" example:"+31201234567" inherits:"oncall.fallback" doc:"What is rung where nobody on call can be. Left out, that of [oncall]."`
	CallingCode CallingCode `key:"calling_code" example:"31" inherits:"oncall.calling_code" doc:"The calling code of the route's country. Left out, that of [oncall]."`
	CallerName  string      `key:"caller_name" example:"Support" doc:"What the rung person's telephone shows in place of the caller, where the phone system can do that."`

	Block         []CallerPattern `key:"block" example:"+31900* anonymous" doc:"Callers who do not get through: numbers, the first digits of some and an asterisk, or anonymous."`
	Allow         []CallerPattern `key:"allow" example:"+31*" doc:"The callers who get through, where not all do. Who is on both lists does not."`
	RefusedNumber Number          `key:"refused_number" example:"200" doc:"What is rung for callers who do not get through. Left out, nothing is."`

	// Hours is nil where the route is open at any hour; see Schedule.
	Hours        map[Day][]Span `key:"hours" example:"{ mon = \"09:00-17:00\", fri = [\"09:00-12:00\", \"22:00-02:00\"] }" doc:"Opening hours by day: mon, tue, wed, thu, fri, sat and sun. A day that is not named is closed. Left out, it is always open."`
	Holidays     []hours.Date   `key:"holidays" example:"2026-12-25 2027-01-01" doc:"Dates on which it is closed, whatever the hours say."`
	TimeZone     *time.Location `key:"time_zone" example:"Europe/Amsterdam" doc:"The time zone of hours and holidays. Left out, that of this machine."`
	ClosedNumber Number         `key:"closed_number" example:"202" doc:"What is rung outside opening hours. Left out, nothing is."`

	Texts OnCallTexts `key:"texts" doc:"What callers of the route hear from phone systems that run documents."`
}

// OnCallTexts are spoken to callers. An empty one is the default.
type OnCallTexts struct {
	Connecting Text   `key:"connecting" example:"Please hold. We are connecting you." doc:"Before the call is passed on."`
	Nobody     Text   `key:"nobody" example:"Nobody can be reached at the moment." doc:"Nobody can be rung."`
	Closed     Text   `key:"closed" example:"We are closed at the moment." doc:"It is outside opening hours."`
	Voice      string `key:"voice" example:"female" doc:"The voice of these texts. Left out, that of the domain."`
	Language   string `key:"language" example:"nl-NL" doc:"The language of these texts. Left out, that of the domain."`
}

// Secrets returns those that open one of the routes, at least one: its own, or
// those of all routes where it has none.
func (o *OnCall) Secrets(r *OnCallRoute) []Secret {
	own, previous := r.Secret, r.PreviousSecret
	if !own.IsSet() {
		own, previous = o.Secret, o.PreviousSecret
	}
	if !previous.IsSet() {
		return []Secret{own}
	}
	return []Secret{own, previous}
}

// Schedule returns the route's opening hours; nil: always open. The error says
// on which day what is wrong, which Load has found in time.
func (r *OnCallRoute) Schedule() (*hours.Schedule, error) {
	if len(r.Hours) == 0 && len(r.Holidays) == 0 {
		return nil, nil
	}
	week, err := json.Marshal(r.Hours)
	if err != nil {
		return nil, err
	}
	s := &hours.Schedule{Zone: r.TimeZone}
	if s.Week, err = hours.ParseWeek(week); err != nil {
		return nil, err
	}
	s.Holidays = slices.Compact(slices.Sorted(slices.Values(r.Holidays)))
	return s, nil
}
