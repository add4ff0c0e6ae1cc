package core

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// Text is a text message that a user sends.
type Text struct {
	Domain, User string
	Session      string   // id of the conversation, see NewSession
	From         string   // digits of one of the user's SMS numbers
	To           []string // digits
	Message      string
	Agent        string // the program that sends; may be empty

	// Given by SendText.
	ID   string
	Sent time.Time
}

// messageTime is the format of a text's time: RFC 3339 with hundredths, UTC.
const messageTime = "2006-01-02T15:04:05.00Z"

// sessionForm is what the API requires of a session's id: random, and too long
// to guess.
var sessionForm = regexp.MustCompile(`^[A-Za-z0-9_]{32,128}$`)

// NewSession returns a new id of a conversation.
func NewSession() string { return rand.Text() + rand.Text() }

func newMessageID() string { return "m-" + strings.ToLower(rand.Text()) }

// SendText sends a text: it is stored, and passed to Config.Sent. It returns
// the message as the API shows it. A fault.Refused says that the user may not
// send from that number.
func (c *Core) SendText(ctx context.Context, t Text) (Object, error) {
	if err := t.check(); err != nil {
		return Object{}, err
	}
	u, err := c.user(ctx, t.Domain, t.User)
	if err != nil {
		return Object{}, err
	}
	own, err := c.SMSNumbersOf(ctx, t.Domain, t.User)
	if err != nil {
		return Object{}, err
	}
	if !slices.ContainsFunc(own, func(o Object) bool { return o.ID == t.From }) {
		return Object{}, fault.Newf(fault.Refused, "SMS number %s does not belong to user %s", phone.Mask(t.From), t.User)
	}
	t.Domain, t.User = u.Fields.TextOr("domain", t.Domain), nameIn(u, "user")
	t.ID, t.Sent = newMessageID(), c.config.Now().UTC()
	kept, err := c.keep(ctx, written{domain: t.Domain, user: t.User, session: t.Session, id: t.ID,
		message: t.fields(), begun: t.newSession(), last: t.lastOfSession()})
	if err != nil {
		return Object{}, err
	}
	if c.config.Sent != nil {
		c.config.Sent(t)
	}
	return kept, nil
}

func (t *Text) check() error {
	if !sessionForm.MatchString(t.Session) {
		return fault.Newf(fault.Invalid, "the id of a message session has 32 to 128 letters, digits and underscores").WithHint("a UUID without its dashes is one")
	}
	if strings.TrimSpace(t.Message) == "" || !utf8.ValidString(t.Message) {
		return fault.Newf(fault.Invalid, "the message is empty or not UTF-8")
	}
	var err error
	if t.From, err = Digits(t.From); err != nil {
		return fmt.Errorf("from-number: %w", err)
	}
	if len(t.To) == 0 {
		return fault.Newf(fault.Invalid, "the message has no destination")
	}
	to := make([]string, len(t.To))
	for i, number := range t.To {
		if to[i], err = Digits(number); err != nil {
			return fmt.Errorf("destination: %w", err)
		}
	}
	t.To = to
	return nil
}

// written is a message on its way into a State.
type written struct {
	domain, user, session, id string

	message Fields
	begun   Fields // fields of its session that its first message sets
	last    Fields // fields of its session that its last message sets
}

// keep stores a message and its session in one transaction, and notifies those
// who subscribed to messages.
func (c *Core) keep(ctx context.Context, w written) (Object, error) {
	key := Key{Kind: MessageSession, Domain: w.domain, Owner: w.user, ID: w.session}.lower()
	made := create(Key{Kind: Message, Domain: w.domain, Owner: messageOwner(w.user, w.session), ID: w.id}, w.message)
	for range maxTries {
		session, err := c.state.Object(ctx, key)
		change := Change{Do: Replace, Object: session}
		if errors.Is(err, ErrNotFound) {
			change, err = Change{Do: Create, Object: Object{Key: key, Fields: w.begun}}, nil
		}
		if err != nil {
			return Object{}, describe(err, key)
		}
		change.Object.Fields = change.Object.Fields.With(w.last)
		err = c.state.Apply(ctx, made, change)
		if err == nil {
			c.tell(event{model: modelMessage, domain: w.domain, user: w.user, fields: w.message})
			return made.Object, nil
		}
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrExists) {
			return Object{}, describe(err, made.Object.Key)
		}
	}
	return Object{}, fault.Newf(fault.Unavailable, "%s is being written to by others", key).WithHint("try again")
}

