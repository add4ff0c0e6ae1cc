package console

import "net/http"

// Door lets the operator in to what stands behind it: whoever shows the
// operator's token, as Authorization: Bearer.
type Door struct {
	Token string // without one everybody is refused

	// Browsers takes the token as the password of HTTP Basic too, with any name:
	// a browser asks its user for that. It sends it again by itself to the same
	// server, so this is for pages that change nothing.
	Browsers bool

	Next http.Handler
}

// challenge has a browser ask for the token.
const challenge = `Basic realm="Switchhook: the password is the operator's token", charset="UTF-8"`

// ServeHTTP passes a request on, or refuses it with status 401.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, password, basic := r.BasicAuth()
	if authentic(r, d.Token) || d.Browsers && basic && sameToken(password, d.Token) {
		d.Next.ServeHTTP(w, r)
		return
	}
	if d.Browsers {
		w.Header().Add("WWW-Authenticate", "Bearer")
		w.Header().Add("WWW-Authenticate", challenge)
		http.Error(w, "the operator's token is missing or wrong: it is the line in operator.token in the data folder", http.StatusUnauthorized)
		return
	}
	refuse(w)
}
