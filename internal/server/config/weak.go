package config

import (
	"reflect"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/setting"
)

// LeastSecret is the minimum length of a new secret, in characters: 16 of
// openssl rand -hex are 64 bits, which nobody guesses over a network.
const LeastSecret = 16

// Weak is a secret that is too short to be a new one.
type Weak struct {
	Problem Problem
	Secret  setting.Secret

	// Old says that it is not new whatever else is: a predecessor used it, or
	// another one is about to replace it.
	Old bool
}

// Weak returns the secrets that clients send to this server and that are
// shorter than LeastSecret, in the order of the settings. Secrets that it sends
// to others are the others' choice.
func (s *Settings) Weak() []Weak { return s.weak }

// IsShort reports whether a text is too short for a new secret.
func IsShort(secret string) bool { return utf8.RuneCountInString(secret) < LeastSecret }

// Refuse returns the Error for problems with settings that could be read, or
// nil if there are none.
func Refuse(problems []Problem) error { return sorted(problems) }

// ShortSecret is the problem of a secret that is too short.
func ShortSecret(at Origin, name, secret string) Problem {
	return problemf(at, "%s has %d characters; a new secret has at least %d, and openssl rand -hex 32 makes one",
		name, utf8.RuneCountInString(secret), LeastSecret)
}

// noteWeak records a secret that clients send to this server, if it is short.
func (l *loader) noteWeak(k *node, path string, parsed reflect.Value, at Origin) {
	secret, ok := reflect.TypeAssert[setting.Secret](parsed)
	if !ok {
		panic("config: " + path + " is shown, and no secret")
	}
	if text := secret.Reveal(); IsShort(text) {
		l.weak = append(l.weak, Weak{ShortSecret(at, path, text), secret, k.shown == shownBefore || l.isFormer(path, at)})
	}
}

// shownBefore is the value of the tag shown for a secret that is valid until
// all have its successor.
const shownBefore = "before"

// isFormer reports whether a secret was given by a predecessor's name: its
// users have had it for a long time.
func (l *loader) isFormer(path string, at Origin) bool {
	f, ok := formerName(path, l.pagerDuty)
	switch {
	case !ok:
		return false
	case at.Kind == SecretFile:
		return f.isOnCall() && at.File == l.fileBefore(f)
	}
	return (at.Kind == Environ || at.Kind == Dotenv) && at.Name == f.variable
}
