package textback

import (
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/phone/sms"
	"github.com/switchhook/switchhook/netsapiens"
)

// Trial returns an entry's text to a number of the operator's own, to be sent
// now and not after the deadline.
func Trial(e *entry.Entry, to phone.Number, now, deadline time.Time) ledger.Text {
	message := e.Message(now)
	return ledger.Text{
		ID: ledger.NewID(), Purpose: ledger.Trial, Entry: e.ID, Domain: e.APIDomain, User: e.Text.User, Session: netsapiens.NewSession(),
		From: e.Text.FromNumber, To: to.Digits(), Message: message, Segments: sms.Count(message).Segments,
		Created: now, Updated: now, Due: now, Deadline: deadline,
	}
}
