// Package setting has the kinds of values that the settings of several features
// share: secrets, addresses, names, telephone numbers, texts.
//
// A kind parses itself from text, by encoding.TextUnmarshaler, and says what it
// takes. UnmarshalText's error is the end of a sentence about the value, "which
// …", or ErrForm. A kind that is one of a few words only says which; see Words.
package setting

import (
	"errors"
	"fmt"
)

// ErrForm is returned for a value of the wrong kind altogether: saying what the
// kind takes is enough.
var ErrForm = errors.New("is something else")

// ErrPassword is returned for an address with a user name or password; the
// address must not be shown either.
var ErrPassword = errors.New("holds a user name or password; leave that out")

// Words returns choices as plain text, for the method Choices() []string of a
// setting that takes one of a few words.
func Words[T ~string](choices ...T) []string {
	words := make([]string, len(choices))
	for i, choice := range choices {
		words[i] = string(choice)
	}
	return words
}

// Problem is what a section's Check finds in a setting: one that is missing, or
// that does not go with others.
type Problem struct {
	Path    string // of the setting, within the section
	Text    string // the end of a sentence that begins with the path
	Missing bool   // the setting is to be given
}

func (p *Problem) Error() string { return p.Path + " " + p.Text }

// Problemf returns a Problem of a setting.
func Problemf(path, format string, args ...any) error {
	return &Problem{Path: path, Text: fmt.Sprintf(format, args...)}
}

// Missing returns the Problem of a setting that has to be given.
func Missing(path string) error { return &Problem{Path: path, Text: "is missing", Missing: true} }
