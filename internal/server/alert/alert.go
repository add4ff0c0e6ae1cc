// Package alert tells operators what needs their attention: texts that died,
// provisioning that failed, a phone system that stays down.
//
// A [Sender] takes alerts from anywhere, never blocks, and sends them by every
// [Way] from one goroutine. What was told stands in a [Board], which the servers
// of one database share: one of them tells, and a restart forgets nothing.
package alert

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/phone"
)

// Alert is one thing that needs attention.
type Alert struct {
	Kind Kind

	// About is its subject: the id of an entry, a domain, a host. Alerts with
	// the same Kind and About are one matter. It may be empty.
	About string

	// Text says what is the matter in a sentence or two that make sense alone.
	// Numbers in it are masked; it must not contain secrets.
	Text string

	// Do says what to do about it. A command in it can be pasted into a shell, so
	// nothing in it is masked. Optional.
	Do string

	// Cause is what this follows from, if that stands: it is then told with its
	// cause. Optional.
	Cause Key
}

// The most of an alert's parts that is sent, in characters: what chat programs
// show without folding.
const (
	maxAbout = 200
	maxText  = 1500
	maxDo    = 500
)

// presentable returns an alert that is safe to show in a chat.
func (a Alert) presentable() Alert {
	a.About, a.Text, a.Do = presentable(a.About, maxAbout), presentable(a.Text, maxText), clip(plain(a.Do), maxDo)
	a.Cause.About = presentable(a.Cause.About, maxAbout)
	return a
}

func presentable(text string, most int) string { return clip(plain(phone.MaskIn(text)), most) }

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
