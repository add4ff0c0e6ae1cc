package wire

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/setting/guess"
)

// Door admits clients that send the operator's token, as Authorization: Bearer.
type Door struct {
	Token   string       // without one everyone is refused
	Guesses *guess.Watch // makes those who guess at it wait. Optional

	// Browsers accepts the token as the password of HTTP Basic too, with any
	// name: browsers ask their users for that. They send it again by themselves
	// to the same server, so this is only for pages that change nothing.
	Browsers bool

	Next http.Handler
}

// challenge makes a browser ask for the token.
const challenge = `Basic realm="Switchhook: the password is the operator's token", charset="UTF-8"`

// ServeHTTP passes a request on, or refuses it with status 401, or 429 after
// too many wrong tokens from its address.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shown := d.shown(r)
	right := sameToken(shown, d.Token)
	wait := d.Guesses.Judge(r, guess.Secret{Place: guess.Operator}, right, shown)
	switch {
	case wait > 0:
		guess.TellWait(w.Header(), wait)
		http.Error(w, "too many wrong tokens came from this address; wait before the next", http.StatusTooManyRequests)
	case right:
		d.Next.ServeHTTP(w, r)
	default:
		d.refuse(w)
	}
}

// shown returns the token that a request sends; empty: none.
func (d *Door) shown(r *http.Request) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	if _, password, ok := r.BasicAuth(); ok && d.Browsers {
		return password
	}
	return ""
}

func (d *Door) refuse(w http.ResponseWriter) {
	w.Header().Add("WWW-Authenticate", "Bearer")
	if d.Browsers {
		w.Header().Add("WWW-Authenticate", challenge)
		http.Error(w, "the operator's token is missing or wrong: it is the line in operator.token in the data folder", http.StatusUnauthorized)
		return
	}
	http.Error(w, "the operator's token is missing or wrong", http.StatusUnauthorized)
}

// sameToken reports whether a given token is the operator's, in a time that
// does not depend on how much of it was right. Without a token, none matches.
func sameToken(given, token string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && token != ""
}
