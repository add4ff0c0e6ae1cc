package netsapiens

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/phone"
)

// What Message.Direction says: the phone system's words for out and in.
const (
	Outbound = "term" // to somebody outside
	Inbound  = "orig" // from somebody outside
)

// Message is one message of a conversation: a text, or what users of a phone
// system write to each other.
type Message struct {
	ID        string    // the same wherever the message shows up
	Time      time.Time // when it was sent or came
	Type      string    // such as sms, mms and chat
	Domain    string    //
	Direction string    // Outbound, Inbound, or empty among users
	From      string    // digits; empty among users
	FromPlus  bool      // From came with a plus: it begins with its country's code
	FromUser  string    // the user who wrote it, 2000@example.com; empty of Inbound
	To        string    // digits, several with "," between them; phone systems leave it out of some Inbound ones
	ToUser    string    // the user it is for, 2000@example.com; empty of Outbound
	Text      string    // empty where there are no words, as of a picture, or the phone system shows none
	Status    string    // the phone system's own words
	Session   string    // the conversation
}

func (m Message) known() bool { return m.ID != "" }

// UnmarshalJSON reads a message as phone systems write it, times in both their
// forms, numbers as digits or as JSON numbers. What is odd in it is left empty.
func (m *Message) UnmarshalJSON(value []byte) error {
	var w wireMessage
	_ = json.Unmarshal(asTexts(value), &w) // known says whether it is one
	*m = w.message()
	return nil
}

// wireMessage is a message as the API writes it, once numbers are texts.
type wireMessage struct {
	ID           string `json:"id"`
	Timestamp    string `json:"timestamp"`
	Type         string `json:"type"`
	Domain       string `json:"domain"`
	Direction    string `json:"direction"`
	FromNumber   string `json:"from-number"`
	FromUser     string `json:"from-user-id"`
	Dialed       string `json:"dialed"`
	TermNumber   string `json:"terminating-number"`
	TermUser     string `json:"terminating-user-id"`
	Text         string `json:"text"` // may be null, and JSON where somebody wrote some
	Status       string `json:"status"`
	Session      string `json:"messagesession-id"`
	Remove       string `json:"remove"`
	DeletedAt    string `json:"deleted-datetime"`
	DeletedAtOld string `json:"deleted-timestamp"`
}

func (w *wireMessage) message() Message {
	return Message{
		ID: w.ID, Time: parseTime(w.Timestamp), Type: w.Type, Domain: w.Domain, Direction: w.Direction,
		From: strings.TrimPrefix(w.FromNumber, "+"), FromPlus: strings.HasPrefix(w.FromNumber, "+"), FromUser: w.FromUser,
		To: cmp.Or(w.Dialed, w.TermNumber), ToUser: w.TermUser,
		Text: w.Text, Status: w.Status, Session: w.Session,
	}
}

// Messages returns the messages of a user's conversation, as a rule the youngest
// first. An error is NotFound if there is no such conversation.
func (c *Client) Messages(ctx context.Context, domain, user, session string) iter.Seq2[Message, error] {
	return list[Message](ctx, c, "messages", func() string { return "read a conversation of " + userIn(domain, user) },
		"domains", domain, "users", user, "messagesessions", session, "messages")
}

// HasText reports whether a user's conversation holds a text to a number: use it
// if you do not know whether the phone system took a text that you sent. White
// space does not count, nor whether the number has its country's code. It errs
// on the side of yes: if the phone system does not show the number or the words
// of a message, they count as the same. A conversation that is not there holds
// nothing, and is no error.
func (c *Client) HasText(ctx context.Context, domain, user, session, to, text string) (bool, error) {
	if _, err := digits("destination", to); err != nil {
		tried := func() string {
			return fmt.Sprintf("look for a text to %s as %s", numberLabel(to), userIn(domain, user))
		}
		return false, c.invalid(tried, err)
	}
	for m, err := range c.Messages(ctx, domain, user, session) {
		switch {
		case NotFound(err):
			return false, nil
		case err != nil:
			return false, err
		case m.Direction != Inbound && m.isFor(to) && (m.Text == "" || sameWords(m.Text, text)):
			return true, nil
		}
	}
	return false, nil
}

// isFor reports whether a message may be for a number.
func (m Message) isFor(number string) bool {
	all := m.Recipients()
	for _, to := range all {
		if sameNumber(to, strings.TrimPrefix(number, "+")) {
			return true
		}
	}
	return len(all) == 0
}

// minNational is the least number of digits of a number without its country's
// code.
const minNational = 7

// sameNumber reports whether two numbers are the same, one of them perhaps
// without its country's code.
func sameNumber(a, b string) bool {
	a, b = phone.Key(a), phone.Key(b)
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(a) >= minNational && strings.HasSuffix(b, a)
}

// sameWords reports whether two texts differ in nothing but white space.
func sameWords(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}
