package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/guess"
)

// Door lets the operator in to what stands behind it: whoever shows the
// operator's token, as Authorization: Bearer.
type Door struct {
	Token   string       // without one everybody is refused
	Guesses *guess.Watch // has who guesses at it wait; nil: nobody waits

	// Browsers takes the token as the password of HTTP Basic too, with any name:
	// a browser asks its user for that. It sends it again by itself to the same
	// server, so this is for pages that change nothing.
	Browsers bool

	Next http.Handler
}

// challenge has a browser ask for the token.
const challenge = `Basic realm="Switchhook: the password is the operator's token", charset="UTF-8"`

// ServeHTTP passes a request on, or refuses it with status 401, or 429 where too
// many wrong tokens came from its address.
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

// shown returns what a request shows as the token; empty: nothing.
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

// sameToken reports whether what was given is the operator's token, in a time
// that does not tell how much of it was right. Nothing is the same as no token.
func sameToken(given, token string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && token != ""
}
