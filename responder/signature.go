package responder

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed request, named as the Standard Webhooks
// specification names them.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp" // Unix seconds
	HeaderSignature = "webhook-signature" // v1,BASE64, several separated by a space
)

// SignatureTolerance is how far the clocks of both sides may be apart, and how
// long an intercepted request can be replayed.
const SignatureTolerance = 300 * time.Second

// Errors of Verify for a request that may come from anybody: answer 401.
var (
	ErrUnsigned  = errors.New("the request is not signed")
	ErrExpired   = fmt.Errorf("the request was signed more than %d seconds ago, or in the future", int(SignatureTolerance.Seconds()))
	ErrSignature = errors.New("the request's signature is wrong")
)

// Sign sets the headers that prove that the sender of r knows a secret. Several
// secrets give several signatures, for the time while one replaces another. id
// names the request; body is what r sends.
func Sign(r *http.Request, body []byte, id string, now time.Time, secrets ...string) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	method := cmp.Or(r.Method, http.MethodGet) // as net/http sends it
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signatures[i] = signature(secret, id, timestamp, method, r.URL.RequestURI(), body)
	}
	r.Header.Set(HeaderID, id)
	r.Header.Set(HeaderTimestamp, timestamp)
	r.Header.Set(HeaderSignature, strings.Join(signatures, " "))
}

// Verify checks that r was signed with one of the secrets within
// SignatureTolerance of now. The body is read and put back. The error is
// ErrUnsigned, ErrExpired, ErrSignature, ErrRequestTooLarge or of reading.
func Verify(r *http.Request, now time.Time, secrets ...string) error {
	id, timestamp, given := r.Header.Get(HeaderID), r.Header.Get(HeaderTimestamp), r.Header.Get(HeaderSignature)
	if id == "" || timestamp == "" || given == "" {
		return ErrUnsigned
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return ErrUnsigned
	}
	if apart := now.Sub(time.Unix(seconds, 0)).Abs(); apart > SignatureTolerance {
		return ErrExpired
	}
	var body []byte
	if r.Body != nil {
		if body, err = readBody(r.Body); err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	// As it was sent: a mux may have changed r.URL. Only a request that was not
	// received has none, and only one to a proxy names scheme and host in it.
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") {
		target = r.URL.RequestURI()
	}
	valid := false
	for _, secret := range secrets {
		if secret == "" {
			continue // an unset secret must not open the door
		}
		want := signature(secret, id, timestamp, r.Method, target, body)
		for one := range strings.SplitSeq(given, " ") {
			valid = hmac.Equal([]byte(one), []byte(want)) || valid
		}
	}
	if !valid {
		return ErrSignature
	}
	return nil
}

// signature signs id.timestamp.METHOD.path?query.body. Scheme and host are
// left out because proxies change them.
func signature(secret, id, timestamp, method, target string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	for _, part := range []string{id, timestamp, method, target} {
		mac.Write([]byte(part))
		mac.Write([]byte{'.'})
	}
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
