// Package setting has the kinds of values that settings of several features
// have: secrets, addresses, names, telephone numbers, texts.
//
// A kind reads itself from text, by encoding.TextUnmarshaler, and says what it
// takes. What UnmarshalText returns is the end of a sentence about the value,
// "which …", or ErrForm.
package setting

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrForm is returned for a value that is something else altogether: what the
// kind takes says it all.
var ErrForm = errors.New("is something else")

// ErrPassword is returned for an address with a user name or password, which is
// not to be shown either.
var ErrPassword = errors.New("holds a user name or password; leave that out")

// OneOf returns the choice that a text is.
func OneOf[T ~string](text []byte, choices []T) (T, error) {
	if i := slices.Index(choices, T(text)); i >= 0 {
		return choices[i], nil
	}
	return "", ErrForm
}

// Choice says what something takes that is one of a few words.
func Choice[T ~string](choices []T) string {
	quoted := make([]string, len(choices))
	for i, choice := range choices {
		quoted[i] = strconv.Quote(string(choice))
	}
	end := len(quoted) - 1
	return strings.Join(quoted[:end], ", ") + " or " + quoted[end]
}

// Problem is what is wrong with settings that may each be as they are, and not
// all together.
type Problem struct {
	Path string // of the setting, from the top of the file
	Text string // a sentence; empty: the setting is missing, where it is
	Or   string // path of another that would do in place of a missing one
}

// Problemf returns a Problem of a setting.
func Problemf(path, format string, args ...any) Problem {
	return Problem{Path: path, Text: fmt.Sprintf(format, args...)}
}
