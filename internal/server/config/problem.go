package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/fault"
)

// Problem is one thing that is wrong with the settings.
type Problem struct {
	Origin  Origin // where it is; NotSet: nowhere
	Message string // says what is wrong and what to write; never shows a secret
}

// String returns the place and the sentence, on one line whatever the names in
// them contain.
func (p Problem) String() string {
	line := p.Message
	if p.Origin.Kind != NotSet {
		line = p.Origin.String() + ": " + line
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return unicode.ReplacementChar
		}
		return c
	}, line)
}

func problemf(at Origin, format string, args ...any) Problem {
	return Problem{Origin: at, Message: fmt.Sprintf(format, args...)}
}

// Error holds all problems with the settings, those of the settings file first
// and in its order. Its code is fault.Invalid.
type Error struct {
	Problems []Problem // at least one
}

// Error returns the problems, each on a line of its own.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("the settings cannot be used:")
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// Unwrap returns the code and the hint for the reader.
func (e *Error) Unwrap() error {
	return fault.Newf(fault.Invalid, "the settings cannot be used").
		WithHint("docs/settings.md tells of every setting and where it may stand")
}

// sorted returns an Error with the problems in order, or nil if there are none.
func sorted(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.Origin.before(b.Origin) })
	return &Error{Problems: problems}
}