// messageOwner is the Owner of the messages of a session.
func messageOwner(user, session string) string { return user + "/" + session }

// Messages returns messages of a user's session, the youngest first: it skips
// start of them and returns at most limit; limit 0: all. A fault.NotFound says
// that there is no such session.
func (c *Core) Messages(ctx context.Context, domain, user, session string, start, limit int) ([]Object, error) {
	if _, err := c.Object(ctx, Key{Kind: MessageSession, Domain: domain, Owner: user, ID: session}); err != nil {
		return nil, err
	}
	all, err := c.Objects(ctx, Key{Kind: Message, Domain: domain, Owner: messageOwner(user, session)}, 0, 0)
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	all = all[min(start, len(all)):]
	if limit > 0 {
		all = all[:min(limit, len(all))]
	}
	return all, nil
}

// fields returns the message as the API shows it. The vendor calls a message
// that leaves the phone system terminating.
func (t *Text) fields() Fields {
	to := strings.Join(t.To, ",")
	f := Fields{}
	for name, value := range map[string]any{
		"id":                 t.ID,
		"timestamp":          t.Sent.Format(messageTime),
		"type":               "sms",
		"domain":             t.Domain,
		"direction":          "term",
		"from-number":        t.From,
		"from-user-id":       t.User + "@" + t.Domain,
		"from-user-agent":    t.Agent,
		"dialed":             to,
		"text":               t.Message,
		"terminating-number": to,
		"status":             "sent",

		"messagesession-id":                t.Session,
		"messagesession-reciever-hostname": "",
		"messagesession-participants":      nil,
		"from-video-attendee-id":           nil,
		"terminating-user-id":              nil,
		"media-type":                       nil,
		"media-size":                       nil,
		"video-instance-id":                nil,
	} {
		f.set(name, value)
	}
	return f
}

// newSession returns what a session keeps from its first message on.
func (t *Text) newSession() Fields {
	return newSession(t.Domain, t.User, t.Session, t.From, strings.Join(t.To, ","), t.Sent)
}

// lastOfSession returns what a session shows of its last message.
func (t *Text) lastOfSession() Fields {
	return lastOfSession(t.User+"@"+t.Domain, t.Message, "read", t.Sent)
}

// newSession returns a session between a user's number and a remote one.
func newSession(domain, user, id, number, remote string, at time.Time) Fields {
	f := Fields{}
	for name, value := range map[string]any{
		"domain":                        domain,
		"user":                          user,
		"messagesession-id":             id,
		"messagesession-start-datetime": at.Format(messageTime),
		"messagesession-sms-number":     number,
		"messagesession-remote":         remote,
		"messagesession-muted":          "no",
		"messagesession-type":           "sms",
		"messagesession-name":           nil,
		"messagesession-participants":   nil,

		"messagesession-reciever-hostname":            "",
		"messagesession-last-email-reminder-datetime": nil,
		"messagesession-last-media-type":              nil,
		"messagesession-last-media-size":              nil,
		"messagesession-queue-termination":            nil,
		"messagesession-queue-status":                 nil,
		"messagesession-queue-session-id":             nil,
		"messagesession-agent-start-datetime":         nil,
	} {
		f.set(name, value)
	}
	return f
}

func lastOfSession(sender, message, status string, at time.Time) Fields {
	f := Fields{}
	f.set("messagesession-last-datetime", at.Format(messageTime))
	f.set("messagesession-last-message", message)
	f.set("messagesession-last-sender", sender)
	f.set("messagesession-last-status", status)
	f.set("messagesession-last-type", "sms")
	return f
}
