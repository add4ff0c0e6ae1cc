package textback

import (
	"reflect"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say how texts are sent.
type Settings struct {
	// Patience is how long a caller listens to nothing.
	Patience time.Duration `key:"patience" default:"4s" min:"100ms" max:"14s" doc:"How long a caller waits for the phone system to take the text, before hearing an apology. A phone system itself waits 15s for the answer."`

	QueueOnFailure bool          `key:"queue_on_failure" default:"false" doc:"Whether a text that the phone system did not take goes on by itself: the caller hears queued in place of failed, and gets the text later. Otherwise it waits among the dead texts until an operator sends it."`
	WhenUncertain  WhenUncertain `key:"when_uncertain" default:"hold" doc:"What becomes of a text of which neither the phone system's answer nor its list of messages tells whether it went out. hold leaves it to an operator: no caller gets it twice. resend sends it again where queue_on_failure is true: no caller goes without."`
	GiveUpAfter    time.Duration `key:"give_up_after" default:"1h" min:"1m" max:"3d" doc:"How long a text is tried that goes on by itself. After that it is dead: nobody wants directions a day late."`

	// MaxSegments counts the SMS that a message is sent as. A concatenated
	// message has at most 255 (3GPP TS 23.040, section 9.2.3.24.1).
	MaxSegments int `key:"max_segments" default:"6" min:"1" max:"255" doc:"The most segments that a text may have; each is paid for. One has 160 letters, or 153 where there are several; with letters that GSM does not know 70, or 67. A longer text is not sent."`

	// CooldownTexts and Cooldown apply to entries without their own.
	CooldownTexts int           `key:"cooldown_texts" default:"3" min:"1" max:"100" doc:"How many texts a caller gets from one entry within the cool-down, where the entry's own cooldown does not say."`
	Cooldown      time.Duration `key:"cooldown" default:"1h" min:"1m" max:"1d" doc:"The cool-down, where the entry's own cooldown does not say: any span of this length counts."`

	Keys Keys `key:"keys" default:"auto" doc:"auto makes a key for each entry that has none of its own when its dial rule is made, puts it into the rule's address, and gives keys to the rules that this server made before, 150 every half minute; the webhook then refuses requests without it. off leaves addresses as they were before there were keys, and takes the keys that were made out of the rules again."`

	// The caps count texts that were begun for callers, whether they went out or
	// not.
	NewNumbersPerHour int `key:"new_numbers_per_hour" default:"100" min:"1" max:"100000" doc:"How many numbers that an entry never texted before it texts in any hour where the webhook is asked without its key: anybody who knows the address can ask."`
	EntryPerHour      int `key:"entry_per_hour" default:"500" min:"1" max:"100000" doc:"How many texts there are for callers of one entry in any hour."`
	EntryPerDay       int `key:"entry_per_day" default:"3000" min:"1" max:"1000000" doc:"The same in any 24 hours."`
	TenantPerHour     int `key:"tenant_per_hour" default:"2000" min:"1" max:"100000" doc:"How many texts there are for callers of all entries of one domain in any hour."`
	TenantPerDay      int `key:"tenant_per_day" default:"10000" min:"1" max:"1000000" doc:"The same in any 24 hours."`
	SourcePerHour     int `key:"source_per_hour" default:"1000" min:"1" max:"100000" doc:"How many texts one address, or IPv6 /64, has sent in any hour by entries whose key it does not show. One that showed a key within a week, or that the entry's allow_from names, is not counted: a phone system asks for all its customers from one address."`
	SourcePerDay      int `key:"source_per_day" default:"5000" min:"1" max:"1000000" doc:"The same in any 24 hours."`

	// These bound how many calls are recorded.
	CallsPerNumber int `key:"calls_per_number" default:"20" min:"1" max:"100000" doc:"How many calls of one number to one entry are written down in an hour. Those past it are counted in one row, get no text, and all hear what the first of them hears, until an hour has passed since that one."`
	AnswersPerHour int `key:"answers_per_hour" default:"500" min:"1" max:"100000" doc:"How many calls of one entry that lead to no text are written down in any hour. Those past it are answered and logged all the same; one that the phone system asks about again is decided again."`
	AnswersPerDay  int `key:"answers_per_day" default:"3000" min:"1" max:"1000000" doc:"The same in any 24 hours."`

	// QuietHours apply in the time zone of the entry; nil: never.
	QuietHours *hours.Quiet           `key:"quiet_hours" example:"21:00-08:00" doc:"The part of the day, by the clock of the entry's time zone, in which no text goes out. A caller hears quiet then; a text that goes on by itself waits for its end."`
	Landlines  []setting.NumberPrefix `key:"landlines" example:"12125550100 1646555" doc:"Numbers, or what numbers begin with, that are known to be land lines: no text is sent to them. They have the country's code before them."`

	Replies           bool            `key:"replies" default:"true" doc:"Whether to ask the phone system for the texts that people send, so that STOP, START and HELP count. Where it is false only an operator can put somebody on the suppression list."`
	Help              setting.Message `key:"help" default:"You get texts from us when you call. To reach us, call this number. Reply STOP to get no more." doc:"What HELP is answered with: who sends these texts, and how to reach them."`
	StopConfirmation  setting.Message `key:"stop_confirmation" default:"You will get no more texts from us. Reply START to get them again." doc:"What STOP and its like are answered with, once; then there is silence."`
	StartConfirmation setting.Message `key:"start_confirmation" default:"You will get texts from us again when you call. Reply STOP to get no more, HELP for help." doc:"What START and its like are answered with."`

	// They are for START and HELP alone.
	EntryRepliesPerHour  int `key:"entry_replies_per_hour" default:"60" min:"1" max:"10000" doc:"How many answers to START and HELP one entry sends in an hour, to all numbers together. STOP counts, and is confirmed, in any case."`
	TenantRepliesPerHour int `key:"tenant_replies_per_hour" default:"300" min:"1" max:"100000" doc:"The same for all entries of one domain."`

	Retention time.Duration `key:"retention" default:"90d" min:"1d" doc:"How long calls and texts are kept. Consent and suppression are kept until an operator erases the number."`

	Texts TextSettings `key:"texts" switches:"netsapiens" doc:"What callers hear, by what became of their text. Of those that are left out, sent, queued, consent, cooldown and failed are as they stand here; the others are that of failed."`
}

// TextSettings are spoken to callers. An empty one is the default.
type TextSettings struct {
	Sent       setting.Text `key:"sent" example:"We've texted you our hours and directions…" doc:"The text went out."`
	Queued     setting.Text `key:"queued" example:"We will text you shortly." doc:"The phone system did not take the text yet, and it goes on by itself."`
	Consent    setting.Text `key:"consent" example:"Press {key} to get our hours by text." doc:"Asks for the key that an entry wants before it texts. {key} stands for the key."`
	Declined   setting.Text `key:"declined" example:"We will not text you." doc:"The caller did not press that key."`
	Cooldown   setting.Text `key:"cooldown" example:"We have already texted you." doc:"The caller has had as many texts as the cool-down allows."`
	Suppressed setting.Text `key:"suppressed" example:"You asked us not to text you." doc:"The caller has said that they want no texts."`
	Quiet      setting.Text `key:"quiet" example:"We do not send texts at this hour." doc:"It is in the quiet hours."`
	Anonymous  setting.Text `key:"anonymous" example:"We cannot see your number, so we cannot text you." doc:"The caller hides their number."`
	OnNet      setting.Text `key:"on_net" example:"We cannot text an extension." doc:"The caller is an extension, which takes no texts."`
	Short      setting.Text `key:"short" example:"We cannot text this number." doc:"The caller's number is too short or too long for a text."`
	Landline   setting.Text `key:"landline" example:"We cannot text a land line." doc:"The caller's number is known to be that of a land line, or of a service that costs whoever reaches it."`
	Region     setting.Text `key:"region" example:"We cannot text abroad." doc:"The caller's number is of a country that the entry does not text."`
	OwnNumber  setting.Text `key:"own_number" example:"We cannot text this number." doc:"Texts come from the caller's number: it would be texting itself."`
	Loop       setting.Text `key:"loop" example:"We cannot text this number." doc:"So many texts go to the caller's number that a machine must be at its end."`
	Limited    setting.Text `key:"limited" example:"Sorry, we could not send directions at this time." doc:"So many texts were asked for that strangers must be asking: a cap is reached."`
	TooLong    setting.Text `key:"too_long" example:"Sorry, this line is not set up." doc:"The entry's message has more segments than max_segments."`
	UnknownID  setting.Text `key:"unknown_id" example:"Sorry, this line is not set up." doc:"No entry has the id of the webhook's URL."`
	Incomplete setting.Text `key:"incomplete" example:"Sorry, this line is not set up." doc:"The entry lacks what a text needs."`
	Forbidden  setting.Text `key:"forbidden" example:"Sorry, something went wrong." doc:"The request has not the key, or does not come from the address, that the entry demands."`
	Refused    setting.Text `key:"refused" example:"Sorry, we cannot text this number." doc:"The phone system does not send this text."`
	Failed     setting.Text `key:"failed" example:"Sorry, we could not send directions at this time." doc:"The phone system could not be asked, or failed."`
	Overload   setting.Text `key:"overload" example:"Sorry, we could not send directions at this time." doc:"So many callers are in hand that this one would wait too long."`
	Uncertain  setting.Text `key:"uncertain" example:"Sorry, we do not know whether your text went out." doc:"The phone system did not say in time whether it took the text."`
	BadRequest setting.Text `key:"bad_request" example:"Sorry, something went wrong." doc:"The request cannot be read."`
}

// Rules returns what the settings say about who is texted.
func (s *Settings) Rules() Rules {
	r := Rules{
		Cooldown: entry.Cooldown{Texts: s.CooldownTexts, Time: s.Cooldown}, MaxSegments: s.MaxSegments, Quiet: s.QuietHours,
		Limits: Limits{
			EntryPerHour: s.EntryPerHour, EntryPerDay: s.EntryPerDay, TenantPerHour: s.TenantPerHour, TenantPerDay: s.TenantPerDay,
			NewPerHour: s.NewNumbersPerHour, SourcePerHour: s.SourcePerHour, SourcePerDay: s.SourcePerDay,
			CallsPerNumber: s.CallsPerNumber, AnswersPerHour: s.AnswersPerHour, AnswersPerDay: s.AnswersPerDay,
		},
	}
	for _, number := range s.Landlines {
		r.LandLines = append(r.LandLines, number.Pattern())
	}
	return r
}

// Texts returns what callers hear, as far as the settings say it. The key of each
// is its Reason.
func (t TextSettings) Texts() Texts {
	texts, all := make(Texts), reflect.ValueOf(t)
	for i := range all.NumField() {
		if text := all.Field(i).String(); text != "" {
			texts[Reason(all.Type().Field(i).Tag.Get("key"))] = text
		}
	}
	return texts
}

// WhenUncertain says what to do with a text when we cannot know whether it went
// out.
type WhenUncertain string

// The choices.
const (
	Hold   WhenUncertain = "hold"   // an operator decides
	Resend WhenUncertain = "resend" // it is sent again
)

// Choices returns all of them.
func (WhenUncertain) Choices() []string { return setting.Words(Hold, Resend) }

// Keys says whether provisioning makes keys for entries.
type Keys string

// Whether it does.
const (
	AutoKeys Keys = "auto" // for each without a key of its own
	NoKeys   Keys = "off"
)

// Choices returns all of them.
func (Keys) Choices() []string { return setting.Words(AutoKeys, NoKeys) }
