// Package alert tells an operator, at a web address of theirs, what needs their
// attention: texts that died, provisioning that failed, a phone system that
// stays down.
//
// A [Sender] takes alerts from anywhere, never blocks, and posts them from one
// goroutine. [Watch] and [PhoneSystem] decide when a phone system is down,
// rather than slow for a moment.
package alert

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/phone"
)

// Kind says what needs attention. The set is closed.
type Kind string

// The kinds.
const (
	TextDead           Kind = "text_dead"           // a text will not go on by itself
	TextsLimited       Kind = "texts_limited"       // a cap of texts is reached
	KeyMissing         Kind = "key_missing"         // anyone who knows an entry's address can have texts sent
	ProvisionFailed    Kind = "provision_failed"    // the phone system could not be made to match an entry
	ProvisionConflict  Kind = "provision_conflict"  // somebody else's rule is in an entry's place
	PhoneSystemDown    Kind = "phone_system_down"   // it has not answered for a while
	CallGivenUp        Kind = "call_given_up"       // a call that a visitor scheduled is not placed
	SecretsGuessed     Kind = "secrets_guessed"     // a network has to wait after many wrong secrets
	SourceDown         Kind = "source_down"         // who is on call cannot be updated
	SubscriptionFailed Kind = "subscription_failed" // replies do not arrive, including STOP
	RepliesCapped      Kind = "replies_capped"      // START and HELP reached the limit of answers
	DatabaseTrouble    Kind = "database_trouble"    // calls and texts cannot be stored
	Overload           Kind = "overload"            // callers are turned away because the database is full
	DiskLow            Kind = "disk_low"            // the database's disk is nearly full
	RecordingLost      Kind = "recording_lost"      // what callers record cannot be stored
	TrunkDown          Kind = "trunk_down"          // the carrier does not answer, or does not register us
	ClockJumped        Kind = "clock_jumped"        // the machine's clock was set to another time
	CallsBarred        Kind = "calls_barred"        // calls abroad or to premium numbers are refused: maybe fraud
	EmergencyRefused   Kind = "emergency_refused"   // somebody has tried to call an emergency service
	CallsOutNear       Kind = "calls_out_near"      // a ceiling of calls out is used to four fifths
	CallsOutFull       Kind = "calls_out_full"      // calls out are refused for a ceiling
)

// Kinds returns all of them.
func Kinds() []Kind {
	return []Kind{
		TextDead, TextsLimited, KeyMissing, ProvisionFailed, ProvisionConflict, PhoneSystemDown, CallGivenUp, SourceDown,
		SubscriptionFailed, RepliesCapped, SecretsGuessed, DatabaseTrouble, Overload, DiskLow, RecordingLost, TrunkDown, ClockJumped,
		CallsBarred, EmergencyRefused, CallsOutNear, CallsOutFull,
	}
}

// Alert is one thing that needs attention.
type Alert struct {
	Kind Kind

	// About is its subject: the id of an entry, a domain, a host. Alerts with
	// the same Kind and About are one matter. It may be empty.
	About string

	// Text says what is the matter and what to do, in a sentence or two that
	// make sense alone. Numbers in it are masked; it must not contain secrets.
	Text string
}

// The most of an alert's parts that is sent, in characters: what chat programs
// show without folding.
const (
	maxAbout = 200
	maxText  = 1500
)

// presentable returns an alert that is safe to show in a chat.
func (a Alert) presentable() Alert {
	a.About = clip(plain(phone.MaskIn(a.About)), maxAbout)
	a.Text = clip(plain(phone.MaskIn(a.Text)), maxText)
	return a
}

// address matches what makes chat programs notify everyone.
var address = regexp.MustCompile(`(?i)@(channel|all|here|everyone)\b`)

// plain removes what chat programs would act on rather than show: the text may
// quote a stranger. In Slack <!channel> is an address, <https://…|…> a link
// under another name.
func plain(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '<':
			return '‹'
		case c == '>':
			return '›'
		case unicode.IsControl(c):
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "�"))
	return address.ReplaceAllString(text, "@ $1")
}

func clip(text string, most int) string {
	if chars := []rune(text); len(chars) > most {
		return string(chars[:most]) + "…"
	}
	return text
}
