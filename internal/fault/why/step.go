// Package why explains decisions: in steps, each a code with its arguments, that
// are stored with what they explain and read as sentences.
//
// A feature declares its codes and the sentence of each. Programs go by code and
// arguments; nobody parses a sentence.
package why

import (
	"encoding/json"
	"os"
	"strings"
	"time"
)

// Code says which step it is. Those of a feature are a closed set.
type Code interface {
	~string

	// Sentence returns the sentence of a step with this code; "" if there is none.
	// $name stands for the argument of that name. A part in brackets is left out
	// if one of its arguments is missing or empty.
	Sentence() string
}

// Args are the arguments of a step by name, written for people, numbers masked.
type Args map[string]string

// The names of arguments that mean the same in each step.
const (
	Setting = "setting" // which setting decided: its path, without the number of a section that there are several of
	Rule    = "rule"    // which rule of the phone system decided
	Until   = "until"   // until when it holds, as Time writes it
)

// Time writes a time as an argument. Who shows it writes it by the reader's
// clock: see Shown.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Shown returns the arguments with their times as show writes them.
func (a Args) Shown(show func(time.Time) string) Args {
	shown := make(Args, len(a))
	for name, value := range a {
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			value = show(at)
		}
		shown[name] = value
	}
	return shown
}

// argSentence holds the sentence of a step that was stored before steps had codes.
const argSentence = "sentence"

// Step is one step of a decision. The zero Step is none.
type Step[C Code] struct {
	Code C    `json:"code,omitempty"` // empty: only its sentence is known
	Args Args `json:"args,omitempty"`
}

// String returns the step as a sentence. Of a code from a version to come it is
// the code.
func (s Step[C]) String() string {
	sentence := s.Code.Sentence()
	switch {
	case s.Code == "":
		return s.Args[argSentence]
	case sentence == "":
		return string(s.Code)
	}
	var told strings.Builder
	for sentence != "" {
		always, rest, _ := strings.Cut(sentence, "[")
		optional, rest, _ := strings.Cut(rest, "]")
		told.WriteString(os.Expand(always, s.arg))
		if s.has(optional) {
			told.WriteString(os.Expand(optional, s.arg))
		}
		sentence = rest
	}
	return told.String()
}

// has reports whether all arguments of a part of a sentence are there.
func (s Step[C]) has(part string) bool {
	all := true
	os.Expand(part, func(name string) string {
		all = all && s.Args[name] != ""
		return ""
	})
	return all
}

func (s Step[C]) arg(name string) string { return s.Args[name] }

// UnmarshalJSON reads a step, also one that was stored as a sentence.
func (s *Step[C]) UnmarshalJSON(text []byte) error {
	var sentence string
	if json.Unmarshal(text, &sentence) == nil {
		*s = Step[C]{Args: Args{argSentence: sentence}}
		return nil
	}
	type plain Step[C]
	return json.Unmarshal(text, (*plain)(s))
}

// Sentences returns each step as a sentence.
func Sentences[C Code](steps []Step[C]) []string {
	told := make([]string, len(steps))
	for i, step := range steps {
		told[i] = step.String()
	}
	return told
}
