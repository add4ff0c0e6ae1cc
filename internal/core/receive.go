package core

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// ReceiveText lets a text come in from an outside number for one of the SMS
// numbers here. It is stored in the conversation of the number's user with
// that sender, or in a new one, and posted to subscribers. It returns the
// message as the API shows it. A fault.NotFound says that there is no such SMS
// number, a fault.Unsupported that it belongs to no user.
func (c *Core) ReceiveText(ctx context.Context, from, to, message string) (Object, error) {
	var err error
	if from, err = Digits(from); err != nil {
		return Object{}, fmt.Errorf("sender: %w", err)
	}
	if to, err = Digits(to); err != nil {
		return Object{}, fmt.Errorf("destination: %w", err)
	}
	if message == "" || !utf8.ValidString(message) {
		return Object{}, fault.Newf(fault.Invalid, "the message is empty or not UTF-8")
	}
	owner, err := c.ownerOfSMSNumber(ctx, to)
	if err != nil {
		return Object{}, err
	}
	domain, user := owner.Fields.TextOr("domain", owner.Domain), nameIn(owner, "user")
	now := c.config.Now().UTC()
	session, err := c.conversation(ctx, owner, to, from)
	if err != nil {
		return Object{}, err
	}
	id := newMessageID()
	return c.keep(ctx, written{
		domain: domain, user: user, session: session, id: id,
		message: inbound(domain, user, session, id, from, to, message, now),
		begun:   newSession(domain, user, session, to, from, now),
		last:    lastOfSession(from, message, "unread", now),
	})
}

// ownerOfSMSNumber returns the user of an SMS number.
func (c *Core) ownerOfSMSNumber(ctx context.Context, number string) (Object, error) {
	found, err := c.Objects(ctx, Key{Kind: SMSNumber, ID: number}, 0, 1)
	if err != nil {
		return Object{}, err
	}
	if len(found) == 0 {
		return Object{}, fault.Newf(fault.NotFound, "SMS number %s does not exist", phone.Mask(number))
	}
	n := found[0]
	if n.Fields.Text("application") != smsForUser {
		return Object{}, fault.Newf(fault.Unsupported, "SMS number %s belongs to no user", phone.Mask(number)).
			WithHint("give it the application user, and the user as dest")
	}
	return c.user(ctx, n.Domain, n.Fields.Text("dest"))
}

// conversation returns the id of the youngest session that a user has with
// somebody over a number; a new id where there is none.
func (c *Core) conversation(ctx context.Context, user Object, number, remote string) (string, error) {
	sessions, err := c.Objects(ctx, Key{Kind: MessageSession, Domain: user.Domain, Owner: user.ID}, 0, 0)
	if err != nil {
		return "", err
	}
	session := NewSession()
	for _, o := range sessions {
		if o.Fields.Text("messagesession-sms-number") == number && o.Fields.Text("messagesession-remote") == remote {
			session = o.ID
		}
	}
	return session, nil
}

// inbound returns a message from outside as the API shows it. The vendor calls
// a message that enters the phone system originating.
func inbound(domain, user, session, id, from, to, message string, at time.Time) Fields {
	t := Text{Domain: domain, User: user, Session: session, From: from, To: []string{to}, Message: message, ID: id, Sent: at}
	f := t.fields()
	f.set("direction", "orig")
	f.set("from-user-id", nil)
	f.set("from-user-agent", nil)
	f.set("terminating-user-id", user+"@"+domain)
	f.set("status", "received")
	return f
}
