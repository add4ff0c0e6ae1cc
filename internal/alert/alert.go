// Package alert tells an operator, at a web address of theirs, of what does not
// mend itself: texts that died, provisioning that failed, a phone system that
// stays down.
//
// A [Sender] takes alerts from anywhere, never makes anybody wait, and posts
// them from one place. [Watch] and [PhoneSystem] decide when a phone system is
// down, rather than slow for a moment.
package alert

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/phone"
)

// Kind says what needs an operator. The set is closed.
type Kind string

// The kinds.
const (
	TextDead           Kind = "text_dead"           // a text does not go on by itself
	TextsLimited       Kind = "texts_limited"       // so many texts were asked for that a cap is reached
	KeyMissing         Kind = "key_missing"         // anybody who knows an entry's address can have texts sent
	ProvisionFailed    Kind = "provision_failed"    // the phone system could not be brought to what an entry says
	ProvisionConflict  Kind = "provision_conflict"  // somebody else's rule stands where an entry's belongs
	PhoneSystemDown    Kind = "phone_system_down"   // it has not answered for a while
	CallGivenUp        Kind = "call_given_up"       // a call that a visitor had scheduled is not placed
	SecretsGuessed     Kind = "secrets_guessed"     // so many wrong secrets came from a network that it waits
	SourceDown         Kind = "source_down"         // who is on call is not known anew
	SubscriptionFailed Kind = "subscription_failed" // replies do not arrive, and with them no STOP
	RepliesCapped      Kind = "replies_capped"      // more people text START or HELP than are answered
	DatabaseTrouble    Kind = "database_trouble"    // calls and texts cannot be written down
	DiskLow            Kind = "disk_low"            // the disk that the database is on is nearly full
	ClockJumped        Kind = "clock_jumped"        // the machine's clock was set to another time
)

// Kinds returns all of them.
func Kinds() []Kind {
	return []Kind{
		TextDead, TextsLimited, KeyMissing, ProvisionFailed, ProvisionConflict, PhoneSystemDown, CallGivenUp, SourceDown,
		SubscriptionFailed, RepliesCapped, SecretsGuessed, DatabaseTrouble, DiskLow, ClockJumped,
	}
}

// Alert is one thing that needs an operator.
type Alert struct {
	Kind Kind

	// About is what it is about: the id of an entry, a domain, a host. Alerts
	// of the same Kind and About are one matter. It may be empty.
	About string

	// Text says what is the matter and what to do, in a sentence or two that
	// can be read without the rest. Numbers in it are masked; secrets it must
	// not hold.
	Text string
}

// The most that is sent of an alert's parts, in characters: what chat programs
// show without folding it away.
const (
	maxAbout = 200
	maxText  = 1500
)

// presentable returns an alert that can be shown in anybody's chat.
func (a Alert) presentable() Alert {
	a.About = clip(plain(phone.MaskIn(a.About)), maxAbout)
	a.Text = clip(plain(phone.MaskIn(a.Text)), maxText)
	return a
}

// address is what makes chat programs ring everybody's telephone.
var address = regexp.MustCompile(`(?i)@(channel|all|here|everyone)\b`)

// plain takes out of a text what chat programs would not show but do: it may
// hold what a stranger wrote. In Slack <!channel> is an address, <https://…|…>
// a link under another name.
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
