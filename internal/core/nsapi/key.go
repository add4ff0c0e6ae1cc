package nsapi

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting/guess"
)

// Token is what a client sends as its bearer token. It does not print; its
// value is string(t).
type Token string

const hidden = "<secret>"

// String returns <secret>, or nothing where there is none.
func (t Token) String() string {
	if t == "" {
		return ""
	}
	return hidden
}

// GoString is String, for %#v.
func (t Token) GoString() string { return t.String() }

// MarshalText is String, for encoders and logs.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Scope is what a key may do.
type Scope string

// The scopes.
const (
	SuperUser     Scope = "Super User"     // everything
	OfficeManager Scope = "Office Manager" // everything within its domain
	BasicUser     Scope = "Basic User"     // read its own user, send its own texts
)

// Key is an API key.
type Key struct {
	Token       Token
	Scope       Scope
	Domain      string // of an OfficeManager and a BasicUser; of a SuperUser what ~ means
	User        string // of a BasicUser; of others what ~ means
	Description string
	ReadOnly    bool // it may ask and change nothing
}

// prefixes are what tokens of a scope begin with.
var prefixes = map[Scope]string{SuperUser: "nss_", OfficeManager: "nsd_", BasicUser: "nsu_"}

// Parts of a token, besides its prefix, in characters.
const (
	randomPart = 48
	minToken   = 16 // of a token that somebody made up
)

// NewToken returns a new token: a prefix that names the scope, 48 random
// characters, and 8 by which a program checks that it was copied whole.
func NewToken(scope Scope) Token {
	text := prefixes[scope] + (rand.Text() + rand.Text())[:randomPart]
	return Token(fmt.Sprintf("%s%08x", text, crc32.ChecksumIEEE([]byte(text))))
}

// id names the key without revealing it.
func (k *Key) id() string {
	sum := sha256.Sum256([]byte(k.Token))
	return hex.EncodeToString(sum[:6])
}

// keyring holds keys by the hash of their tokens, so that how long a look-up
// takes reveals nothing about them.
type keyring map[[sha256.Size]byte]*Key

func newKeyring(keys []Key) (keyring, error) {
	ring := make(keyring, len(keys))
	for i, key := range keys {
		if err := key.check(); err != nil {
			return nil, fmt.Errorf("API key %d: %w", i+1, err)
		}
		hash := sha256.Sum256([]byte(key.Token))
		if ring[hash] != nil {
			return nil, fault.Newf(fault.Invalid, "API key %d: the token is that of another key too", i+1)
		}
		ring[hash] = &key
	}
	return ring, nil
}

func (k *Key) check() error {
	switch {
	case len(k.Token) < minToken:
		return fault.Newf(fault.Invalid, "the token is shorter than %d characters", minToken)
	case prefixes[k.Scope] == "":
		return fault.Newf(fault.Invalid, "%q is not a scope", k.Scope).WithHint("%s, %s and %s are", SuperUser, OfficeManager, BasicUser)
	case k.Scope != SuperUser && k.Domain == "":
		return fault.Newf(fault.Invalid, "a key of scope %s needs a domain", k.Scope)
	case k.Scope == BasicUser && k.User == "":
		return fault.Newf(fault.Invalid, "a key of scope %s needs a user", k.Scope)
	}
	return nil
}

// authenticate returns the key of a request.
func (h *Handler) authenticate(r *http.Request) (*Key, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil, failf(http.StatusUnauthorized, "no API key was given; send it as Authorization: Bearer …")
	}
	token = strings.TrimSpace(token)
	key := h.keys[sha256.Sum256([]byte(token))]
	if wait := h.config.Guesses.Judge(r, guess.Secret{Place: guess.API}, key != nil, token); wait > 0 {
		return nil, &failed{status: http.StatusTooManyRequests, message: "too many wrong API keys came from this address; wait before the next", wait: wait}
	}
	if key == nil {
		return nil, failf(http.StatusUnauthorized, "the API key is not valid here")
	}
	return key, nil
}

// reach is how far a call's effect goes.
type reach int

const (
	anybody  reach = iota
	oneself        // something of the user in the path
	live           // a live call of the user in the path
	inDomain       // something of the domain in the path
	system         // something of all
)

// permit refuses a key that does not reach so far, or may not change anything.
func (c *call) permit(far reach) error {
	if c.Method != http.MethodGet {
		if err := c.mayWrite(); err != nil {
			return err
		}
	}
	return c.reaches(far)
}

// mayWrite refuses a key that may not change anything.
func (c *call) mayWrite() error {
	if c.key.ReadOnly {
		return failf(http.StatusForbidden, "this API key may only read")
	}
	return nil
}

// reaches refuses a key that does not reach so far.
func (c *call) reaches(far reach) error {
	k := c.key
	if far == anybody || k.Scope == SuperUser {
		return nil
	}
	if far == system {
		return failf(http.StatusForbidden, "this needs an API key of scope %s", SuperUser)
	}
	if !strings.EqualFold(c.PathValue("domain"), k.Domain) {
		return failf(http.StatusUnauthorized, "the domain %s is out of this API key's scope", c.PathValue("domain"))
	}
	if k.Scope == OfficeManager {
		return nil
	}
	if far != oneself && far != live || !strings.EqualFold(c.PathValue("user"), k.User) {
		return failf(http.StatusForbidden, "this needs an API key of scope %s", OfficeManager)
	}
	return nil
}

// describe is the answer to a client that asks about its own key.
func (h *Handler) describe(c *call) (reply, error) {
	yesNo := map[bool]string{true: "yes", false: "no"}
	orAll := func(name string) string {
		if name == "" {
			return "*"
		}
		return name
	}
	return shown(map[string]any{
		"key-id":            c.key.id(),
		"description":       c.key.Description,
		"reseller":          "*",
		"domain":            orAll(c.key.Domain),
		"user":              orAll(c.key.User),
		"user-scope":        c.key.Scope,
		"readonly":          yesNo[c.key.ReadOnly],
		"can-create-keys":   "no",
		"lastused-datetime": nil,
	})
}
