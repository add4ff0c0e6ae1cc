package textback

import (
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/optout"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/phone/sms"
	"github.com/switchhook/switchhook/netsapiens"
)

// Replies are what people get who answer a text with a word such as STOP; an
// empty one is silence. An entry may have its own: its texts named stop, start
// and help. Carriers ask that an opt-out is confirmed with one message (CTIA,
// Messaging Principles and Best Practices, 5.1).
type Replies struct {
	Stop  string // confirms that no more texts come
	Start string // confirms that texts come again
	Help  string // says whose texts these are and how to end them
}

// maxReplies is how many answers to texts one number gets in a day. Two machines
// that answer each other would go on for ever.
const maxReplies = 4

// ReplyLimits are how many answers to START and HELP go out in an hour, to all
// numbers together. STOP counts, and is confirmed, whatever they are.
type ReplyLimits struct {
	Entry  int // of one entry; 0: any number
	Tenant int // of all entries of one domain; 0: any number
}

// limits returns what an answer of an entry has to be within.
func (l ReplyLimits) limits(e *entry.Entry) []ledger.Limit {
	return slices.DeleteFunc([]ledger.Limit{
		{Key: "reply entry " + e.ID, Most: l.Entry, Per: time.Hour},
		{Key: "reply tenant " + strings.ToLower(e.APIDomain), Most: l.Tenant, Per: time.Hour},
	}, func(limit ledger.Limit) bool { return limit.Most <= 0 })
}

// replyTo decides what to do about a text that somebody sent. The entry is one
// whose texts come from the number that they wrote to.
func replyTo(word optout.Word, m ledger.Inbound, from phone.Number, e *entry.Entry, h ledger.History, texts Replies, limits ReplyLimits) ledger.Reply {
	reply := ledger.Reply{Item: func(answer string, capped bool) activity.Item { return heardItem(word, m, e, h, answer, capped) }}
	var say string
	var purpose ledger.Purpose
	switch word {
	case optout.Stop:
		if h.Suppressed == nil || h.Suppressed.How != ledger.ByText { // who takes another's entry off must not undo their own word
			reply.Suppress = &ledger.Suppression{
				Number: m.From, Tenant: e.APIDomain, Channel: ledger.Texts, At: m.At, How: ledger.ByText, Words: m.Message,
			}
		}
		if h.Suppressed == nil { // a second STOP gets silence
			say, purpose = entryText(e, "stop", texts.Stop), ledger.Confirmation
		}
	case optout.Start:
		if h.Suppressed != nil && h.Suppressed.How == ledger.ByText { // YES is said about much else
			reply.Lift = true
			say, purpose = entryText(e, "start", texts.Start), ledger.Confirmation
		}
	case optout.Help:
		say, purpose = entryText(e, "help", texts.Help), ledger.Help
	}
	if say == "" || e.Text.User == "" || purpose == ledger.Help && len(h.Replies) >= maxReplies || len(h.Replies) >= 2*maxReplies {
		return reply
	}
	if word != optout.Stop {
		reply.Limits = limits.limits(e)
	}
	reply.Text = &ledger.Text{
		ID: ledger.NewID(), Purpose: purpose, Entry: e.ID,
		Domain: e.APIDomain, User: e.Text.User, Session: netsapiens.NewSession(),
		From: e.Text.FromNumber, To: from.Digits(), Message: say, Segments: sms.Count(say).Segments,
		State: ledger.Queued, Created: m.At, Updated: m.At, Due: m.At, Deadline: m.At.Add(replyDeadline),
	}
	return reply
}

// replyDeadline is how long an answer to a text is of use: carriers ask that an
// opt-out is confirmed within minutes, and a late confirmation confuses people.
const replyDeadline = 15 * time.Minute

func entryText(e *entry.Entry, name, otherwise string) string {
	if text := e.Spoken[name]; text != "" {
		return text
	}
	return otherwise
}

// Heard says what somebody texted us, and what we did about it.
type Heard string

const (
	heardStop      Heard = "stop"
	heardStopAgain Heard = "stop_again"
	heardStart     Heard = "start"
	heardStartNot  Heard = "start_not"
	heardHelp      Heard = "help"
	heardAnswered  Heard = "answered"
	heardCapped    Heard = "capped"
	heardSilent    Heard = "silent"
)

// Sentence returns the sentence of a step with this code.
func (h Heard) Sentence() string {
	return map[Heard]string{
		heardStop:      "They wrote stop: no texts of the domain reach them any more.",
		heardStopAgain: "They wrote stop, and were on the suppression list before.",
		heardStart:     "They wrote start: texts of the domain reach them again.",
		heardStartNot:  "They wrote start, which takes nothing off the suppression list but their own stop.",
		heardHelp:      "They asked for help.",
		heardAnswered:  "They get an answer.",
		heardCapped:    "They get no answer: there have been as many as may be.",
		heardSilent:    "They get no answer.",
	}[h]
}

// heardItem tells of a text that somebody sent.
func heardItem(word optout.Word, m ledger.Inbound, e *entry.Entry, h ledger.History, answer string, capped bool) activity.Item {
	first := heardHelp
	byText := h.Suppressed != nil && h.Suppressed.How == ledger.ByText
	switch {
	case word == optout.Stop && byText:
		first = heardStopAgain
	case word == optout.Stop:
		first = heardStop
	case word == optout.Start && byText:
		first = heardStart
	case word == optout.Start:
		first = heardStartNot
	}
	second := heardSilent
	switch {
	case answer != "":
		second = heardAnswered
	case capped:
		second = heardCapped
	}
	return activity.Item{
		At: m.At, Kind: activity.OptOut, Outcome: string(first), Entry: e.ID, Tenant: e.APIDomain, Number: m.From, About: answer,
		Steps: activity.Steps(why.Step[Heard]{Code: first}, why.Step[Heard]{Code: second}),
	}
}
