// Package activity is the vocabulary of the activity record: one Item for each
// thing that happened, with its reason, so that an operator can be told the
// whole story of a call. The store holds the record; rows are only added.
//
// A feature adds its items in three steps.
//
//  1. It gives its Kind a name here, and its outcomes are a closed set of its
//     own, such as the reasons of text-back. An outcome that needs no arguments
//     needs no steps either.
//  2. It makes an Item where it decides, with the typed steps that explain it
//     (see Steps), and hands it on. Where it has a transaction, the store writes
//     the item in that: Store.tell, or Store.activityRow for a batch. Where it
//     has none, but may wait for the database, it calls Store.Tell. Where nobody
//     may wait, as when a phone system asks who is on call, it calls Behind.Add.
//  3. The package internal/server/story has a line for its Kind, which says whose
//     sentences the outcomes and steps are.
//
// Numbers are whole in Item.Number and nowhere else: those in steps are masked,
// and who prints an item masks its number. Secrets in URLs are taken out before
// (see setting.WithoutSecrets).
package activity

import (
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Kind says what an Item is about. The set is closed.
type Kind string

// The kinds.
const (
	Call         Kind = "call"         // a caller whom text-back answered; the outcome is its reason
	Text         Kind = "text"         // a text came into a state
	OptOut       Kind = "opt_out"      // what somebody texted to us, and what that led to
	CallBack     Kind = "call_back"    // a call that a visitor asked for came into a state, or was refused
	OnCall       Kind = "on_call"      // a phone system was told whom to ring, or how that ended
	Form         Kind = "form"         // a form was posted
	Provisioning Kind = "provisioning" // a phone system was brought to what an entry says
	Alert        Kind = "alert"        // an operator was alerted, or could not be
	Reload       Kind = "reload"       // the settings were read again
	CoreCall     Kind = "core_call"    // a call of the Core ended
	Entry        Kind = "entry"        // an entry was changed or removed by a command
)

// Kinds returns all of them.
func Kinds() []Kind {
	return []Kind{Call, Text, OptOut, CallBack, OnCall, Form, Provisioning, Alert, Reload, CoreCall, Entry}
}

// Item is one thing that happened. The store fills in what is empty of ID, At
// and Story, and cuts what is too long.
type Item struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    Kind      `json:"kind"`
	Outcome string    `json:"outcome"`         // of the closed set of its kind
	Entry   string    `json:"entry,omitzero"`  // id
	Tenant  string    `json:"tenant,omitzero"` // domain of the phone system
	Number  string    `json:"number,omitzero"` // of whom it is about: digits with the country's code
	Story   string    `json:"story"`           // joins the items of one call, press or text: see StoryOf
	About   string    `json:"about,omitzero"`  // id of what is stored: a text, a call back, a call of the Core
	Steps   []Step    `json:"steps,omitempty"` // why
}

// Step is a step of any feature.
type Step = why.Step[Code]

// Code is that of any feature: only its kind says which sentence it has.
type Code string

// Sentence returns "": see the package story.
func (Code) Sentence() string { return "" }

// Steps returns steps of a feature as those of an Item.
func Steps[C why.Code](of ...why.Step[C]) []Step {
	steps := make([]Step, len(of))
	for i, step := range of {
		steps[i] = Step{Code: Code(step.Code), Args: step.Args}
	}
	return steps
}

// StoryOf returns the Story of a call and of all that it leads to: the phone
// system's id of the call, or if it gave none the id of what was stored. Both
// may be empty: the story is one item's.
func StoryOf(callID, about string) string {
	if callID != "" {
		return callID
	}
	return about
}

const (
	maxSteps = 32   // an explanation of on-call has up to 31
	maxBytes = 4096 // of all steps
	maxArg   = 300  // bytes of one argument
	maxID    = 250  // bytes of an entry's id, a story and so on: PostgreSQL cannot put more than 2,700 into an index
)

// Bounded returns the item with what is too long cut, so that its row is small
// whatever strangers send.
func (i Item) Bounded() Item {
	for _, id := range []*string{&i.Outcome, &i.Entry, &i.Tenant, &i.Number, &i.Story, &i.About} {
		*id = bounded(*id, maxID)
	}
	var steps []Step
	room := maxBytes
	for _, step := range i.Steps[:min(len(i.Steps), maxSteps)] {
		short := Step{Code: step.Code}
		for name, value := range step.Args {
			if short.Args == nil {
				short.Args = make(why.Args, len(step.Args))
			}
			short.Args[name] = bounded(value, maxArg)
			room -= len(name) + len(short.Args[name])
		}
		if room -= len(step.Code); room < 0 {
			break
		}
		steps = append(steps, short)
	}
	i.Steps = steps
	return i
}

// bounded returns a text as PostgreSQL can store it, clipped.
func bounded(text string, most int) string {
	return plaintext.Clip(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""), most)
}
