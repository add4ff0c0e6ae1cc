// Package story tells items of the activity record in sentences: what happened,
// why, which setting decided and where it is set. A Teller is all there is.
package story

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/form"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
)

// Teller tells items to one reader.
type Teller struct {
	// Time writes a time as its reader wants it.
	Time func(time.Time) string

	// Origin returns where a setting is set, by its path; "": nobody knows. Entries
	// is where the settings of entries are. Optional.
	Origin  func(path string) string
	Entries string
}

// sentences returns the sentence of an outcome, or of a step's code; "": it has
// none.
type sentences func(code string) string

// of are the sentences of a feature.
func of[C why.Code](code string) string { return C(code).Sentence() }

// told are the sentences of each kind: of its outcomes, and of its steps.
var told = map[activity.Kind][]sentences{
	activity.Call:     {of[textback.Reason], texted},
	activity.Text:     {of[ledger.TextCode]},
	activity.OptOut:   {of[textback.Heard]},
	activity.CallBack: {of[clicktocall.State], of[clicktocall.Code]},
	activity.OnCall:   {of[oncall.StepCode]},
	activity.Form:     {of[form.Outcome]},
	activity.Entry:    {of[entry.Act]},

	activity.Provisioning: {of[provision.Told]},
	activity.CoreCall:     {of[core.Told]},
	activity.Alert:        {of[alert.Happened]},
	activity.Reload:       {of[config.Reload]},
}

func texted(outcome string) string {
	if outcome == ledger.Texted {
		return "The caller is to get a text: its own item says what became of it."
	}
	return ""
}

// sentence is the sentence of an item or a step as a Code.
type sentence string

// Sentence implements why.Code.
func (s sentence) Sentence() string { return string(s) }

// sentenceOf returns the sentence of an outcome or a step's code; "": it has
// none.
func sentenceOf(kind activity.Kind, code string) sentence {
	if code == string(activity.NotTold) {
		return "In the minute before there were $count more like it."
	}
	for _, of := range told[kind] {
		if s := of(code); s != "" {
			return sentence(s)
		}
	}
	return ""
}

// Known reports whether there can be items of this outcome; kind may be empty.
func Known(kind activity.Kind, outcome string) bool {
	kinds := []activity.Kind{kind}
	if kind == "" {
		kinds = activity.Kinds()
	}
	return slices.ContainsFunc(kinds, func(k activity.Kind) bool { return sentenceOf(k, outcome) != "" })
}

// Sentence tells an item in a sentence: that of the step that gave its outcome,
// else that of the outcome itself, else all steps.
func (t Teller) Sentence(i activity.Item) string {
	for _, step := range i.Steps {
		if string(step.Code) == i.Outcome {
			return t.step(i.Kind, step)
		}
	}
	if s := sentenceOf(i.Kind, i.Outcome); s != "" && (len(i.Steps) == 0 || !strings.Contains(string(s), "$")) { // what it wants to say, the steps do
		return why.Step[sentence]{Code: s}.String()
	}
	steps := make([]string, len(i.Steps))
	for n, step := range i.Steps {
		steps[n] = t.step(i.Kind, step)
	}
	return cmp.Or(strings.Join(steps, " "), i.Outcome)
}

// Steps tells each step of an item in a sentence, with the rule and the setting
// that decided, and where that is set.
func (t Teller) Steps(i activity.Item) []string {
	steps := make([]string, len(i.Steps))
	for n, step := range i.Steps {
		steps[n] = t.step(i.Kind, step)
		if rule := step.Args[why.Rule]; rule != "" {
			steps[n] += " Rule: " + rule + "."
		}
		if setting := step.Args[why.Setting]; setting != "" {
			steps[n] += " Setting: " + t.setting(setting, i.Entry) + "."
		}
	}
	return steps
}

func (t Teller) step(kind activity.Kind, step activity.Step) string {
	told := why.Step[sentence]{Code: sentenceOf(kind, string(step.Code)), Args: step.Args.Shown(t.Time)}
	if told.Code == "" && step.Code != "" {
		return string(step.Code)
	}
	return told.String()
}

// setting names a setting and where it is set. The settings of an entry have no
// section.
func (t Teller) setting(path, entry string) string {
	at := ""
	switch {
	case !strings.Contains(path, "."):
		path += " of the entry " + entry
		at = t.Entries
	case t.Origin != nil:
		at = t.Origin(path)
	}
	if at == "" {
		return path
	}
	return path + " (" + at + ")"
}
