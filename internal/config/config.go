// Package config holds the settings of the application server: what there is
// to set, where each value came from, and every problem found on the way.
//
// [Load] reads them from the settings file, the environment, .env, systemd
// credentials and files of secrets, and returns either [Settings] that are
// complete or an [*Error] that tells all problems at once. It changes nothing,
// so that a running server can call it again and keep what it has.
//
// The fields of [Settings] and their tags are the whole list: names, defaults,
// limits and meanings stand there once, and the reading, [Settings.Describe]
// and [Example] follow them.
package config

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/switchhook/switchhook/internal/hours"
)

// Settings are the settings of `switchhook serve`. A section that switches a
// feature on is a pointer, nil where the feature is off; what stands outside
// such sections always has its default.
//
// The tags say: key, the name in its section; default and example; doc, the
// meaning for the operator; need, the section that cannot be on without this
// key; switches, the section that is on when this key or section is given;
// folder, the default in a folder of domains.json that is served without a
// settings file; min and max; zero, what 0 means where it may be less than min.
// Of items of a list of sections need may be "item": none can be without. A list
// is alone where it may be written as its only item, and a key inherits the value
// of another where nobody gives it one.
type Settings struct {
	Listen Address `key:"listen" default:"127.0.0.1:5100" doc:"Address and port on which web requests are taken. The proxy that terminates TLS forwards to it."`

	// MetricsListen is empty where metrics are among all web requests.
	MetricsListen Address `key:"metrics_listen" example:"127.0.0.1:5101" doc:"An address and port of its own on which /metrics is answered, to anybody who reaches it. Left out, /metrics is among all web requests and wants the operator's token, the line in operator.token in data, as Authorization: Bearer."`

	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix `key:"trusted_proxies" default:"127.0.0.0/8 ::1/128" doc:"Networks whose X-Forwarded-For header is believed. A caller's address is the right-most one that is not of these."`

	// BodiesInHand is of a process, over all its listeners.
	BodiesInHand int `key:"bodies_in_hand" default:"512" min:"16" max:"65536" doc:"How many requests that bring a body are worked on at once; one too many is answered 503 with Retry-After. A quarter of them may still wait for the rest of their body: past that, the one that has waited longest gives way, and is answered when it has sent the rest, or 5s later. Requests without a body are not counted."`

	// PublicURL has no trailing slash, query or fragment.
	PublicURL *url.URL `key:"public_url" example:"https://hooks.example.net" need:"netsapiens" doc:"The address under which the phone system and browsers reach this server. Provisioning writes it into dial rules."`

	// Data is the folder for what the server itself keeps.
	Data Path `key:"data" default:"/var/lib/switchhook" folder:"switchhook-data" doc:"Folder of what the server keeps, its database included."`

	// Database is not set where the database is a file in Data.
	Database Database `key:"database" example:"postgres://switchhook@db.example.net/switchhook" doc:"A PostgreSQL database to keep texts, consent and suppression in, for more than one server. Leave it out to keep them in the file switchhook.db in data. The address holds a password as a rule, and is never shown."`

	// DomainsFile is empty where the entries are not in a file of the operator's.
	DomainsFile Path `key:"domains_file" example:"/opt/webresponder/domains.json" folder:"domains.json" switches:"netsapiens" doc:"Keep using this domains.json. Changes to it are in force on the next request."`

	AllowPrivateResponders bool `key:"allow_private_responders" default:"false" doc:"Whether the Core may ask responders on private addresses. Leave it off where people you do not know can write dial rules."`

	NetSapiens  *NetSapiens `key:"netsapiens" doc:"The phone system. This section switches on text-back and the forms."`
	Forms       Forms       `key:"forms" switches:"netsapiens" doc:"The forms that post to /update-sms."`
	TextBack    TextBack    `key:"textback" switches:"netsapiens" doc:"Texts to callers."`
	Alerts      Alerts      `key:"alerts" doc:"Who is told when texts die, provisioning fails or a phone system stays down."`
	ClickToCall ClickToCall `key:"clicktocall" switches:"netsapiens" doc:"Calls to visitors of web pages."`
	OnCall      *OnCall     `key:"oncall" doc:"Whom a phone system rings when it asks who is on call. This section switches it on."`
	Core        *Core       `key:"core" doc:"The phone side, in the same process. This section switches it on; leave it out to use a phone system elsewhere."`

	origins   map[string]Origin
	pagerDuty int // the source that has the names of the on-call service before
}

