package setting

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// Redacted is printed in place of a secret.
const Redacted = "<secret>"

// Secret is a text that is never printed: it shows as <secret> under every verb
// of fmt, in slog, JSON and anything else that marshals text. The zero Secret
// is not set.
type Secret struct {
	// reveal is a function, because fmt and others look into unexported fields
	// past every method, and follow pointers; they cannot see into a closure.
	reveal func() string
}

// NewSecret returns a Secret that holds text. An empty text is no secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

// Reveal returns the text, or "" if the secret is not set. The caller is
// responsible for where the text goes.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsSet says whether there is a secret.
func (s Secret) IsSet() bool { return s.reveal != nil }

// Equal says whether both hold the same text, or both none. Its duration
// reveals nothing about the texts, even if their lengths differ.
func (s Secret) Equal(other Secret) bool {
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Matches says whether a stranger's text is the secret, in the same time as
// Equal. Nothing matches a secret that is not set.
func (s Secret) Matches(given string) bool {
	return s.Equal(NewSecret(given)) && s.IsSet()
}

// String returns <secret>.
func (s Secret) String() string { return Redacted }

// Format prints <secret>, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, Redacted) // a fmt.State buffers, and does not fail
}

// MarshalText returns <secret>.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// LogValue returns <secret>.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// UnmarshalText reads a secret of one line.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return checkSecret(string(text))
}

// Takes says what a secret is.
func (s Secret) Takes() string { return "a secret of one line" }

func checkSecret(text string) error {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errControl
	}
	return nil
}
