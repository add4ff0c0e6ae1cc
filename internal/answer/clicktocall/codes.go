package clicktocall

import (
	"context"
	"slices"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// Sender sends texts. It is a *netsapiens.Client.
type Sender interface {
	SendSMS(ctx context.Context, sms netsapiens.SMS) error
}

// TextCodes texts codes from the number of an entry's text-back.
type TextCodes struct {
	Sender Sender
	Entry  func() (*entry.Entry, bool) // whose number it is; false: there is none just now
}

// Tenant is described at CodeSender.
func (t *TextCodes) Tenant() string {
	if e, ok := t.Entry(); ok {
		return e.APIDomain
	}
	return ""
}

// SendCode texts a code.
func (t *TextCodes) SendCode(ctx context.Context, number string, code ProofCode) error {
	e, ok := t.Entry()
	if !ok || e.APIDomain == "" || e.Text.User == "" || e.Text.FromNumber == "" {
		return fault.Newf(fault.Unavailable, "no entry has a number that codes can be texted from")
	}
	return t.Sender.SendSMS(ctx, netsapiens.SMS{
		Domain: e.APIDomain, User: e.Text.User, From: e.Text.FromNumber, To: number,
		Message: code.Half() + " is your code: with it our web pages never have you called again. Not you? Do nothing. If the page asks for all of the code: " + code.Spaced(),
	})
}

// CodesFrom returns the entry whose number texts codes: with a single domain the
// first that can send texts. One customer's number must not text the customers
// of another.
func CodesFrom(entries []*entry.Entry) (*entry.Entry, bool) {
	var first *entry.Entry
	for _, e := range entries {
		if len(e.LacksForTexts()) > 0 {
			continue
		}
		if first == nil {
			first = e
		}
		if e.APIDomain != first.APIDomain {
			return nil, false
		}
	}
	return first, first != nil
}

// CalledRegions returns the regions whose numbers the buttons of entries may
// call, so that their owners can opt out.
func CalledRegions(entries []*entry.Entry) []string {
	regions := []string{phone.DefaultRegion}
	for _, e := range entries {
		regions = append(regions, e.Regions...)
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}
