package clicktocall

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// ProofCode is a code of 16 digits. Its first half, which a person types in a
// moment, is accepted while there have been few wrong ones. The whole cannot be
// guessed, so it is always accepted: guesses of others cannot lock anybody out.
type ProofCode string

// halfCode is how many digits the first half has, and the second.
const halfCode = 8

// codes is how many halves there are.
const codes = 100_000_000

// Half returns the first half.
func (c ProofCode) Half() string { return string(c[:halfCode]) }

// Spaced returns the whole as people read it.
func (c ProofCode) Spaced() string { return c.Half() + " " + string(c[halfCode:]) }

// codeOf returns the code of a number that was born at a time. It is derived
// from the key, so that it can be sent again without being stored.
func (k Key) codeOf(number string, born time.Time) ProofCode {
	half := halfOf(k.sign("never", []byte(number), binary.BigEndian.AppendUint64(nil, uint64(born.UnixMilli()))))
	return ProofCode(half + k.restOf(number, half))
}

// restOf returns the second half that belongs to a first half. It is derived
// from it, so that a whole code is checked without the database.
func (k Key) restOf(number, half string) string {
	return halfOf(k.sign("never, the rest", []byte(number), []byte(half)))
}

func halfOf(sum []byte) string {
	return fmt.Sprintf("%0*d", halfCode, binary.BigEndian.Uint64(sum)%codes)
}

// readCode returns the first half of what somebody typed, and whether they gave
// the whole code that belongs to it. Anything else it returns whole.
func (k Key) readCode(number, typed string) (half string, whole bool) {
	typed = strings.ReplaceAll(typed, " ", "")
	if len(typed) != 2*halfCode || !sameText(typed[halfCode:], k.restOf(number, typed[:halfCode])) {
		return typed, false
	}
	return typed[:halfCode], true
}