// NetSapiens says how the phone system's API is reached.
type NetSapiens struct {
	// URL has no trailing slash, query or fragment.
	URL   *url.URL `key:"url" example:"https://ucportal.example.net" need:"netsapiens" doc:"The phone system's API: what stands before /ns-api."`
	Token Secret   `key:"token" need:"netsapiens" doc:"The bearer token, or API key, of that API."`

	// OperationsEmail is empty where the phone system is to be told none.
	OperationsEmail Email `key:"operations_email" example:"operations@example.net" doc:"E-mail address of the system users that provisioning creates."`

	// CheckEvery is 0 where nobody is to look.
	CheckEvery time.Duration `key:"check_every" default:"6h" min:"5m" max:"30d" zero:"never" doc:"How often the phone system's side is compared with the entries, and mended where it differs. 0 is never."`
}

// Forms says who may post to the forms.
type Forms struct {
	Secret Secret `key:"secret" need:"netsapiens" doc:"The secret that forms send in the field secret or the header X-Update-Secret."`
}

// TextBack says how texts are sent.
type TextBack struct {
	// Patience is how long a caller listens to nothing.
	Patience time.Duration `key:"patience" default:"4s" min:"100ms" max:"14s" doc:"How long a caller waits for the phone system to take the text, before hearing an apology. A phone system itself waits 15s for the answer."`

	QueueOnFailure bool          `key:"queue_on_failure" default:"false" doc:"Whether a text that the phone system did not take goes on by itself: the caller hears queued in place of failed, and gets the text later. Otherwise it waits among the dead texts until an operator sends it."`
	WhenUncertain  WhenUncertain `key:"when_uncertain" default:"hold" doc:"What becomes of a text of which neither the phone system's answer nor its list of messages tells whether it went out. hold leaves it to an operator: no caller gets it twice. resend sends it again where queue_on_failure is true: no caller goes without."`
	GiveUpAfter    time.Duration `key:"give_up_after" default:"1h" min:"1m" max:"3d" doc:"How long a text is tried that goes on by itself. After that it is dead: nobody wants directions a day late."`

	// MaxSegments counts the SMS that a message is sent as. A concatenated
	// message has at most 255 (3GPP TS 23.040, section 9.2.3.24.1).
	MaxSegments int `key:"max_segments" default:"6" min:"1" max:"255" doc:"The most segments that a text may have; each is paid for. One has 160 letters, or 153 where there are several; with letters that GSM does not know 70, or 67. A longer text is not sent."`

	// CooldownTexts and Cooldown hold for entries that say nothing themselves.
	CooldownTexts int           `key:"cooldown_texts" default:"3" min:"1" max:"100" doc:"How many texts a caller gets from one entry within the cool-down, where the entry's own cooldown does not say."`
	Cooldown      time.Duration `key:"cooldown" default:"1h" min:"1m" max:"1d" doc:"The cool-down, where the entry's own cooldown does not say: any span of this length counts."`

	Keys Keys `key:"keys" default:"auto" doc:"auto makes a key for each entry that has none of its own when its dial rule is made, puts it into the rule's address, and gives keys to the rules that this server made before, a hundred every half minute; the webhook then refuses requests without it. off leaves addresses as they were before there were keys, and takes the keys that were made out of the rules again."`

	// The caps count texts that were begun for callers, whether they went out or
	// not.
	NewNumbersPerHour int `key:"new_numbers_per_hour" default:"100" min:"1" max:"100000" doc:"How many numbers that an entry never texted before it texts in any hour where the webhook is asked without its key: anybody who knows the address can ask."`
	EntryPerHour      int `key:"entry_per_hour" default:"500" min:"1" max:"100000" doc:"How many texts there are for callers of one entry in any hour."`
	EntryPerDay       int `key:"entry_per_day" default:"3000" min:"1" max:"1000000" doc:"The same in any 24 hours."`
	TenantPerHour     int `key:"tenant_per_hour" default:"2000" min:"1" max:"100000" doc:"How many texts there are for callers of all entries of one domain in any hour."`
	TenantPerDay      int `key:"tenant_per_day" default:"10000" min:"1" max:"1000000" doc:"The same in any 24 hours."`
	SourcePerHour     int `key:"source_per_hour" default:"1000" min:"1" max:"100000" doc:"How many texts one address, or IPv6 /64, has sent in any hour by entries whose key it does not show. One that showed a key within a week, or that the entry's allow_from names, is not counted: a phone system asks for all its customers from one address."`
	SourcePerDay      int `key:"source_per_day" default:"5000" min:"1" max:"1000000" doc:"The same in any 24 hours."`

	// These bound what is written down of calls.
	CallsPerNumber int `key:"calls_per_number" default:"20" min:"1" max:"100000" doc:"How many calls of one number to one entry are written down in an hour. Those past it are counted in one row, get no text, and all hear what the first of them hears, until an hour has passed since that one."`
	AnswersPerHour int `key:"answers_per_hour" default:"500" min:"1" max:"100000" doc:"How many calls of one entry that lead to no text are written down in any hour. Those past it are answered and logged all the same; one that the phone system asks about again is decided anew."`
	AnswersPerDay  int `key:"answers_per_day" default:"3000" min:"1" max:"1000000" doc:"The same in any 24 hours."`

	// QuietHours are to be put into the time zone of the entry; nil: never.
	QuietHours *hours.Quiet   `key:"quiet_hours" example:"21:00-08:00" doc:"The part of the day, by the clock of the entry's time zone, in which no text goes out. A caller hears quiet then; a text that goes on by itself waits for its end."`
	Landlines  []NumberPrefix `key:"landlines" example:"12125550100 1646555" doc:"Numbers, or what numbers begin with, that are known to be land lines: no text is sent to them. They have the country's code before them."`

	Replies           bool    `key:"replies" default:"true" doc:"Whether to ask the phone system for the texts that people send, so that STOP, START and HELP count. Where it is false only an operator can put somebody on the suppression list."`
	Help              Message `key:"help" default:"You get texts from us when you call. To reach us, call this number. Reply STOP to get no more." doc:"What HELP is answered with: who sends these texts, and how to reach them."`
	StopConfirmation  Message `key:"stop_confirmation" default:"You will get no more texts from us. Reply START to get them again." doc:"What STOP and its like are answered with, once; then there is silence."`
	StartConfirmation Message `key:"start_confirmation" default:"You will get texts from us again when you call. Reply STOP to get no more, HELP for help." doc:"What START and its like are answered with."`

	// They are for START and HELP alone.
	EntryRepliesPerHour  int `key:"entry_replies_per_hour" default:"60" min:"1" max:"10000" doc:"How many answers to START and HELP one entry sends in an hour, to all numbers together. STOP counts, and is confirmed, in any case."`
	TenantRepliesPerHour int `key:"tenant_replies_per_hour" default:"300" min:"1" max:"100000" doc:"The same for all entries of one domain."`

	Retention time.Duration `key:"retention" default:"90d" min:"1d" doc:"How long calls and texts are kept. Consent and suppression are kept until an operator erases the number."`

	Texts Texts `key:"texts" switches:"netsapiens" doc:"What callers hear, by what became of their text. Of those that are left out, sent, queued, consent, cooldown and failed are as they stand here; the others are that of failed."`
}

