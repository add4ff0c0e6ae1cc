package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// authentic reports whether a request comes from who knows the operator's
// token, in a time that does not tell how much of it was right.
func authentic(r *http.Request, token string) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return sameToken(given, token) && ok
}

// sameToken reports whether what was given is the operator's token. Nothing is
// the same as no token.
func sameToken(given, token string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && token != ""
}

func refuse(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	http.Error(w, "the operator's token is missing or wrong", http.StatusUnauthorized)
}
