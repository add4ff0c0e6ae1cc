package entry

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// maxKey is the most characters of a key: it stands in URLs.
const maxKey = 200

// leastKey is how many characters a key has that is not remarked on.
const leastKey = 16

// Key is the secret in the URL of an entry's webhook. It prints as <secret>;
// string(key) is the text itself, for where it has to go.
type Key string

const redacted = "<secret>"

// Matches reports whether what a stranger gave is the key. The time it takes
// reveals nothing of the key. Nothing matches a Key that is not set.
func (k Key) Matches(given string) bool {
	a, b := sha256.Sum256([]byte(k)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && k != ""
}

// Format prints <secret>, whatever the verb; nothing of a Key that is not set.
func (k Key) Format(f fmt.State, _ rune) {
	if k != "" {
		_, _ = io.WriteString(f, redacted) // a fmt.State buffers, and does not fail
	}
}

// LogValue returns <secret>.
func (k Key) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// MarshalText returns <secret>.
func (k Key) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(k)), nil }

// readKey does not show what is wrong with a secret.
func readKey(value []byte) (Key, error) {
	key, err := text(value)
	if err != nil {
		return "", err
	}
	if len(key) > maxKey {
		return "", fmt.Errorf("it has more than %d characters", maxKey)
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return "", errors.New("it has other characters than letters, digits and signs; openssl rand -hex 16 makes a good one")
		}
	}
	return Key(key), nil
}