// Texts are spoken to callers. An empty one is the default.
type Texts struct {
	Sent       Text `key:"sent" example:"We've texted you our hours and directions…" doc:"The text went out."`
	Queued     Text `key:"queued" example:"We will text you shortly." doc:"The phone system did not take the text yet, and it goes on by itself."`
	Consent    Text `key:"consent" example:"Press {key} to get our hours by text." doc:"Asks for the key that an entry wants before it texts. {key} stands for the key."`
	Declined   Text `key:"declined" example:"We will not text you." doc:"The caller did not press that key."`
	Cooldown   Text `key:"cooldown" example:"We have already texted you." doc:"The caller has had as many texts as the cool-down allows."`
	Suppressed Text `key:"suppressed" example:"You asked us not to text you." doc:"The caller has said that they want no texts."`
	Quiet      Text `key:"quiet" example:"We do not send texts at this hour." doc:"It is in the quiet hours."`
	Anonymous  Text `key:"anonymous" example:"We cannot see your number, so we cannot text you." doc:"The caller hides their number."`
	OnNet      Text `key:"on_net" example:"We cannot text an extension." doc:"The caller is an extension, which takes no texts."`
	Short      Text `key:"short" example:"We cannot text this number." doc:"The caller's number is too short or too long for a text."`
	Landline   Text `key:"landline" example:"We cannot text a land line." doc:"The caller's number is known to be that of a land line, or of a service that costs whoever reaches it."`
	Region     Text `key:"region" example:"We cannot text abroad." doc:"The caller's number is of a country that the entry does not text."`
	OwnNumber  Text `key:"own_number" example:"We cannot text this number." doc:"Texts come from the caller's number: it would be texting itself."`
	Loop       Text `key:"loop" example:"We cannot text this number." doc:"So many texts go to the caller's number that a machine must be at its end."`
	Limited    Text `key:"limited" example:"Sorry, we could not send directions at this time." doc:"So many texts were asked for that strangers must be asking: a cap is reached."`
	TooLong    Text `key:"too_long" example:"Sorry, this line is not set up." doc:"The entry's message has more segments than max_segments."`
	UnknownID  Text `key:"unknown_id" example:"Sorry, this line is not set up." doc:"No entry has the id of the webhook's URL."`
	Incomplete Text `key:"incomplete" example:"Sorry, this line is not set up." doc:"The entry lacks what a text needs."`
	Forbidden  Text `key:"forbidden" example:"Sorry, something went wrong." doc:"The request has not the key, or does not come from the address, that the entry demands."`
	Refused    Text `key:"refused" example:"Sorry, we cannot text this number." doc:"The phone system does not send this text."`
	Failed     Text `key:"failed" example:"Sorry, we could not send directions at this time." doc:"The phone system could not be asked, or failed."`
	Uncertain  Text `key:"uncertain" example:"Sorry, we do not know whether your text went out." doc:"The phone system did not say in time whether it took the text."`
	BadRequest Text `key:"bad_request" example:"Sorry, something went wrong." doc:"The request cannot be read."`
}

