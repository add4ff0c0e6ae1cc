package netsapiens

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// SMS is a text to one number.
type SMS struct {
	Domain  string // the domain of User
	User    string // the user that sends: the one that From belongs to
	Session string // the message session, at least 32 characters of [A-Za-z0-9_]; "": a new one
	From    string // the number it comes from, digits; a plus before them is left out
	To      string // the number it goes to, the same
	Message string // what it says
}

const (
	// minSession is what the API requires of a session's id, maxSession what
	// fits in its column with room to spare.
	minSession, maxSession = 32, 128

	// maxDigits is how long a number can be (ITU-T E.164).
	maxDigits = 15
)

// NewSession returns the id of a new message session: a random UUID without
// its dashes. If you record texts, choose the id before sending, so that the
// text can be found in the phone system whatever comes back.
func NewSession() string {
	var id [16]byte
	_, _ = rand.Read(id[:])   // never fails
	id[6] = id[6]&0x0f | 0x40 // version 4 (RFC 9562, section 5.4)
	id[8] = id[8]&0x3f | 0x80 // its variant
	return hex.EncodeToString(id[:])
}

// SendSMS sends a text. It returns nil once the phone system has accepted it:
// whether the text arrives at a phone is another matter. If the error is
// Uncertain, it may have been accepted: do not send it again automatically.
func (c *Client) SendSMS(ctx context.Context, sms SMS) error {
	tried := func() string {
		return fmt.Sprintf("send a text to %s as %s", numberLabel(sms.To), userIn(sms.Domain, sms.User))
	}
	body := struct {
		Type        string `json:"type"`
		Message     string `json:"message"`
		Destination string `json:"destination"`
		FromNumber  string `json:"from-number"`
	}{Type: "sms", Message: sms.Message}
	var err error
	if body.Destination, err = digits("destination", sms.To); err != nil {
		return c.invalid(tried, err)
	}
	if body.FromNumber, err = digits("sender", sms.From); err != nil {
		return c.invalid(tried, err)
	}
	session := sms.Session
	if session == "" {
		session = NewSession()
	}
	if err := checkText(session, sms.Message); err != nil {
		return c.invalid(tried, err)
	}
	return c.write(ctx, http.MethodPost, body, tried, "domains", sms.Domain, "users", sms.User, "messagesessions", session, "messages")
}

// digits returns a number as the API wants it.
func digits(what, number string) (string, error) {
	plain := strings.TrimPrefix(number, "+")
	switch {
	case plain == "":
		return "", fmt.Errorf("the number of the %s is empty", what)
	case strings.Trim(plain, "0123456789") != "":
		return "", fmt.Errorf("the number of the %s, %q, has more than digits in it", what, numberLabel(number))
	case len(plain) > maxDigits:
		return "", fmt.Errorf("the number of the %s, %q, has more than %d digits", what, numberLabel(number), maxDigits)
	}
	return plain, nil
}

func checkText(session, message string) error {
	switch {
	case strings.TrimSpace(message) == "":
		return errors.New("the text is empty")
	case !utf8.ValidString(message):
		return errors.New("the text is not valid UTF-8")
	case len(session) < minSession || len(session) > maxSession || strings.ContainsFunc(session, notInSession):
		return fmt.Errorf("the id of the message session must have %d to %d characters of A-Z, a-z, 0-9 and _", minSession, maxSession)
	}
	return nil
}

func notInSession(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_')
}

// userIn names a user, for errors.
func userIn(domain, user string) string {
	return "user " + label(user) + " of " + label(domain)
}
