package oncall

import (
	"net/netip"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say who is rung when a phone system asks who is on call.
type Settings struct {
	AllowFrom []netip.Prefix `key:"allow_from" example:"198.51.100.0/24" doc:"Networks that phone systems ask from. Requests from elsewhere are refused. Without any they may come from anywhere, with the secret."`

	// Listen is empty if phone systems use the address of all web requests.
	Listen setting.Address `key:"listen" example:"[::]:5839" doc:"An address and port of its own on which phone systems ask who is on call, such as the one of the service before. Left out, they ask where all web requests are taken."`

	// Secret and PreviousSecret are for routes without their own; see Secrets.
	Secret         setting.Secret `key:"secret" shown:"now" doc:"What phone systems show to be told a number: secret_key in the address, the header X-Secret-Key, or a bearer token. A new one has at least 16 characters; make one with openssl rand -hex 32."`
	PreviousSecret setting.Secret `key:"previous_secret" shown:"before" doc:"The secret before that one, which counts as well while dial plans are being changed."`

	// Fallback and CallingCode apply to each of Routes without its own.
	Fallback    setting.Number      `key:"fallback" example:"+31201234567" doc:"What is rung where nobody on call can be, or nobody knows who is: a number or an extension. Left out, the phone system is told that there is nobody, and its dial plan goes on."`
	CallingCode setting.CallingCode `key:"calling_code" example:"31" doc:"The calling code of the country, for numbers that are written as they are dialled there, such as 0611111111."`

	// Numbers are people's numbers by name, e-mail address or id.
	Numbers map[string][]setting.Number `key:"numbers" example:"{ \"alice@example.net\" = [\"+31611111111\", \"201\"], bob = \"+31622222222\" }" doc:"People's numbers, by the id, e-mail address or name that the source knows them by, whatever the letter case. They stand in for those of the source. A person with an empty list is not rung. They may also stand below [oncall.numbers], a line each."`

	// LegacyFolder holds the files of pagerduty-voys-webhook.
	LegacyFolder setting.Path `key:"legacy_folder" default:"/etc/pagerduty-voys-webhook" doc:"Folder of the service that this one takes over from. Of its files secret_key is secret, api_key and escalation_policy_id are those keys of the first source of the kind pagerduty, where nothing else gives them."`

	Sources []source.Settings `key:"source" doc:"Those who know who is on call. Without any it is PagerDuty, and only its api_key and escalation_policy have to be given."`
	Routes  []RouteSettings   `key:"route" doc:"Lines that are on call. A call goes by the route that its request names, else by the one for its called number, else by the one for the keys that were pressed, else by the first for any. Without any there is one called default, for all calls and with all sources."`
}

// RouteSettings are a number, or a choice in its menu, that is on call.
type RouteSettings struct {
	Name  setting.Name     `key:"name" example:"support" need:"item" doc:"What the route is called in the parameter route of requests, and in logs. No two routes have the same."`
	DIDs  []setting.Number `key:"did" example:"+31201234567" alone:"yes" doc:"Called numbers that the route is for. Left out, any."`
	Codes []Code           `key:"code" example:"1" alone:"yes" doc:"Keys pressed in a menu that the route is for, such as one for each language or team. Left out, any."`

	// Secret and PreviousSecret are empty if those of all routes apply; see
	// Settings.Secrets.
	Secret         setting.Secret `key:"secret" shown:"now" doc:"The route's own secret, in place of that of [oncall]."`
	PreviousSecret setting.Secret `key:"previous_secret" shown:"before" doc:"The secret before that one, which counts as well while dial plans are being changed."`

	Sources []setting.Name `key:"sources" example:"pagerduty" alone:"yes" doc:"Names of sources, the preferred one first: the next one counts where nothing is known of one, or it has nobody who can be rung. Left out, all in the order of the file."`

	Policy    Policy `key:"policy" default:"random" doc:"Who of several people is rung: random; round_robin, who was rung longest ago; ordered, the first that the source names; longest_idle, who has had no call for longest."`
	Preferred bool   `key:"preferred" default:"false" doc:"Whether a person's preferred number is rung under the policy random too, in place of any of theirs."`
	Beyond    Beyond `key:"beyond" default:"last" doc:"What an attempt past the last level gets: last, that level again; wrap, the first level and on from there; stop, the fallback."`
	NextLevel bool   `key:"next_level" default:"false" doc:"Whether the levels above are asked where a level has nobody who can be rung. Leave it off where the dial plan asks again with attempt=2."`

	// RepeatWithin is 0 if each call is the first attempt.
	RepeatWithin time.Duration `key:"repeat_within" default:"0s" min:"10s" max:"1d" zero:"never" doc:"A call by the same caller within this time is the next attempt, unless somebody is known to have picked up, or the request says which attempt it is. 0 is never."`

	Fallback    setting.Number      `key:"fallback" example:"+31201234567" inherits:"oncall.fallback" doc:"What is rung where nobody on call can be. Left out, that of [oncall]."`
	CallingCode setting.CallingCode `key:"calling_code" example:"31" inherits:"oncall.calling_code" doc:"The calling code of the route's country. Left out, that of [oncall]."`
	CallerName  string              `key:"caller_name" example:"Support" doc:"What the rung person's telephone shows in place of the caller, where the phone system can do that."`

	Block         []setting.CallerPattern `key:"block" example:"+31900* anonymous" doc:"Callers who do not get through: numbers, the first digits of some and an asterisk, or anonymous."`
	Allow         []setting.CallerPattern `key:"allow" example:"+31*" doc:"The callers who get through, where not all do. Who is on both lists does not."`
	RefusedNumber setting.Number          `key:"refused_number" example:"200" doc:"What is rung for callers who do not get through. Left out, nothing is."`

	// Hours is nil if the route is always open; see Schedule.
	Hours        map[Day][]Span `key:"hours" example:"{ mon = \"09:00-17:00\", fri = [\"09:00-12:00\", \"22:00-02:00\"] }" doc:"Opening hours by day: mon, tue, wed, thu, fri, sat and sun. A day that is not named is closed. Left out, it is always open."`
	Holidays     []hours.Date   `key:"holidays" example:"2026-12-25 2027-01-01" doc:"Dates on which it is closed, whatever the hours say."`
	TimeZone     *time.Location `key:"time_zone" example:"Europe/Amsterdam" doc:"The time zone of hours and holidays. Left out, that of this machine."`
	ClosedNumber setting.Number `key:"closed_number" example:"202" doc:"What is rung outside opening hours. Left out, nothing is."`

	Texts TextSettings `key:"texts" doc:"What callers of the route hear from phone systems that run documents."`
}

// TextSettings are spoken to callers. An empty one is the default.
type TextSettings struct {
	Connecting setting.Text `key:"connecting" example:"Please hold. We are connecting you." doc:"Before the call is passed on."`
	Nobody     setting.Text `key:"nobody" example:"Nobody can be reached at the moment." doc:"Nobody can be rung."`
	Closed     setting.Text `key:"closed" example:"We are closed at the moment." doc:"It is outside opening hours."`
	Voice      string       `key:"voice" example:"female" doc:"The voice of these texts. Left out, that of the domain."`
	Language   string       `key:"language" example:"nl-NL" doc:"The language of these texts. Left out, that of the domain."`
}

// Code is what a caller presses in a menu: digits, * and #.
type Code string

// UnmarshalText reads what a caller presses.
func (c *Code) UnmarshalText(text []byte) error {
	*c = Code(text)
	if strings.Trim(string(text), "0123456789*#") != "" {
		return setting.ErrForm
	}
	return nil
}

// Takes says what a Code is.
func (c Code) Takes() string { return `keys that a caller presses, such as "1" or "12#"` }

// Day is a day of the week, as its first three letters: "mon".
type Day string

// Choices returns all days.
func (Day) Choices() []string {
	return setting.Words[Day]("mon", "tue", "wed", "thu", "fri", "sat", "sun")
}

// Span is a part of a day, such as 09:00-17:00, or 22:00-02:00 over midnight.
type Span string

// UnmarshalText reads a part of a day.
func (s *Span) UnmarshalText(text []byte) error {
	*s = Span(text)
	if _, err := hours.ParseSpan(string(text)); err != nil {
		return setting.ErrForm
	}
	return nil
}

// Takes says what a Span is.
func (s Span) Takes() string { return `a part of the day, such as "09:00-17:00"` }

// Choices returns all policies.
func (Policy) Choices() []string { return setting.Words(Random, RoundRobin, Ordered, LongestIdle) }

// Choices returns all that an attempt past the last level can get.
func (Beyond) Choices() []string { return setting.Words(Last, Wrap, Stop) }
