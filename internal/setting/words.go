package setting

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/phone/sms"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Text is spoken to a caller: a sentence or a few.
type Text string

// Message is the content of a text message.
type Message string

// Name identifies something to people and programs: letters, digits, dots,
// dashes and underscores.
type Name string

// Domain is the name of a domain of the phone system: letters, digits, dots,
// dashes and underscores.
type Domain string

const (
	// maxText is the longest text in characters: half a minute of listening.
	maxText = 500

	// maxSegments is the most segments of a Message. Carriers want the
	// confirmation of an opt-out to be short; with letters outside the GSM
	// alphabet a sentence or two takes more than one.
	maxSegments = 3

	// maxName is the longest name, in characters: it appears in addresses, and
	// on each line of the log.
	maxName = 64

	// maxDomain is the longest name that DNS can hold, in characters.
	maxDomain = 253
)

// UnmarshalText reads a text to be spoken.
func (t *Text) UnmarshalText(text []byte) error {
	composed := plaintext.Compose(string(text))
	*t = Text(composed)
	if utf8.RuneCountInString(composed) > maxText {
		return fmt.Errorf("is longer than %d characters", maxText)
	}
	return CheckWords(composed)
}

// Takes says what a Text is.
func (t Text) Takes() string { return "a text to be spoken" }

// UnmarshalText reads a text message.
func (m *Message) UnmarshalText(text []byte) error {
	composed := plaintext.Compose(string(text))
	*m = Message(composed)
	if n := sms.Count(composed).Segments; n > maxSegments {
		return fmt.Errorf("comes to %d segments, more than the %d it may have", n, maxSegments)
	}
	return CheckWords(composed)
}

// Takes says what a Message is.
func (m Message) Takes() string { return "a text message" }

// CheckWords says why words can be neither spoken nor sent.
func CheckWords(text string) error {
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		return errControl
	case !utf8.ValidString(text):
		return errors.New("is not UTF-8")
	}
	return nil
}

// errControl is returned for what has to be on one line.
var errControl = errors.New("holds a line break or another control character")

var errLetters = errors.New("holds other characters than letters, digits, dots, dashes and underscores")

// UnmarshalText reads a name.
func (n *Name) UnmarshalText(text []byte) error {
	*n = Name(text)
	switch {
	case strings.ContainsFunc(string(text), notInName):
		return errLetters
	case len(text) > maxName:
		return fmt.Errorf("is longer than %d characters", maxName)
	}
	return nil
}

// Takes says what a Name is.
func (n Name) Takes() string { return `a name, such as "support"` }

// UnmarshalText reads the name of a domain.
func (d *Domain) UnmarshalText(text []byte) error {
	*d = Domain(text)
	name := string(text)
	switch {
	case strings.ContainsFunc(name, notInName):
		return errLetters
	case len(name) > maxDomain:
		return fmt.Errorf("is longer than %d characters", maxDomain)
	case strings.HasPrefix(name, "."), strings.HasSuffix(name, "."), strings.Contains(name, ".."):
		return errors.New("has a dot with nothing beside it")
	}
	return nil
}

// Takes says what a Domain is.
func (d Domain) Takes() string { return `the name of a domain, such as "example.net"` }
