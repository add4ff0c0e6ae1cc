package clicktocall

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// TokenLife is how long a token may be used after it was asked for: as long as
// somebody may take to type a number.
const TokenLife = 10 * time.Minute

// Key signs what the server gives to browsers and gets back from them. Servers
// that share a database must have the same.
type Key []byte

// NewKey derives a key from a secret of at least 16 random bytes.
func NewKey(secret string) Key {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "switchhook click-to-call", sha256.Size)
	if err != nil {
		panic(err) // the length is a constant that is right
	}
	return key
}

// sign returns the first bytes of the key's HMAC-SHA256 (RFC 2104) over parts,
// none of which can be taken for a piece of another.
func (k Key) sign(use string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, k)
	for _, part := range append([][]byte{[]byte(use)}, parts...) {
		_, _ = mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		_, _ = mac.Write(part)
	}
	return mac.Sum(nil)[:signature]
}

// The parts of a token, in bytes.
const (
	tokenNonce = 16 // random: makes it unique
	tokenHead  = tokenNonce + 8 + 1
	signature  = 20
)

// bearer is whom a token is for: a page, and its visitor.
type bearer struct {
	id      string // of the entry
	origin  string // of the page, as the browser says it; empty: it says none
	network string // of the visitor's address
}

// token is what a page needs to ask for a call, once.
type token struct {
	nonce [tokenNonce]byte
	ends  time.Time
	bits  int // of work that must be proved
}

var encoding = base64.RawURLEncoding

// mint returns a new token as text.
func (k Key) mint(to bearer, bits int, now time.Time) (token, string) {
	t := token{ends: now.Add(TokenLife).UTC().Truncate(time.Second), bits: bits}
	_, _ = rand.Read(t.nonce[:]) // never fails
	head := make([]byte, 0, tokenHead+signature)
	head = append(head, t.nonce[:]...)
	head = binary.BigEndian.AppendUint64(head, uint64(t.ends.Unix()))
	head = append(head, byte(bits))
	return t, encoding.EncodeToString(append(head, k.signToken(to, head)...))
}

func (k Key) signToken(to bearer, head []byte) []byte {
	return k.sign("token", head, []byte(to.id), []byte(to.origin), []byte(to.network))
}

// read returns the token of a text; false: it is forged, of another bearer, or
// too old. The ledger knows whether it was used.
func (k Key) read(text string, of bearer, now time.Time) (token, bool) {
	var t token
	if len(text) != encoding.EncodedLen(tokenHead+signature) {
		return t, false // also with line breaks in it, which a decoder leaves out
	}
	raw, err := encoding.Strict().DecodeString(text)
	if err != nil || len(raw) != tokenHead+signature || !hmac.Equal(raw[tokenHead:], k.signToken(of, raw[:tokenHead])) {
		return t, false
	}
	copy(t.nonce[:], raw)
	t.ends = time.Unix(int64(binary.BigEndian.Uint64(raw[tokenNonce:])), 0).UTC()
	t.bits = int(raw[tokenNonce+8])
	return t, now.Before(t.ends)
}

// challenge is what the work is about.
func (t token) challenge() string { return encoding.EncodeToString(t.nonce[:]) }

// linkOf returns what stands in the link that does something with a call back:
// its id and a proof that the link is ours. The id alone, which stands in logs,
// does not open it.
func (k Key) linkOf(use, id string) string {
	return id + "." + encoding.EncodeToString(k.sign(use, []byte(id)))
}