// ClickToCall says who is called back, and how often. Entries may lower the
// limits of their own, or raise them but for that of a number.
type ClickToCall struct {
	AcceptBare bool          `key:"accept_bare" default:"false" doc:"Whether to take requests without a token, as integrations of the service before send them. What they ask for is limited to a tenth."`
	Patience   time.Duration `key:"patience" default:"8s" min:"1s" max:"20s" doc:"How long a visitor waits for the phone system to take the call."`
	CodesFrom  string        `key:"codes_from" example:"example.net-sms" doc:"The entry from whose number codes are texted to people who want their number never to be called. Left out, the only domain's first entry with texts; with several domains nobody can prove a number by a text."`

	NumberPerDay   int `key:"number_per_day" default:"3" min:"1" max:"3" doc:"How many calls one number gets in any 24 hours, whoever asks for them; one in any 10 minutes at most."`
	NetworkPerHour int `key:"network_per_hour" default:"6" min:"1" max:"200" doc:"How many calls one network may ask for in any hour: an IPv4 /24, an IPv6 /64. A /56 may twice, a /48 four times, an IPv4 /16 sixteen times as many."`
	NetworkPerDay  int `key:"network_per_day" default:"15" min:"1" max:"1000" doc:"The same in any 24 hours."`
	WidgetPerDay   int `key:"widget_per_day" default:"200" min:"1" max:"10000" doc:"How many calls there are for one entry in any 24 hours."`
	TenantPerDay   int `key:"tenant_per_day" default:"500" min:"1" max:"20000" doc:"How many calls there are for all entries of one domain in any 24 hours."`

	ScheduledPerMinute int `key:"scheduled_per_minute" default:"5" min:"1" max:"200" doc:"How many calls at another time there are for one entry in any minute."`
}

// Alerts say who is told of what needs an operator.
type Alerts struct {
	Webhook  Webhook       `key:"webhook" example:"https://chat.example.net/hooks/switchhook" doc:"The web address that alerts are posted to as JSON, in a form that Slack and Mattermost show. Whoever knows it can post there, so it is never shown."`
	QuietFor time.Duration `key:"quiet_for" default:"15m" min:"1m" max:"7d" doc:"How long the same alert is not sent again. The next one says how often it came up since."`
}

// Core says what the phone side is.
type Core struct {
	Domain Domain `key:"domain" example:"example.net" need:"core" doc:"The domain that the Core is born with."`

	CallingCode CallingCode `key:"calling_code" default:"1" doc:"The calling code of the country, for numbers that are called without one."`
}

// Origin returns where the value of a setting came from, named by its path in
// the settings file: "netsapiens.token". It is NotSet for what has no value.
func (s *Settings) Origin(path string) Origin { return s.origins[path] }
